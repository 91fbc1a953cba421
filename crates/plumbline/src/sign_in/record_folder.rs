//! A folder with one small JSON file a record, named by a hash. Several processes may use it: a file appears and disappears as a whole.
//!
//! The folder is not part of the log, because sessions and links end within days and name persons.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The end of a file's name.
const EXTENSION: &str = "json";
/// Digits of a name.
const NAME_DIGITS: usize = 64;

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct RecordFolder {
    dir: PathBuf,
}

impl RecordFolder {
    /// The folder at this path. The first write creates it.
    pub(crate) fn at(dir: PathBuf) -> RecordFolder {
        RecordFolder { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        debug_assert!(is_name(name), "names are hashes");
        self.dir.join(format!("{name}.{EXTENSION}"))
    }

    /// Writes a record, in place of one of the same name.
    pub(crate) fn write<T: Serialize>(&self, name: &str, record: &T) -> io::Result<()> {
        create_private(&self.dir)?;
        let bytes = serde_json::to_vec(record)?;
        let draft = self.dir.join(format!("{name}.{}", std::process::id()));
        let mut file = private_file(&draft)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&draft, self.path(name))?;
        self.sync()
    }

    /// Writes a record in place of one that still exists. A record that was removed meanwhile does not come back.
    pub(crate) fn touch<T: Serialize>(&self, name: &str, record: &T) -> io::Result<()> {
        // In place: a new file of the same name could bring a removed record back. Nothing is cut off, because the records of a name only
        // grow, and a reader must never find half of one.
        let mut file = match File::options().write(true).open(self.path(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        file.write_all(&serde_json::to_vec(record)?)
    }

    /// The record of this name. A file of another form is no record.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> io::Result<Option<T>> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a record. Whether this call did so: of two callers at once, one did.
    pub(crate) fn remove(&self, name: &str) -> io::Result<bool> {
        match fs::remove_file(self.path(name)) {
            Ok(()) => self.sync().map(|()| true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// All records with their names, in order of the names.
    pub(crate) fn all<T: DeserializeOwned>(&self) -> io::Result<Vec<(String, T)>> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut records = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_stem().and_then(|stem| stem.to_str()).filter(|name| is_name(name));
            let Some(name) = name.filter(|_| path.extension().is_some_and(|end| end == EXTENSION)) else { continue };
            if let Some(record) = self.read(name)? {
                records.push((name.to_owned(), record));
            }
        }
        records.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(records)
    }

    /// A removed session must not return after a loss of power.
    fn sync(&self) -> io::Result<()> {
        #[cfg(unix)]
        File::open(&self.dir)?.sync_all()?;
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    name.len() == NAME_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
}

/// Creates folders that other users of the machine cannot read.
fn create_private(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

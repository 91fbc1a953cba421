//! The folder of `replay`, `demo` and `migrate`: a new one, or one that an earlier run wrote.
//!
//! ```text
//! .plumbline      marker; locked while a command writes
//! log/            the embedded log: events, registry, rows, cards, groups, runs
//! keys.toml       the keys of the log, mode 0600
//! measures.json   the measures of the cards
//! *.ndjson        one file a topic
//! summary.json    the counts; written last
//! ```
//!
//! A folder with the marker and without the summary is unfinished: its command crashed, or still runs.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use codec::identity::keys::Keys;

use crate::config::keys_file::{self, KeysError};
use crate::input_files::measure_files::MeasureSource;
use crate::log::lock_file::{LockError, LockFile};
use crate::log::log_directory::cure;

/// Folder of the local log.
pub(crate) const LOG: &str = "log";
/// Marks the folder as ours: its files may be replaced. Created first, and locked while a run writes.
pub(crate) const MARKER: &str = ".plumbline";
/// File of the counts. It is written last.
pub(crate) const SUMMARY: &str = "summary.json";
/// File of the keys.
pub(crate) const KEYS: &str = "keys.toml";
/// File of the measures.
pub(crate) const MEASURES: &str = "measures.json";
/// Folders that these commands write.
const FOLDERS: [&str; 2] = [LOG, REFUSED];
/// Folder of rejected records, which `migrate` copies.
pub const REFUSED: &str = "refused";
/// Files that these commands write. The summary goes first when a run clears the folder.
const FILES: [&str; 9] = [
    SUMMARY,
    KEYS,
    MEASURES,
    "scorecards.ndjson",
    "clinician-months.ndjson",
    "peer-groups.ndjson",
    "rejects.ndjson",
    "runs.ndjson",
    "card.txt",
];

/// A folder that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputFolderError {
    /// The folder holds other files.
    #[error("{} holds {found}, which this command did not write; name an empty or a new folder", dir.display())]
    Foreign {
        /// The folder.
        dir: PathBuf,
        /// The first file that is not ours, by name.
        found: String,
    },
    /// Another run writes into it.
    #[error("process {pid} is writing into {}; wait for its end, or name another folder", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// Id of the process.
        pid: String,
    },
    /// The command that wrote into it did not end.
    #[error(
        "{} is unfinished: `demo`, `replay` or `migrate` crashed while it wrote; run that command again, it replaces the folder",
        dir.display()
    )]
    Unfinished {
        /// The folder.
        dir: PathBuf,
    },
    /// The keys cannot be written.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The file system refuses.
    #[error("{} cannot be {doing}: {source}; {}", path.display(), cure(source))]
    Io {
        /// The folder or a file in it.
        path: PathBuf,
        /// The attempted action.
        doing: &'static str,
        /// The system's error.
        source: io::Error,
    },
}

/// A folder that holds only the files of this run.
#[derive(Debug)]
pub struct OutputFolder {
    dir: PathBuf,
    _lock: LockFile,
}

impl OutputFolder {
    /// Creates the folder, or removes the files of an earlier run.
    ///
    /// # Errors
    /// [`OutputFolderError::Foreign`] when it holds other files, [`OutputFolderError::InUse`] when another run writes into it. In both
    /// cases nothing was changed.
    pub fn make(dir: &Path) -> Result<OutputFolder, OutputFolderError> {
        fs::create_dir_all(dir).map_err(io_error(dir, "created"))?;
        if let Some(found) = foreign(dir).map_err(io_error(dir, "read"))? {
            return Err(OutputFolderError::Foreign { dir: dir.to_owned(), found });
        }
        let lock = lock(dir)?;
        let folder = OutputFolder { dir: dir.to_owned(), _lock: lock };
        folder.clear()?;
        Ok(folder)
    }

    fn clear(&self) -> Result<(), OutputFolderError> {
        for file in FILES {
            remove(&self.dir.join(file), fs::remove_file(self.dir.join(file)))?;
        }
        for folder in FOLDERS {
            remove(&self.dir.join(folder), fs::remove_dir_all(self.dir.join(folder)))?;
        }
        Ok(())
    }

    /// Stores the keys of the log, readable by the owner only.
    ///
    /// # Errors
    /// [`OutputFolderError::Keys`].
    pub fn keep_keys(&self, keys: &Keys) -> Result<(), OutputFolderError> {
        Ok(keys_file::write(&self.dir.join(KEYS), keys)?)
    }

    /// Stores the measures of the cards.
    ///
    /// # Errors
    /// [`OutputFolderError::Io`] when the file cannot be written.
    pub fn keep_measures(&self, measures: &MeasureSource) -> Result<(), OutputFolderError> {
        let text = serde_json::to_vec_pretty(measures).expect("texts and a word");
        let mut file = self.create(MEASURES)?;
        file.write_all(&text).and_then(|()| file.flush()).map_err(io_error(&self.dir.join(MEASURES), "written"))
    }

    /// Turns the folder into the data folder of a service, at the end of `migrate`.
    ///
    /// # Errors
    /// [`OutputFolderError::Io`] when the marker cannot be removed.
    pub fn release(&self) -> Result<(), OutputFolderError> {
        let marker = self.dir.join(MARKER);
        remove(&marker, fs::remove_file(&marker))
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Path of the local log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.dir.join(LOG)
    }

    /// Creates one of the known files.
    ///
    /// # Errors
    /// [`OutputFolderError::Io`] when it cannot be created.
    pub fn create(&self, name: &str) -> Result<BufWriter<File>, OutputFolderError> {
        debug_assert!(FILES.contains(&name), "{name} would be foreign to the next run");
        let path = self.dir.join(name);
        let file = File::create(&path).map_err(io_error(&path, "written"))?;
        Ok(BufWriter::with_capacity(1 << 16, file))
    }

    /// Ends a run. If it failed, its files and its log are removed.
    ///
    /// # Errors
    /// [`OutputFolderError::Io`] when something cannot be removed.
    pub fn finish<T, E>(&self, result: &Result<T, E>) -> Result<(), OutputFolderError> {
        if result.is_ok() { Ok(()) } else { self.clear() }
    }
}

/// Locks the folder for a run.
pub(crate) fn lock(dir: &Path) -> Result<LockFile, OutputFolderError> {
    LockFile::acquire(&dir.join(MARKER)).map_err(|error| match error {
        LockError::Held { pid } => OutputFolderError::InUse { dir: dir.to_owned(), pid },
        LockError::Io(source) => io_error(dir, "written")(source),
    })
}

/// Whether a file exists.
pub(crate) fn exists(path: &Path) -> Result<bool, OutputFolderError> {
    path.try_exists().map_err(io_error(path, "read"))
}

/// The first entry that no earlier run can have written.
fn foreign(dir: &Path) -> io::Result<Option<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let marked = names.iter().any(|name| name == MARKER);
    let ours = |name: &str| marked && (name == MARKER || FOLDERS.contains(&name) || FILES.contains(&name));
    Ok(names.into_iter().find(|name| !ours(name)))
}

fn io_error(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> OutputFolderError {
    let path = path.to_owned();
    move |source| OutputFolderError::Io { path, doing, source }
}

/// A missing file counts as removed.
fn remove(path: &Path, result: io::Result<()>) -> Result<(), OutputFolderError> {
    match result {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error(path, "removed")(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn an_earlier_run_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("new/out");
        let first = OutputFolder::make(&out).unwrap();
        first.create("summary.json").unwrap().write_all(b"{}").unwrap();
        fs::create_dir_all(first.log().join("records")).unwrap();
        drop(first);
        let _second = OutputFolder::make(&out).unwrap();
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "only the marker is left");
    }

    #[test]
    fn a_folder_that_a_run_writes_into_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let first = OutputFolder::make(dir.path()).unwrap();
        first.create("runs.ndjson").unwrap().write_all(b"{}").unwrap();
        let refused = OutputFolder::make(dir.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        assert_eq!(fs::read(dir.path().join("runs.ndjson")).unwrap(), b"{}");
    }

    #[test]
    fn other_files_are_never_changed_even_under_our_names() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("summary.json"), "mine").unwrap();
        let refused = OutputFolder::make(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("summary.json") && refused.contains("name an empty or a new folder"), "{refused}");
        assert_eq!(fs::read_to_string(dir.path().join("summary.json")).unwrap(), "mine");
        let mixed = tempfile::tempdir().unwrap();
        drop(OutputFolder::make(mixed.path()).unwrap());
        fs::write(mixed.path().join("letter.txt"), "mine").unwrap();
        assert!(matches!(OutputFolder::make(mixed.path()), Err(OutputFolderError::Foreign { .. })));
    }
}

//! The directory of a local log: created or checked, and locked for this process. Each failure names its cure.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::log::journal;
use crate::log::lock_file::{LockError, LockFile};

const LOCK_FILE: &str = "LOCK";
const FORMAT_FILE: &str = "FORMAT";
/// The format that this version writes.
const FORMAT: &str = "plumbline local log 2\n";
/// The first format: one keyspace without compression.
const FORMAT_1: &str = "plumbline local log 1\n";
/// Folder of the storage engine inside the directory.
const ENGINE_FOLDER: &str = "records";

/// Why a local log cannot be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum LocalLogError {
    /// Another process has the log open.
    #[error("{} is in use by process {pid}; stop that process first, or name another directory", dir.display())]
    InUse {
        /// The log's directory.
        dir: PathBuf,
        /// Process id from the lock file; `unknown` when the file is empty.
        pid: String,
    },
    /// The directory holds other files.
    #[error("{} holds files but no log of Plumbline's; name an empty or a new directory", dir.display())]
    Foreign {
        /// The directory.
        dir: PathBuf,
    },
    /// A later version of Plumbline wrote the log.
    #[error(
        "{} has the format {found:?}, and this version reads formats up to {:?}; use the version that wrote it, or a later one",
        dir.display(), FORMAT.trim_end()
    )]
    Format {
        /// The log's directory.
        dir: PathBuf,
        /// Content of the format file.
        found: String,
    },
    /// The journal holds damaged batches, which a start would drop with everything behind them.
    #[error(
        "the journal of {} is damaged in {places} places, and a start would lose acknowledged records; restore a copy, or run \
         `plumbline log verify`, which names the records, and `plumbline log salvage`, which keeps all others",
        dir.display()
    )]
    Damaged {
        /// The log's directory.
        dir: PathBuf,
        /// Number of damaged places.
        places: usize,
    },
    /// The file system rejects an operation.
    #[error("{} cannot be {doing}: {source}; {}", dir.display(), cure(source))]
    Io {
        /// The log's directory.
        dir: PathBuf,
        /// The failed operation: `created`, `opened`, `locked`, `read`, `written`.
        doing: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// An earlier write of this process failed, and the storage engine accepts no more.
    #[error("the log in {} cannot be {doing} after a failed write; check the disk and its free space, then start again", dir.display())]
    Poisoned {
        /// The log's directory.
        dir: PathBuf,
        /// The failed operation: `opened`, `read`, `written`.
        doing: &'static str,
    },
    /// The storage engine fails for a reason that is not the file system's.
    #[error("the log in {} cannot be {doing}: {source}; restore it, or replay its sources into a new directory", dir.display())]
    Engine {
        /// The log's directory.
        dir: PathBuf,
        /// The failed operation: `opened`, `read`, `written`.
        doing: &'static str,
        /// The engine's error.
        source: fjall::Error,
    },
}

impl LocalLogError {
    /// An error of the storage engine. Errors of the file system keep their own cure.
    #[must_use]
    pub fn of_engine(dir: &Path, doing: &'static str, error: fjall::Error) -> LocalLogError {
        let dir = dir.to_owned();
        match error {
            fjall::Error::Io(source) | fjall::Error::Storage(fjall::LsmError::Io(source)) => {
                LocalLogError::Io { dir, doing, source }
            }
            fjall::Error::Poisoned => LocalLogError::Poisoned { dir, doing },
            source => LocalLogError::Engine { dir, doing, source },
        }
    }
}

/// The cure of an error of the file system.
pub(crate) fn cure(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free disk space or name a directory on another disk, then start again"
        }
        ErrorKind::FileTooLarge => "raise the limit on file sizes (ulimit -f), then start again",
        ErrorKind::ReadOnlyFilesystem => "name a directory on a writable file system",
        ErrorKind::PermissionDenied => "let this user write there, or name another directory",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file of that name is in the way; move it, or name another directory"
        }
        _ => "check the disk, then start again",
    }
}

/// The formats of a local log that this version opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryFormat {
    /// Format 1: all topics in one keyspace.
    OneKeyspace,
    /// Format 2: a keyspace for each topic.
    KeyspacePerTopic,
}

/// A locked directory. Drop it to release the lock.
#[derive(Debug)]
pub struct LogDirectory {
    dir: PathBuf,
    format: DirectoryFormat,
    _lock: LockFile,
}

impl LogDirectory {
    /// Creates the directory if it is absent, checks its content, and locks it.
    ///
    /// # Errors
    /// [`LocalLogError`], except `Damaged`, `Poisoned` and `Engine`.
    pub fn open(dir: &Path) -> Result<LogDirectory, LocalLogError> {
        let failed = |doing| move |source| LocalLogError::Io { dir: dir.to_owned(), doing, source };
        fs::create_dir_all(dir).map_err(failed("created"))?;
        let format = dir.join(FORMAT_FILE);
        let is_new = !format.try_exists().map_err(failed("read"))?;
        if is_new && !is_empty(dir).map_err(failed("read"))? {
            return Err(LocalLogError::Foreign { dir: dir.to_owned() });
        }
        let lock = lock(dir)?;
        if is_new {
            write_synced(dir, &format).map_err(failed("written"))?;
        }
        let found = fs::read_to_string(&format).map_err(failed("read"))?;
        let format = match found.as_str() {
            FORMAT => DirectoryFormat::KeyspacePerTopic,
            FORMAT_1 => DirectoryFormat::OneKeyspace,
            _ => return Err(LocalLogError::Format { dir: dir.to_owned(), found: found.trim_end().to_owned() }),
        };
        Ok(LogDirectory { dir: dir.to_owned(), format, _lock: lock })
    }

    /// The format of the log when it was opened.
    #[must_use]
    pub fn format(&self) -> DirectoryFormat {
        self.format
    }

    /// Notes that the log has the present format. A crash leaves the old note or the new one.
    ///
    /// # Errors
    /// [`LocalLogError::Io`] when the file cannot be written.
    pub(crate) fn note_format(&self) -> Result<(), LocalLogError> {
        let new = self.dir.join(FORMAT_FILE).with_extension("new");
        let written = write_synced(&self.dir, &new).and_then(|()| {
            fs::rename(&new, self.dir.join(FORMAT_FILE))?;
            File::open(&self.dir)?.sync_all()
        });
        written.map_err(|source| LocalLogError::Io { dir: self.dir.clone(), doing: "written", source })
    }

    /// The log's directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Bytes of its files on the disk. The engine reserves room in files, which counts only where it is written.
    ///
    /// # Errors
    /// [`LocalLogError::Io`] when a folder cannot be read.
    pub fn disk_bytes(&self) -> Result<u64, LocalLogError> {
        written_bytes(&self.dir).map_err(|source| LocalLogError::Io { dir: self.dir.clone(), doing: "read", source })
    }

    /// The folder of the storage engine.
    #[must_use]
    pub fn engine_path(&self) -> PathBuf {
        LogDirectory::engine_path_of(&self.dir)
    }

    /// The folder of the storage engine in a copy of a log's directory.
    #[must_use]
    pub fn engine_path_of(dir: &Path) -> PathBuf {
        dir.join(ENGINE_FOLDER)
    }

    /// Refuses a directory whose journal is damaged.
    ///
    /// # Errors
    /// [`LocalLogError::Damaged`] and [`LocalLogError::Io`].
    pub(crate) fn check_journal(&self) -> Result<(), LocalLogError> {
        let dir = self.dir.clone();
        let found = journal::damage(&self.engine_path());
        let found = found.map_err(|source| LocalLogError::Io { dir: dir.clone(), doing: "read", source })?;
        let places: usize = found.iter().map(|damage| damage.places).sum();
        if places == 0 { Ok(()) } else { Err(LocalLogError::Damaged { dir, places }) }
    }
}

/// Whether the directory is empty, apart from the lock file of an earlier start that failed.
fn is_empty(dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        if entry?.file_name() != LOCK_FILE {
            return Ok(false);
        }
    }
    Ok(true)
}

fn written_bytes(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = match entry.metadata() {
            // The engine removes old files at any time.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            found => found?,
        };
        bytes += if metadata.is_dir() { written_bytes(&entry.path())? } else { written(&metadata) };
    }
    Ok(bytes)
}

#[cfg(unix)]
fn written(file: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    /// The unit of `st_blocks`, whatever the block size of the disk.
    const BLOCK_BYTES: u64 = 512;
    file.blocks() * BLOCK_BYTES
}

#[cfg(not(unix))]
fn written(file: &fs::Metadata) -> u64 {
    file.len()
}

fn lock(dir: &Path) -> Result<LockFile, LocalLogError> {
    LockFile::acquire(&dir.join(LOCK_FILE)).map_err(|error| match error {
        LockError::Held { pid } => LocalLogError::InUse { dir: dir.to_owned(), pid },
        LockError::Io(source) => LocalLogError::Io { dir: dir.to_owned(), doing: "locked", source },
    })
}

fn write_synced(dir: &Path, format: &Path) -> io::Result<()> {
    let mut file = File::create(format)?;
    file.write_all(FORMAT.as_bytes())?;
    file.sync_all()?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_in_use_is_rejected_with_the_process_named() {
        let dir = tempfile::tempdir().unwrap();
        let held = LogDirectory::open(dir.path()).unwrap();
        let error = LogDirectory::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("in use by process {}", std::process::id())), "{error}");
        drop(held);
        LogDirectory::open(dir.path()).unwrap();
    }

    #[test]
    fn a_directory_with_other_files_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
        assert!(matches!(LogDirectory::open(dir.path()), Err(LocalLogError::Foreign { .. })));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn another_format_is_rejected_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        drop(LogDirectory::open(dir.path()).unwrap());
        fs::write(dir.path().join(FORMAT_FILE), "plumbline local log 9\n").unwrap();
        let error = LogDirectory::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("plumbline local log 9") && error.contains("plumbline local log 2"), "{error}");
    }

    #[test]
    fn a_file_in_the_way_is_named_with_its_cure() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, "").unwrap();
        let error = LogDirectory::open(&path).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()) && error.contains("move it"), "{error}");
    }

    #[test]
    fn a_full_disk_and_a_read_only_disk_are_named_with_their_cures() {
        let dir = Path::new("/data/log");
        let shown = |kind: ErrorKind| {
            let error = fjall::Error::Storage(fjall::LsmError::Io(kind.into()));
            LocalLogError::of_engine(dir, "written", error).to_string()
        };
        for (kind, cure) in [(ErrorKind::StorageFull, "free disk space"), (ErrorKind::ReadOnlyFilesystem, "writable file system")]
        {
            let text = shown(kind);
            assert!(text.starts_with("/data/log cannot be written") && text.contains(cure), "{text}");
        }
    }
}

//! The directory of a local log: made or checked, locked for this process, and every way in which that fails with its cure.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::log::lock_file::{LockError, LockFile};

const LOCK_FILE: &str = "LOCK";
const FORMAT_FILE: &str = "FORMAT";
const FORMAT: &str = "plumbline local log 1\n";
/// Where the storage engine keeps its files inside the directory.
const ENGINE_FOLDER: &str = "records";

/// Why a local log cannot be opened, or no longer be used.
#[derive(Debug, thiserror::Error)]
pub enum LocalLogError {
    /// Another process has it open.
    #[error("{} is in use by process {pid}; stop that process first, or name another directory", dir.display())]
    InUse {
        /// The log's directory.
        dir: PathBuf,
        /// What the lock file says, `unknown` when it says nothing.
        pid: String,
    },
    /// The directory holds something else.
    #[error("{} holds files but no log of Plumbline's; name an empty or a new directory", dir.display())]
    Foreign {
        /// The directory.
        dir: PathBuf,
    },
    /// Another version of Plumbline wrote it.
    #[error(
        "{} was written in the format {found:?}, this version reads {:?}; use the version that wrote it, or replay its sources \
         into a new directory",
        dir.display(), FORMAT.trim_end()
    )]
    Format {
        /// The log's directory.
        dir: PathBuf,
        /// What its format file says.
        found: String,
    },
    /// The file system refuses.
    #[error("{} cannot be {doing}: {source}; {}", dir.display(), cure(source))]
    Io {
        /// The log's directory.
        dir: PathBuf,
        /// What was tried: `opened`, `read`, `written`.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The storage engine refuses for a reason that is not the file system's.
    #[error("the log in {} cannot be {doing}: {text}", dir.display())]
    Engine {
        /// The log's directory.
        dir: PathBuf,
        /// What was tried: `opened`, `read`, `written`.
        doing: &'static str,
        /// What the engine said, and the cure.
        text: String,
    },
}

impl LocalLogError {
    /// The same for an error of the storage engine: those of the file system keep their cure.
    #[must_use]
    pub fn of_engine(dir: &Path, doing: &'static str, error: fjall::Error) -> LocalLogError {
        let dir = dir.to_owned();
        match error {
            fjall::Error::Io(source) | fjall::Error::Storage(fjall::LsmError::Io(source)) => {
                LocalLogError::Io { dir, doing, source }
            }
            fjall::Error::Poisoned => {
                let text = "an earlier write failed; make sure that the disk is sound and has room, then start again".to_owned();
                LocalLogError::Engine { dir, doing, text }
            }
            other => {
                LocalLogError::Engine { dir, doing, text: format!("{other}; restore it, or replay its sources into a new one") }
            }
        }
    }
}

/// What to do about an error of the file system.
pub(crate) fn cure(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some room or name a directory on another disk, then start again"
        }
        ErrorKind::FileTooLarge => "raise the limit on the size of files (ulimit -f) or of the disk, then start again",
        ErrorKind::ReadOnlyFilesystem => "name a directory on a file system that can be written",
        ErrorKind::PermissionDenied => "let this user write there, or name another directory",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file of that name is in the way; move it, or name another directory"
        }
        _ => "make sure that the disk is sound, then start again",
    }
}

/// A directory that is locked for this process until it is dropped.
#[derive(Debug)]
pub struct LogDirectory {
    dir: PathBuf,
    _lock: LockFile,
}

impl LogDirectory {
    /// Makes the directory if it is not there, checks what it holds, and locks it.
    ///
    /// # Errors
    /// Every variant of [`LocalLogError`] but `Engine`.
    pub fn open(dir: &Path) -> Result<LogDirectory, LocalLogError> {
        let failed = |doing| move |source| LocalLogError::Io { dir: dir.to_owned(), doing, source };
        fs::create_dir_all(dir).map_err(failed("made"))?;
        let format = dir.join(FORMAT_FILE);
        let is_new = !format.try_exists().map_err(failed("read"))?;
        if is_new && !is_empty(dir).map_err(failed("read"))? {
            return Err(LocalLogError::Foreign { dir: dir.to_owned() });
        }
        let lock = lock(dir)?;
        if is_new {
            write_synced(dir, &format).map_err(failed("written"))?;
        } else {
            let found = fs::read_to_string(&format).map_err(failed("read"))?;
            if found != FORMAT {
                return Err(LocalLogError::Format { dir: dir.to_owned(), found: found.trim_end().to_owned() });
            }
        }
        Ok(LogDirectory { dir: dir.to_owned(), _lock: lock })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Where the storage engine keeps its files.
    #[must_use]
    pub fn engine_path(&self) -> PathBuf {
        self.dir.join(ENGINE_FOLDER)
    }
}

/// Whether nothing but a lock file, left by a start that went no further, is there.
fn is_empty(dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        if entry?.file_name() != LOCK_FILE {
            return Ok(false);
        }
    }
    Ok(true)
}

fn lock(dir: &Path) -> Result<LockFile, LocalLogError> {
    LockFile::take(&dir.join(LOCK_FILE)).map_err(|error| match error {
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
    fn a_directory_in_use_is_refused_with_the_process_named() {
        let dir = tempfile::tempdir().unwrap();
        let held = LogDirectory::open(dir.path()).unwrap();
        let refused = LogDirectory::open(dir.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("in use by process {}", std::process::id())), "{refused}");
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
    fn another_format_is_refused_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        drop(LogDirectory::open(dir.path()).unwrap());
        fs::write(dir.path().join(FORMAT_FILE), "plumbline local log 9\n").unwrap();
        let refused = LogDirectory::open(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("plumbline local log 9") && refused.contains("plumbline local log 1"), "{refused}");
    }

    #[test]
    fn a_file_in_the_way_is_named_with_its_cure() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, "").unwrap();
        let refused = LogDirectory::open(&path).unwrap_err().to_string();
        assert!(refused.contains(&path.display().to_string()) && refused.contains("move it"), "{refused}");
    }

    #[test]
    fn a_full_disk_and_one_that_is_read_only_are_named_with_their_cures() {
        let dir = Path::new("/data/log");
        let shown = |kind: ErrorKind| {
            let error = fjall::Error::Storage(fjall::LsmError::Io(kind.into()));
            LocalLogError::of_engine(dir, "written", error).to_string()
        };
        for (kind, cure) in [(ErrorKind::StorageFull, "free some room"), (ErrorKind::ReadOnlyFilesystem, "can be written")] {
            let text = shown(kind);
            assert!(text.starts_with("/data/log cannot be written") && text.contains(cure), "{text}");
        }
    }
}

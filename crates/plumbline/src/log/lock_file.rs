//! A lock file: one process at a time holds it, and it names that process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// Why a lock was not acquired.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds the lock.
    #[error("process {pid} holds the lock")]
    Held {
        /// Id of the process from the file; `unknown` when the file is empty.
        pid: String,
    },
    /// The file system rejects the lock.
    #[error(transparent)]
    Io(io::Error),
}

/// A lock. Drop it to release the lock and empty the file.
#[derive(Debug)]
pub struct LockFile(File);

impl LockFile {
    /// Acquires the lock in this file. Creates the file if it is absent.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn acquire(path: &Path) -> Result<LockFile, LockError> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path).map_err(LockError::Io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { pid: holder(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
        }
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(LockError::Io)?;
        Ok(LockFile(file))
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // A stale id is harmless: the lock itself is released.
        let _ = self.0.set_len(0);
    }
}

/// The holder's process id. It only helps to find the process, so an unreadable file is not an error.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    if text.trim().is_empty() { "unknown".to_owned() } else { text.trim().to_owned() }
}

//! A file that one process at a time holds, and that says which.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// Why a lock was not had.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it, this one by what the file says.
    Held {
        /// Id of the process, `unknown` when the file says nothing.
        pid: String,
    },
    /// The file system refuses.
    Io(io::Error),
}

/// A lock that is held until it is dropped; then the file is empty again.
#[derive(Debug)]
pub struct LockFile(File);

impl LockFile {
    /// Takes the lock in this file, which is made if it is not there.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn take(path: &Path) -> Result<LockFile, LockError> {
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
        // An id that stays behind misleads nobody: the lock itself is gone.
        let _ = self.0.set_len(0);
    }
}

/// The text only helps to find the process; without it the refusal stands all the same.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    if text.trim().is_empty() { "unknown".to_owned() } else { text.trim().to_owned() }
}

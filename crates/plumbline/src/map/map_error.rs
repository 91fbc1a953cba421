//! Mistakes of a map and faults of its files.

use std::io;
use std::path::PathBuf;

/// A map that cannot be used, or a file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The map cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The map or a file that it names.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The map has mistakes, one a line.
    #[error("{0}")]
    Mistakes(String),
    /// A file of the folder does not fit the map.
    #[error("{file}{}: {fault}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
    File {
        /// Its name.
        file: String,
        /// Line, from 1; none for the whole file.
        line: Option<u64>,
        /// The fault and the cure. It repeats no cell.
        fault: String,
    },
}

impl MapError {
    pub(crate) fn file(file: &str, line: Option<u64>, fault: impl Into<String>) -> MapError {
        MapError::File { file: file.to_owned(), line, fault: fault.into() }
    }
}

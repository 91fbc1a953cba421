//! Reads a registry file as a whole, or reports every mistake in it: for `registry check`, `replay` and `run`.

use std::fs;
use std::path::{Path, PathBuf};

use scorecard::registry::entry::{Entry, RegistryMistake};
use scorecard::registry::registry_file::parse_registry;

use crate::terminal::count::counted;

/// The reasons for which a registry file is not read.
#[derive(Debug, thiserror::Error)]
pub enum RegistryFileError {
    /// It does not exist, may not be read, or is not text.
    #[error("{} cannot be read: {source}; set a registry file, NDJSON or TOML", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Mistakes, each with its line and cure.
    #[error("{}", listed(path, mistakes))]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// In order of their lines.
        mistakes: Vec<RegistryMistake>,
    },
}

fn listed(path: &Path, mistakes: &[RegistryMistake]) -> String {
    let name = path.display();
    let lines: Vec<String> = mistakes.iter().map(|mistake| format!("{name}:{}: {}", mistake.line, mistake.text)).collect();
    lines.join("\n")
}

/// Reads a registry file.
///
/// # Errors
/// [`RegistryFileError`] with every mistake.
pub fn read(path: &Path) -> Result<Vec<Entry>, RegistryFileError> {
    let text = fs::read_to_string(path).map_err(|source| RegistryFileError::Unreadable { path: path.to_owned(), source })?;
    parse_registry(&text).map_err(|mistakes| RegistryFileError::Mistakes { path: path.to_owned(), mistakes })
}

/// The number of entries of each kind, in one line.
#[must_use]
pub fn holds(entries: &[Entry]) -> String {
    let count = |of: fn(&Entry) -> bool| entries.iter().filter(|entry| of(entry)).count() as u64;
    let persons = counted(count(|entry| matches!(entry, Entry::Person(_))), "person", "persons");
    let roles = counted(count(|entry| matches!(entry, Entry::Role(_))), "role", "roles");
    let organisations = counted(count(|entry| matches!(entry, Entry::Organisation(_))), "organisation", "organisations");
    format!("{persons}, {roles}, {organisations}")
}

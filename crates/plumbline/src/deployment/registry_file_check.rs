//! Reads a registry file as a whole, or reports every mistake in it: for `registry check`, `replay` and `run`.

use std::fs;
use std::path::{Path, PathBuf};

use scorecard::registry::entry::{Entry, OrganisationKind, RegistryMistake};
use scorecard::registry::registry_file::{RegistryContent, parse_registry};
use scorecard::registry::setting::{COMPARED_SETTING, is_compared};

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
pub fn read(path: &Path) -> Result<RegistryContent, RegistryFileError> {
    let text = fs::read_to_string(path).map_err(|source| RegistryFileError::Unreadable { path: path.to_owned(), source })?;
    parse_registry(&text).map_err(|mistakes| RegistryFileError::Mistakes { path: path.to_owned(), mistakes })
}

/// A sentence that no practice of the file is compared, because each has another setting than `gp`; empty if one is, or without practices.
#[must_use]
pub fn scope(file: &RegistryContent) -> String {
    let practice = |entry: &Entry| match entry {
        Entry::Organisation(one) if one.kind == OrganisationKind::Practice => Some(is_compared(one.setting.as_deref())),
        _ => None,
    };
    let compared: Vec<bool> = file.entries.iter().filter_map(practice).collect();
    if compared.is_empty() || compared.contains(&true) {
        return String::new();
    }
    let practices = counted(compared.len() as u64, "practice has", "practices have");
    format!(
        "nobody is compared: {practices} another setting than {COMPARED_SETTING}; correct `setting`, or expect no comparison\n"
    )
}

/// The number of entries of each kind, in one line. Leads, feeds, withdrawals and contacts are named where there are any.
#[must_use]
pub fn holds(file: &RegistryContent) -> String {
    let count = |of: fn(&Entry) -> bool| file.entries.iter().filter(|entry| of(entry)).count() as u64;
    let always = [
        counted(count(|entry| matches!(entry, Entry::Person(_))), "person", "persons"),
        counted(count(|entry| matches!(entry, Entry::Role(_))), "role", "roles"),
        counted(count(|entry| matches!(entry, Entry::Organisation(_))), "organisation", "organisations"),
    ];
    let others = [
        (count(|entry| matches!(entry, Entry::Lead(_))), "lead", "leads"),
        (count(|entry| matches!(entry, Entry::Feed(_))), "feed", "feeds"),
        (count(|entry| matches!(entry, Entry::Withdrawal(_))), "withdrawal", "withdrawals"),
        (count(|entry| matches!(entry, Entry::Sends(_))), "declaration", "declarations"),
        (file.people.len() as u64, "contact", "contacts"),
    ];
    let others = others.into_iter().filter(|(number, ..)| *number > 0).map(|(number, one, many)| counted(number, one, many));
    always.into_iter().chain(others).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_whose_practices_all_have_another_setting_is_said_to_compare_nobody() {
        let practice = |code: &str, setting: &str| {
            format!(r#"{{"type":"organisation","code":"{code}","kind":"practice","setting":"{setting}"}}"#)
        };
        let of = |lines: &[String]| scope(&parse_registry(&lines.join("\n")).unwrap());
        let text = of(&[practice("A1", "25"), practice("A2", "community")]);
        assert_eq!(
            text,
            "nobody is compared: 2 practices have another setting than gp; correct `setting`, or expect no comparison\n"
        );
        assert_eq!(of(&[practice("A1", "25"), practice("A2", "4")]), "");
        assert_eq!(of(&[r#"{"type":"person","id":"p1"}"#.to_owned()]), "");
    }
}

//! The files of a pattern, inside of one folder and nowhere else.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::map::map_error::MapError;

/// A file with its name below the folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TableFile {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// Checks a pattern: a relative path whose last part may hold `*`.
///
/// # Errors
/// A path that leaves its folder, or has `*` in another part.
pub(crate) fn check_pattern(pattern: &str) -> Result<(), String> {
    let path = Path::new(pattern);
    let is_inside = path.components().all(|component| matches!(component, Component::Normal(_)));
    let folders = path.parent().map(|folders| folders.to_string_lossy().into_owned()).unwrap_or_default();
    if pattern.is_empty() || !is_inside || pattern.contains('\\') {
        return Err(format!("file {pattern:?} leads out of the folder; name a file inside of it"));
    }
    if folders.contains('*') {
        return Err(format!("file {pattern:?} has * in the name of a folder; write it in the name of the file only"));
    }
    Ok(())
}

/// The files of a pattern in order of their names. Each may be gzipped under its name with `.gz`.
///
/// # Errors
/// When the folder cannot be read, a link leads out of it, a file exists plain and gzipped, or no file matches one that is not
/// optional.
pub(crate) fn find(dir: &Path, pattern: &str, is_optional: bool) -> Result<Vec<TableFile>, MapError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| MapError::Unreadable { path, source }
    };
    let root = dir.canonicalize().map_err(unreadable(dir))?;
    let below = Path::new(pattern).parent().unwrap_or(Path::new(""));
    let wanted = Path::new(pattern).file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let folder = root.join(below);
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
            let entry = entry.map_err(unreadable(&folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let plain = name.to_lowercase();
            let plain = plain.strip_suffix(".gz").filter(|_| !wanted.ends_with(".gz")).unwrap_or(&plain);
            if !matches(plain, &wanted) || !entry.path().is_file() {
                continue;
            }
            let path = entry.path().canonicalize().map_err(unreadable(&entry.path()))?;
            let name = below.join(name).to_string_lossy().into_owned();
            if !path.starts_with(&root) {
                return Err(MapError::file(&name, None, "the link leads out of the folder; copy the file into it"));
            }
            found.push(TableFile { name, path });
        }
    }
    found.sort();
    for pair in found.windows(2) {
        if pair[1].name.strip_suffix(".gz") == Some(&pair[0].name) {
            return Err(MapError::file(&pair[0].name, None, "the file is there plain and gzipped; remove one of the two"));
        }
    }
    if found.is_empty() && !is_optional {
        let fault = "no file of this name is in the folder, plain or gzipped; add it, or set optional = true in the map";
        return Err(MapError::file(pattern, None, fault));
    }
    Ok(found)
}

/// Whether a name matches a pattern with `*`.
fn matches(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("appointment_slot.csv", "appointment_slot.csv") && matches("291_slot_20260101.csv", "*_slot_*.csv"));
        assert!(matches("a.csv", "*.csv") && matches("a.csv", "*") && matches("ab", "a*b"));
        assert!(!matches("slot.csv", "*_slot_*.csv") && !matches("a.csv.bak", "*.csv") && !matches("a", "a*a"));
    }

    #[test]
    fn a_pattern_never_leaves_its_folder() {
        for pattern in ["../x.csv", "/etc/passwd", "a/../../x", "", "./x.csv", "..\\x.csv", "*/x.csv"] {
            assert!(check_pattern(pattern).is_err(), "{pattern}");
        }
        assert!(check_pattern("a/x*.csv").is_ok());
    }

    #[test]
    fn files_are_found_in_order_plain_or_gzipped_and_absent_ones_are_named() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b_slot.csv", "a_Slot.CSV.gz", "other.csv"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let names =
            |pattern: &str| find(dir.path(), pattern, false).map(|files| files.into_iter().map(|file| file.name).collect());
        assert_eq!(names("*_slot.csv").unwrap(), ["a_Slot.CSV.gz".to_owned(), "b_slot.csv".to_owned()]);
        let absent: Result<Vec<String>, _> = names("none.csv");
        assert!(absent.unwrap_err().to_string().starts_with("none.csv: no file of this name"));
        assert_eq!(find(dir.path(), "none.csv", true).unwrap(), []);
        fs::write(dir.path().join("b_slot.csv.gz"), "").unwrap();
        assert!(names("b_slot.csv").unwrap_err().to_string().contains("plain and gzipped"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_refused() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("x.csv"), "").unwrap();
        std::os::unix::fs::symlink(other.path().join("x.csv"), dir.path().join("x.csv")).unwrap();
        assert!(find(dir.path(), "x.csv", true).unwrap_err().to_string().contains("leads out"));
    }
}

//! The measures that a deployment counts: those of the repository, compiled in, or a folder of one's own.

use std::fs;
use std::path::{Path, PathBuf};

use scorecard::measure::{BadMeasure, MeasureSet};

/// Name and text of every `measures/*.toml` of the repository, in order of the names.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/measure_files.rs"));

/// Why a folder of measures cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum MeasuresError {
    /// The folder or one of its files cannot be read.
    #[error("{} cannot be read: {source}; name a folder of measure files", path.display())]
    Unreadable {
        /// The folder or the file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No file in it ends in `.toml`.
    #[error("{} holds no measure file; put one TOML file a measure there", .0.display())]
    Empty(PathBuf),
    /// Mistakes in files, each named.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<BadMeasure>),
}

/// The measures that are compiled in.
#[must_use]
pub fn built_in() -> MeasureSet {
    MeasureSet::parse(FILES.iter().copied()).expect("a test reads every file that is compiled in")
}

/// The measures of a folder: every file there that ends in `.toml`.
///
/// # Errors
/// [`MeasuresError`] names every file that cannot be taken, not only the first.
pub fn of_folder(folder: &Path) -> Result<MeasureSet, MeasuresError> {
    let unreadable = |path: &Path, source| MeasuresError::Unreadable { path: path.to_owned(), source };
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| unreadable(folder, e))? {
        let path = entry.map_err(|e| unreadable(folder, e))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
            files.push((path.display().to_string(), text));
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(MeasuresError::Empty(folder.to_owned()));
    }
    let borrowed = || files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let mistakes: Vec<BadMeasure> = borrowed().filter_map(|file| MeasureSet::parse([file]).err()).collect();
    if !mistakes.is_empty() {
        return Err(MeasuresError::Mistakes(mistakes));
    }
    MeasureSet::parse(borrowed()).map_err(|twice| MeasuresError::Mistakes(vec![twice]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_file_of_the_repository_is_compiled_in_under_its_own_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../measures");
        let in_repository = fs::read_dir(folder).unwrap().count();
        let set = built_in();
        assert_eq!(set.measures().len(), in_repository);
        for (file, _) in FILES {
            let id = file.strip_suffix(".toml").unwrap();
            assert!(set.index_of(id).is_some(), "{file} does not define {id}");
        }
    }

    #[test]
    fn all_mistakes_of_a_folder_are_named_at_once() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("one.toml"), "id = 1").unwrap();
        fs::write(dir.path().join("two.toml"), "colour = \"red\"").unwrap();
        fs::write(dir.path().join("notes.md"), "not a measure").unwrap();
        let text = of_folder(dir.path()).unwrap_err().to_string();
        assert!(text.contains("one.toml") && text.contains("two.toml"), "{text}");
    }

    #[test]
    fn a_folder_of_the_same_files_has_the_same_fingerprint() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../measures");
        assert_eq!(of_folder(&folder).unwrap().hash(), built_in().hash());
    }
}

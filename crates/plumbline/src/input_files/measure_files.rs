//! The measures of a deployment: the built-in ones of the repository, and those of a folder. A file in the folder replaces the built-in
//! measure of the same id.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use scorecard::measure::definition::DEFAULT_CLASSIFICATION;
use scorecard::measure::measure_set::{BadMeasure, MeasureSet};
use scorecard::measure::reference_network::{BadReference, ReferenceNetwork};
use serde::{Deserialize, Serialize};

use crate::input_files::code_files::{CodeFile, CodeFileError, CodeText, code_book};

/// Name and text of every `measures/*.toml` of the repository, in order of the names.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/measure_files.rs"));

/// The use of the built-in measures next to a folder of measure files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuiltIn {
    /// Use the built-in measures that the folder does not replace.
    #[default]
    Keep,
    /// Use only the measures of the folder.
    Drop,
}

/// The source of a measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeasureOrigin {
    /// Compiled into the binary.
    BuiltIn,
    /// A file with a new id.
    Added(String),
    /// A file that replaces the built-in measure.
    Replaced(String),
}

impl std::fmt::Display for MeasureOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MeasureOrigin::BuiltIn => f.write_str("built in"),
            MeasureOrigin::Added(file) => f.write_str(file),
            MeasureOrigin::Replaced(file) => write!(f, "{file}, instead of the built-in one"),
        }
    }
}

/// Measures and their sources.
#[derive(Clone, Debug)]
pub struct MeasureSelection {
    /// The selected measures.
    pub set: MeasureSet,
    /// Sources by id.
    pub origins: BTreeMap<String, MeasureOrigin>,
    /// The files behind the selection.
    pub source: MeasureSource,
    /// Ids of built-in measures that are left out, because the files name another drug classification.
    pub left_out: Vec<String>,
}

/// The files of a selection, from which it can be made again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureSource {
    /// The use of the built-in measures.
    pub built_in: BuiltIn,
    /// Path and text of each further measure file.
    pub files: Vec<(String, String)>,
    /// The code files.
    pub codes: Vec<CodeText>,
    /// Path and text of the reference file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<(String, String)>,
}

/// An invalid folder of measures.
#[derive(Debug, thiserror::Error)]
pub enum MeasuresError {
    /// The folder or one of its files cannot be read.
    #[error("{} cannot be read: {source}; name a folder of measure files", path.display())]
    Unreadable {
        /// The folder or the file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// It holds no file with the extension `.toml`.
    #[error("{} holds no measure file; put a TOML file for each measure there", .0.display())]
    Empty(PathBuf),
    /// The built-in measures are dropped and no folder is named.
    #[error("the built-in measures are dropped and no folder is named, so there is no measure; name a folder of measure files")]
    Nothing,
    /// The reference file is invalid.
    #[error("{path}: {source}")]
    Reference {
        /// The file.
        path: String,
        /// The mistake.
        source: BadReference,
    },
    /// The reference file cannot be read.
    #[error("{} cannot be read: {source}; name a file that `plumbline reference export` wrote", path.display())]
    UnreadableReference {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A code file is invalid.
    #[error(transparent)]
    Codes(#[from] CodeFileError),
    /// Mistakes of the files.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<BadMeasure>),
}

/// The built-in measures.
#[must_use]
pub fn built_in() -> MeasureSet {
    MeasureSet::parse(FILES.iter().copied()).expect("a test reads every file that is compiled in")
}

/// The measures of this folder, and the built-in ones that it does not replace unless they are dropped, with the codes of these files.
///
/// # Errors
/// [`MeasuresError`] names every invalid file, and every two measures that save on the same drug.
pub fn chosen(folder: Option<&Path>, built_in: BuiltIn, codes: &[CodeFile]) -> Result<MeasureSelection, MeasuresError> {
    let files = match (folder, built_in) {
        (Some(folder), _) => files_of(folder)?,
        (None, BuiltIn::Keep) => Vec::new(),
        (None, BuiltIn::Drop) => return Err(MeasuresError::Nothing),
    };
    let codes = codes.iter().map(CodeFile::read).collect::<Result<_, _>>()?;
    MeasureSource { built_in, files, codes, reference: None }.selection()
}

impl MeasureSelection {
    /// The same measures with the reference network of this file, if one is named.
    ///
    /// # Errors
    /// [`MeasuresError::UnreadableReference`] and [`MeasuresError::Reference`].
    pub fn with_reference(mut self, file: Option<&Path>) -> Result<MeasureSelection, MeasuresError> {
        let Some(path) = file else { return Ok(self) };
        let text =
            fs::read_to_string(path).map_err(|source| MeasuresError::UnreadableReference { path: path.to_owned(), source })?;
        let reference = (path.display().to_string(), text);
        self.set = with_reference(self.set, &reference)?;
        self.source.reference = Some(reference);
        Ok(self)
    }
}

/// The measures with the reference network of this file.
fn with_reference(set: MeasureSet, (path, text): &(String, String)) -> Result<MeasureSet, MeasuresError> {
    let bad = |source| MeasuresError::Reference { path: path.clone(), source };
    set.with_reference(ReferenceNetwork::parse(text).map_err(bad)?).map_err(bad)
}

impl MeasureSource {
    /// The measures of these files.
    ///
    /// # Errors
    /// [`MeasuresError::Mistakes`] and [`MeasuresError::Codes`].
    pub fn selection(self) -> Result<MeasureSelection, MeasuresError> {
        let mut origins = BTreeMap::new();
        for (id, file) in ids(&self.files)? {
            let instead = self.built_in == BuiltIn::Keep && FILES.iter().any(|(name, _)| id_of(name) == id);
            origins.insert(id, if instead { MeasureOrigin::Replaced(file) } else { MeasureOrigin::Added(file) });
        }
        let classification = own_classification(&self.files).unwrap_or(DEFAULT_CLASSIFICATION.to_owned());
        let kept = FILES.iter().filter(|(name, _)| self.built_in == BuiltIn::Keep && !origins.contains_key(id_of(name)));
        // A built-in measure of another classification could never match a drug.
        let fits = |(name, text): &&(&str, &str)| classification_of(name, text).is_none_or(|needed| needed == classification);
        let (kept, others): (Vec<_>, Vec<_>) = kept.copied().partition(|file| fits(&file));
        let left_out = others.iter().map(|(name, _)| id_of(name).to_owned()).collect();
        origins.extend(kept.iter().map(|(name, _)| (id_of(name).to_owned(), MeasureOrigin::BuiltIn)));
        let own = self.files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let all: Vec<(&str, &str)> = own.chain(kept).collect();
        let set = MeasureSet::parse(all.iter().copied()).map_err(|_| MeasuresError::Mistakes(collisions(&all)))?;
        let mut set = set.with_codes(code_book(&classification, &self.codes)?);
        if let Some(reference) = &self.reference {
            set = with_reference(set, reference)?;
        }
        Ok(MeasureSelection { set, origins, source: self, left_out })
    }
}

/// The drug classification that the filters of a file need; `None` if they read no drug code.
fn classification_of(file: &str, text: &str) -> Option<String> {
    MeasureSet::parse([(file, text)]).ok()?.classification().map(str::to_owned)
}

/// The first classification that one of these files needs.
fn own_classification(files: &[(String, String)]) -> Option<String> {
    files.iter().find_map(|(file, text)| classification_of(file, text))
}

/// The id of a built-in file: its name without the extension.
fn id_of(file: &str) -> &str {
    file.strip_suffix(".toml").unwrap_or(file)
}

/// Path and text of every file with the extension `.toml`.
fn files_of(folder: &Path) -> Result<Vec<(String, String)>, MeasuresError> {
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
    if files.is_empty() { Err(MeasuresError::Empty(folder.to_owned())) } else { Ok(files) }
}

/// Id and path of each file, or every mistake in any of them.
fn ids(files: &[(String, String)]) -> Result<Vec<(String, String)>, MeasuresError> {
    let (mut ids, mut mistakes) = (Vec::new(), Vec::new());
    for (file, text) in files {
        match MeasureSet::parse([(file.as_str(), text.as_str())]) {
            Ok(set) => ids.extend(set.measures().iter().map(|measure| (measure.definition.id.clone(), file.clone()))),
            Err(_) => mistakes.extend(MeasureSet::mistakes(file, text)),
        }
    }
    if mistakes.is_empty() { Ok(ids) } else { Err(MeasuresError::Mistakes(mistakes)) }
}

/// The conflicts between valid files: an id that two define, a saving that two count.
fn collisions(files: &[(&str, &str)]) -> Vec<BadMeasure> {
    let after = |at: usize| files[at + 1..].iter().map(move |later| [*later, files[at]]);
    let pairs = (0..files.len()).flat_map(after);
    pairs.filter_map(|pair| MeasureSet::parse(pair.into_iter().rev()).err()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_file_of_the_repository_is_built_in_under_its_own_name() {
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
    fn a_measure_in_ones_own_control_has_two_or_three_actions_and_every_action_is_a_short_sentence_with_a_source() {
        for measure in built_in().measures() {
            let file = &measure.definition;
            let count = file.actions.len();
            assert!(if file.controllable { (2..=3).contains(&count) } else { count <= 3 }, "{}: {count} actions", file.id);
            assert!(count == 0 || file.source.contains("actions: "), "{} names no source of its actions", file.id);
            for action in &file.actions {
                assert!(action.ends_with('.') && action.chars().count() <= 120, "{}: {action}", file.id);
            }
        }
    }

    #[test]
    fn the_measure_to_watch_with_another_exists_and_is_another() {
        let set = built_in();
        let watched = set.measures().iter().filter_map(|measure| Some((measure, measure.definition.balancing.as_deref()?)));
        for (measure, other) in watched {
            assert!(set.index_of(other).is_some() && other != measure.definition.id, "{} names {other}", measure.definition.id);
        }
    }

    #[test]
    fn texts_that_no_card_shows_change_no_fingerprint() {
        let of = |change: &dyn Fn(&mut scorecard::measure::definition::Definition)| {
            let mut files: Vec<_> = built_in().measures().iter().map(|measure| measure.definition.clone()).collect();
            files.iter_mut().for_each(change);
            MeasureSet::of(&files).unwrap().hash()
        };
        let unchanged = of(&|_| {});
        assert_eq!(of(&|file| file.balancing = None), unchanged);
        assert_eq!(of(&|file| file.actions.truncate(1)), unchanged, "a card shows the first action");
        assert_ne!(of(&|file| file.actions.clear()), unchanged);
    }

    #[test]
    fn all_mistakes_of_a_folder_are_named_at_once() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("one.toml"), "id = 1").unwrap();
        fs::write(dir.path().join("two.toml"), "colour = \"red\"").unwrap();
        fs::write(dir.path().join("notes.md"), "not a measure").unwrap();
        let text = chosen(Some(dir.path()), BuiltIn::Keep, &[]).unwrap_err().to_string();
        assert!(text.contains("one.toml") && text.contains("two.toml"), "{text}");
    }

    #[test]
    fn a_folder_of_the_same_files_has_the_same_fingerprint() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../measures");
        for with in [BuiltIn::Keep, BuiltIn::Drop] {
            assert_eq!(chosen(Some(&folder), with, &[]).unwrap().set.hash(), built_in().hash());
        }
    }

    /// A folder with the text of a built-in measure under other ids.
    fn folder(of: &str, ids: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let (_, text) = FILES.iter().find(|(name, _)| id_of(name) == of).unwrap();
        for id in ids {
            let text =
                text.replacen(&format!("id = \"{of}\""), &format!("id = \"{id}\""), 1).replacen("version = 1", "version = 2", 1);
            fs::write(dir.path().join(format!("{id}.toml")), text).unwrap();
        }
        dir
    }

    #[test]
    fn a_file_of_the_same_id_replaces_the_built_in_one_and_others_are_added() {
        let dir = folder("dna_rate", &["dna_rate", "my_dna_rate"]);
        let found = chosen(Some(dir.path()), BuiltIn::Keep, &[]).unwrap();
        assert_eq!(found.set.measures().len(), built_in().measures().len() + 1);
        assert_eq!(found.origins.len(), found.set.measures().len());
        let version = |id: &str| found.set.measures()[found.set.index_of(id).unwrap()].definition.version;
        assert_eq!((version("dna_rate"), version("my_dna_rate"), version("saba")), (2, 2, 1));
        let of = |id: &str| found.origins[id].to_string();
        assert_eq!(of("saba"), "built in");
        assert!(of("dna_rate").ends_with("dna_rate.toml, instead of the built-in one"), "{}", of("dna_rate"));
        assert!(of("my_dna_rate").ends_with("my_dna_rate.toml"), "{}", of("my_dna_rate"));
    }

    #[test]
    fn without_the_built_in_ones_only_the_folder_counts() {
        let dir = folder("dna_rate", &["dna_rate", "my_dna_rate"]);
        let found = chosen(Some(dir.path()), BuiltIn::Drop, &[]).unwrap();
        assert_eq!(
            found.set.measures().iter().map(|m| m.definition.id.as_str()).collect::<Vec<_>>(),
            ["dna_rate", "my_dna_rate"]
        );
        assert!(found.origins.values().all(|origin| matches!(origin, MeasureOrigin::Added(_))), "{:?}", found.origins);
        assert!(matches!(chosen(None, BuiltIn::Drop, &[]), Err(MeasuresError::Nothing)));
        assert_eq!(chosen(None, BuiltIn::Keep, &[]).unwrap().set.hash(), built_in().hash());
    }

    #[test]
    fn every_pound_that_would_be_counted_twice_is_named_with_both_files() {
        // Both save on the drug of the built-in measure, and so on the same drug as each other.
        let dir = folder("desogestrel_branded", &["brands", "pills"]);
        let text = chosen(Some(dir.path()), BuiltIn::Keep, &[]).unwrap_err().to_string();
        assert_eq!(text.lines().count(), 3, "{text}");
        for pair in ["pills and brands", "desogestrel_branded and brands", "desogestrel_branded and pills"] {
            assert!(text.contains(&format!("{pair} both estimate a saving on 0703021Q0")), "{pair}: {text}");
        }
    }
}

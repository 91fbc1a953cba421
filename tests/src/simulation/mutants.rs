//! Mutants: deliberate mistakes that the simulation must find. Each is a small edit of the production code in
//! `tests/mutants.toml`. One build of an edited copy of the sources has all of them, and an environment variable switches one on.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;

/// The environment variable with the number of the mutant, counted from 1, that is switched on.
pub const CHOSEN: &str = "PLUMBLINE_MUTANT";

/// One mistake.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// The name; unique in the list.
    pub name: String,
    /// The rule of the protocol that it breaks, as `[7]`, or another subject.
    pub rule: String,
    /// The wrong behaviour in one line.
    pub what: String,
    /// The edits.
    pub edit: Vec<Edit>,
}

/// One edit.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file, relative to the workspace's root.
    pub file: String,
    /// An expression or statements that occur exactly once in the file.
    pub code: String,
    /// The replacement.
    pub mutant: String,
}

/// Why the list does not fit the code.
#[derive(Debug, thiserror::Error)]
pub enum MutantError {
    /// The list is not valid TOML.
    #[error("tests/mutants.toml: {0}")]
    List(#[from] toml::de::Error),
    /// A file cannot be read.
    #[error("{file}: {error}")]
    File {
        /// The file.
        file: String,
        /// The error of the system.
        error: std::io::Error,
    },
    /// The code of a mutant does not occur exactly once in its file.
    #[error("{file} has the code of the mutant {name} {times} times; quote code in tests/mutants.toml that occurs once: {code}")]
    NotOnce {
        /// The file.
        file: String,
        /// The mutant.
        name: String,
        /// Number of occurrences.
        times: usize,
        /// The code.
        code: String,
    },
    /// Two mutants edit overlapping code.
    #[error("{file}: the mutants {one} and {other} edit overlapping code; let both quote the same code")]
    Overlap {
        /// The file.
        file: String,
        /// One mutant.
        one: String,
        /// The other.
        other: String,
    },
    /// Two mutants have the same name.
    #[error("tests/mutants.toml has two mutants {0}; rename one of them")]
    Name(String),
    /// The file is outside of the pure crates.
    #[error("{0} is in no crate that may have mutants; these are crates/scorecard and crates/stream")]
    Elsewhere(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// An edit with the number of its mutant.
type NumberedEdit<'a> = (usize, &'a Mutant, &'a Edit);

/// The mutants of a list.
///
/// # Errors
/// [`MutantError`] when the list is malformed or has a name twice.
pub fn parse(text: &str) -> Result<Vec<Mutant>, MutantError> {
    let List { mutant: mutants } = toml::from_str(text)?;
    for (at, mutant) in mutants.iter().enumerate() {
        if mutants[..at].iter().any(|other| other.name == mutant.name) {
            return Err(MutantError::Name(mutant.name.clone()));
        }
    }
    Ok(mutants)
}

/// The files with all mutants by path from the workspace's root: the edited files, and the module that reads the environment
/// variable. `root` is the workspace's root.
///
/// # Errors
/// [`MutantError`] when a mutant's code does not occur exactly once in its file.
pub fn edited(mutants: &[Mutant], root: &Path) -> Result<BTreeMap<String, String>, MutantError> {
    let mut by_file: BTreeMap<&str, Vec<NumberedEdit<'_>>> = BTreeMap::new();
    for (number, mutant) in (1..).zip(mutants) {
        for edit in &mutant.edit {
            by_file.entry(&edit.file).or_default().push((number, mutant, edit));
        }
    }
    let mut files = BTreeMap::new();
    for (file, edits) in by_file {
        if !file.starts_with("crates/scorecard/src/") && !file.starts_with("crates/stream/src/") {
            return Err(MutantError::Elsewhere(file.to_owned()));
        }
        files.insert(file.to_owned(), edit_file(&read(root, file)?, &edits)?);
    }
    let module = MODULE.replace("VARIABLE", CHOSEN);
    for (krate, module) in [("scorecard", module.as_str()), ("stream", "mod mutant { pub(crate) use scorecard::mutant::is; }\n")]
    {
        let file = format!("crates/{krate}/src/lib.rs");
        let text = read(root, &file)?;
        files.insert(file, format!("{text}\n{module}"));
    }
    Ok(files)
}

const MODULE: &str = r#"
/// Which mutant is switched on.
pub mod mutant {
    use std::sync::LazyLock;

    static CHOSEN: LazyLock<u32> =
        LazyLock::new(|| std::env::var("VARIABLE").ok().and_then(|number| number.parse().ok()).unwrap_or(0));

    /// Whether this mutant is switched on.
    pub fn is(number: u32) -> bool {
        *CHOSEN == number
    }
}
"#;

fn read(root: &Path, file: &str) -> Result<String, MutantError> {
    std::fs::read_to_string(root.join(file)).map_err(|error| MutantError::File { file: file.to_owned(), error })
}

/// A file with all its edits, each behind a condition on its mutant.
fn edit_file(text: &str, edits: &[NumberedEdit<'_>]) -> Result<String, MutantError> {
    let mut places: Vec<(Range<usize>, Vec<NumberedEdit<'_>>)> = Vec::new();
    for &(number, mutant, edit) in edits {
        let found: Vec<usize> = text.match_indices(edit.code.as_str()).map(|(at, _)| at).collect();
        let &[at] = found.as_slice() else {
            let (file, name, code) = (edit.file.clone(), mutant.name.clone(), edit.code.clone());
            return Err(MutantError::NotOnce { file, name, times: found.len(), code });
        };
        let range = at..at + edit.code.len();
        match places.iter_mut().find(|(other, _)| range.start < other.end && other.start < range.end) {
            None => places.push((range, vec![(number, mutant, edit)])),
            Some((other, same)) if *other == range => same.push((number, mutant, edit)),
            Some((_, others)) => {
                let (one, other) = (mutant.name.clone(), others[0].1.name.clone());
                return Err(MutantError::Overlap { file: edit.file.clone(), one, other });
            }
        }
    }
    places.sort_by_key(|(range, _)| range.start);
    let mut edited = String::new();
    let mut upto = 0;
    for (range, here) in places {
        edited.push_str(&text[upto..range.start]);
        edited.push_str(&asked(&text[range.clone()], &here));
        upto = range.end;
    }
    edited.push_str(&text[upto..]);
    Ok(edited)
}

/// `if the mutant is on { its code } else { the code }`; in parentheses where the code is part of an expression.
fn asked(code: &str, here: &[NumberedEdit<'_>]) -> String {
    let mut text = String::new();
    for (number, _, edit) in here {
        text.push_str(&format!("if crate::mutant::is({number}) {{ {} }} else ", edit.mutant));
    }
    text.push_str(&format!("{{ {code} }}"));
    let statements = code.trim_end().ends_with([';', '}']);
    if statements { text } else { format!("({text})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(name: &str, code: &str, edited: &str) -> Mutant {
        let edit = Edit { file: "crates/stream/src/a.rs".to_owned(), code: code.to_owned(), mutant: edited.to_owned() };
        Mutant { name: name.to_owned(), rule: String::new(), what: String::new(), edit: vec![edit] }
    }

    fn edit(text: &str, mutants: &[Mutant]) -> Result<String, MutantError> {
        let edits: Vec<_> = (1..).zip(mutants).map(|(number, mutant)| (number, mutant, &mutant.edit[0])).collect();
        edit_file(text, &edits)
    }

    #[test]
    fn every_mutant_is_asked_for_and_the_code_stays() {
        let both = [mutant("a", "x < 3", "x <= 3"), mutant("b", "go();", ""), mutant("c", "x < 3", "true")];
        let edited = edit("if x < 3 { go(); }", &both).expect("each is there once");
        let asked = "(if crate::mutant::is(1) { x <= 3 } else if crate::mutant::is(3) { true } else { x < 3 })";
        assert_eq!(edited, format!("if {asked} {{ if crate::mutant::is(2) {{  }} else {{ go(); }} }}"));
    }

    #[test]
    fn code_that_is_not_there_once_or_overlaps_is_refused() {
        let text = "a(); b(); a();";
        assert!(matches!(edit(text, &[mutant("m", "a();", "")]), Err(MutantError::NotOnce { times: 2, .. })));
        assert!(matches!(edit(text, &[mutant("m", "c();", "")]), Err(MutantError::NotOnce { times: 0, .. })));
        let overlapping = [mutant("m", "a(); b();", ""), mutant("n", "b(); a();", "")];
        assert!(matches!(edit(text, &overlapping), Err(MutantError::Overlap { .. })));
    }
}

//! The check of names over all Rust files.

use anyhow::Result;

use super::duplicates;
use super::participles::is_participle;
use super::types::{TypeName, of_file};
use crate::hit::Hit;
use crate::sources::Sources;
use crate::waivers::without_waived;

/// The rules of this check.
const RULES: [&str; 2] = ["duplicate", "participle"];

/// Checks every type name of the repository.
///
/// # Errors
/// A file does not parse.
pub fn check(sources: &Sources) -> Result<Vec<Hit>> {
    let mut types: Vec<(&str, TypeName)> = Vec::new();
    for source in sources.rust() {
        types.extend(of_file(source)?.into_iter().map(|found| (source.path.as_str(), found)));
    }
    let mut hits: Vec<Hit> =
        types.iter().filter(|(_, found)| is_participle(&found.name)).map(|(path, found)| participle(path, found)).collect();
    hits.extend(duplicates::breaches(types.iter().map(|(path, found)| (*path, found))));
    hits.sort();
    Ok(without_waived(sources, &RULES, hits))
}

fn participle(path: &str, found: &TypeName) -> Hit {
    Hit {
        path: path.to_owned(),
        line: found.line,
        rule: "participle",
        excerpt: format!("`{}`; name the thing with a noun", found.name),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::sources::{Source, Sources};

    #[test]
    fn participles_and_second_definitions_are_hits() {
        let files = [
            ("crates/a/src/b.rs", "pub struct Run;\nstruct Told;"),
            ("crates/c/src/d.rs", "pub enum Run {}\npub(crate) struct Row;"),
            ("tests/src/e.rs", "pub struct Run; pub struct Row;"),
        ];
        let sources = Sources::of(files.map(|(path, text)| Source { path: path.to_owned(), text: text.to_owned() }).into());
        let found: Vec<String> = check(&sources).expect("Rust").iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/a/src/b.rs:1: duplicate: `Run` has 2 definitions in the shipped crates: crates/a/src/b.rs:1, crates/c/src/d.rs:1",
                "crates/a/src/b.rs:2: participle: `Told`; name the thing with a noun",
            ]
        );
    }
}

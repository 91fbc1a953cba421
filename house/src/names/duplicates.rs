//! One word means one thing: no public type name has two definitions.

use std::collections::BTreeMap;

use super::types::TypeName;
use crate::hit::Hit;

/// The parts of the repository within which a name is unique.
pub fn group(path: &str) -> Option<&'static str> {
    if path.starts_with("crates/") && path.contains("/src/") {
        Some("the shipped crates")
    } else if path.starts_with("tests/") || path.starts_with("bench/") || path.starts_with("house/src/") {
        Some("tests and tools")
    } else {
        None
    }
}

/// One hit for each public name of a group that has two definitions or more, at the first of them.
pub fn breaches<'a>(types: impl Iterator<Item = (&'a str, &'a TypeName)>) -> Vec<Hit> {
    let mut places: BTreeMap<(&str, &str), Vec<(&str, usize)>> = BTreeMap::new();
    for (path, found) in types.filter(|(_, found)| found.public) {
        if let Some(group) = group(path) {
            places.entry((group, &found.name)).or_default().push((path, found.line));
        }
    }
    places.into_iter().filter_map(hit).collect()
}

type Places<'a> = ((&'a str, &'a str), Vec<(&'a str, usize)>);

fn hit(((group, name), places): Places<'_>) -> Option<Hit> {
    let [(path, line), _, ..] = places[..] else { return None };
    let listed: Vec<String> = places.iter().map(|(path, line)| format!("{path}:{line}")).collect();
    let excerpt = format!("`{name}` has {} definitions in {group}: {}", places.len(), listed.join(", "));
    Some(Hit { path: path.to_owned(), line, rule: "duplicate", excerpt })
}

//! The page of FHIR elements names tests that exist.

use std::collections::BTreeSet;
use std::path::Path;

const PAGE: &str = include_str!("../../../../../docs/integrate/fhir.md");

/// The names of the functions in the sources of a folder.
fn functions(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            functions(&path, into);
        } else {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let lines = text.lines().filter_map(|line| line.trim().strip_prefix("fn "));
            into.extend(lines.filter_map(|rest| rest.split_once("()")).map(|(name, _)| name.to_owned()));
        }
    }
}

/// The last cell of each row of the table of elements, without backticks.
fn named_tests() -> Vec<&'static str> {
    let (_, table) = PAGE.split_once("| element | read | ignored | test |").expect("the page has the table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next()).map(|cell| cell.trim().trim_matches('`')).collect()
}

#[test]
fn every_row_of_the_table_of_elements_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    for folder in ["src", "tests/promises"] {
        functions(&root.join(folder), &mut known);
    }
    let named = named_tests();
    assert!(named.len() > 40, "{} rows", named.len());
    let missing: Vec<_> = named.into_iter().filter(|name| !known.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

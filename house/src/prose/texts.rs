//! The paragraphs of a file, by its kind.

use anyhow::Result;

use super::fields;
use super::markdown::{Paragraph, paragraphs};
use super::rust_texts::{RustText, of_file};
use crate::sources::Source;

/// A literal of fewer words is a name, a key or a unit, not a message.
const WORDS_OF_A_MESSAGE: usize = 4;

/// The prose of a file; nothing for a file that holds data.
///
/// # Errors
/// A Rust file cannot be read as tokens.
pub fn of_source(source: &Source) -> Result<Vec<Paragraph>> {
    let path = source.path.as_str();
    if path.ends_with(".rs") {
        let texts = of_file(path, &source.text)?;
        return Ok(texts.iter().flat_map(|text| of_rust(text, holds_tests(path))).collect());
    }
    if path.ends_with(".md") {
        return Ok(paragraphs((1..).zip(source.text.lines())));
    }
    Ok(fields_of(path, &source.text)
        .into_iter()
        .flat_map(|(line, text)| paragraphs([(line, without_placeholders(&text).as_str())]))
        .collect())
}

/// Fields of prose by the folder and the kind of the file. `schemas/released` is left out: it is frozen with its hashes.
fn fields_of(path: &str, text: &str) -> Vec<(usize, String)> {
    match path.split_once('/') {
        Some(("schemas", file)) if file.ends_with(".avsc") && !file.contains('/') => fields::of_json(text, "doc"),
        Some(("measures", file)) if file.ends_with(".toml") => fields::of_toml(text, &["rationale", "says", "title"]),
        Some(("deploy", file)) if file.ends_with(".yml") => fields::of_alerts(text),
        Some(("deploy", file)) if file.ends_with(".json") => fields::of_json(text, "description"),
        _ if path.ends_with("Cargo.toml") => fields::of_toml(text, &["description"]),
        _ => Vec::new(),
    }
}

/// Whether the literals of a Rust file are the data of tests.
fn holds_tests(path: &str) -> bool {
    path.starts_with("tests/promises/") || path.starts_with("fuzz/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

fn of_rust(text: &RustText, in_tests: bool) -> Vec<Paragraph> {
    match text {
        RustText::Comment(lines) => paragraphs(lines.iter().map(|(line, text)| (*line, text.as_str()))),
        RustText::Literal(line, text) if !in_tests => of_message(*line, text),
        RustText::Literal(..) => Vec::new(),
    }
}

/// The paragraphs of a message: each of its lines is one, for a message breaks a line on purpose.
fn of_message(line: usize, text: &str) -> Vec<Paragraph> {
    if is_data(text) {
        return Vec::new();
    }
    let text = without_placeholders(text);
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    if words < WORDS_OF_A_MESSAGE {
        return Vec::new();
    }
    text.lines().flat_map(|row| paragraphs([(line, row)])).collect()
}

/// JSON, XML, TOML and forms of usage are no sentences.
fn is_data(text: &str) -> bool {
    let text = text.trim_start();
    ["{\"", "{{", "[{", "<", "[["].iter().any(|mark| text.starts_with(mark))
        || text.contains("\":")
        || text.contains(" = \"")
        || text.contains(" | ")
}

/// Each `{...}` of a format string as one word.
fn without_placeholders(text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for letter in text.chars() {
        match letter {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    out.push('X');
                }
            }
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::of_source;
    use crate::sources::Source;

    fn texts(path: &str, text: &str) -> Vec<String> {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        of_source(&source).expect("prose").into_iter().map(|found| found.text).collect()
    }

    #[test]
    fn messages_are_prose_and_short_literals_and_data_are_not() {
        let file = r#"fn f() { a!("the file {path:?} is empty; send rows"); b("three words only"); c("{\"what\": \"who is it now\"}"); }"#;
        assert_eq!(texts("crates/a/src/lib.rs", file), ["the file X is empty; send rows"]);
        assert!(texts("crates/a/tests/b.rs", file).is_empty());
    }

    #[test]
    fn fields_are_read_by_folder_and_kind() {
        assert_eq!(texts("schemas/a.avsc", r#"{"doc": "A card."}"#), ["A card."]);
        assert!(texts("schemas/released/1-a.avsc", r#"{"doc": "A card."}"#).is_empty());
        assert_eq!(texts("bench/Cargo.toml", "title = \"What\"\ndescription = \"Costs.\""), ["Costs."]);
        assert_eq!(texts("deploy/a.yml", "summary: Scrape {{ $labels.x }} again"), ["Scrape X again"]);
    }
}

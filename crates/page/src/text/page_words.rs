//! The catalogue of the texts of pages: one file, so that another language is another file.

use std::sync::LazyLock;

use scorecard::scoring::word_catalogue::WordCatalogue;

use crate::text::spoken_count::grouped;

static ENGLISH: LazyLock<WordCatalogue> = LazyLock::new(|| WordCatalogue::of_toml(include_str!("../../words/en.toml")));

/// A text without values, by `section.key`.
///
/// # Panics
/// If the catalogue lacks it.
#[must_use]
pub fn text(key: &str) -> String {
    say(key, &[])
}

/// A text with these values in place of their names.
///
/// # Panics
/// If the catalogue lacks it, or it names a value that is missing.
#[must_use]
pub fn say(key: &str, values: &[(&str, &str)]) -> String {
    let (section, key) = key.split_once('.').expect("a key has a section");
    ENGLISH.say(section, key, values)
}

/// One of two texts: for 1, and for every other number. Both may name `{count}`.
#[must_use]
pub fn counted(section: &str, count: i64) -> String {
    let key = if count == 1 { "one" } else { "many" };
    say(&format!("{section}.{key}"), &[("count", &grouped(count))])
}

/// The catalogue.
#[must_use]
pub fn catalogue() -> &'static WordCatalogue {
    &ENGLISH
}

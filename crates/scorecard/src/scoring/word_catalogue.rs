//! The catalogue of sentences: one file, so that another language is another file.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The sentences by section and key.
#[derive(Debug)]
pub struct WordCatalogue {
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

static ENGLISH: LazyLock<WordCatalogue> = LazyLock::new(|| WordCatalogue::of_toml(include_str!("../../words/en.toml")));

impl WordCatalogue {
    /// The catalogue of a TOML file that is compiled in: sections of keys with sentences.
    ///
    /// # Panics
    /// If the text is no such file; a test reads it.
    #[must_use]
    pub fn of_toml(text: &str) -> WordCatalogue {
        WordCatalogue { sections: toml::from_str(text).expect("the catalogue is TOML, a test reads it") }
    }

    /// All sentences in order, each as (section, key, sentence).
    pub fn sentences(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.sections.iter().flat_map(|(section, keys)| {
            keys.iter().map(move |(key, sentence)| (section.as_str(), key.as_str(), sentence.as_str()))
        })
    }

    /// The English catalogue.
    #[must_use]
    pub fn english() -> &'static WordCatalogue {
        &ENGLISH
    }

    /// A sentence of the catalogue with these values in place of their names.
    ///
    /// # Panics
    /// If the catalogue lacks the sentence.
    #[must_use]
    pub fn say(&self, section: &str, key: &str, values: &[(&str, &str)]) -> String {
        let sentence = self.sections.get(section).and_then(|keys| keys.get(key));
        let mut left = sentence.unwrap_or_else(|| panic!("the catalogue has no {section}.{key}")).as_str();
        let mut text = String::with_capacity(2 * left.len());
        while let Some((before, rest)) = left.split_once('{') {
            let (name, after) = rest.split_once('}').expect("a brace of the catalogue closes");
            let value = values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            text.push_str(before);
            text.push_str(value.unwrap_or_else(|| panic!("{section}.{key} names {name}, which has no value")));
            left = after;
        }
        text.push_str(left);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_once_and_values_are_not_read_again() {
        let text = WordCatalogue::english().say("shown", "alone", &[("value", "{span}%"), ("span", "in 12 months")]);
        assert_eq!(text, "{span}% in 12 months. Too few similar clinicians to compare with.");
    }

    #[test]
    fn no_sentence_blames_or_ranks() {
        for sentence in ENGLISH.sections.values().flat_map(BTreeMap::values) {
            let lower = sentence.to_lowercase();
            for word in ["worst", "outlier", "slipped", "target", "percentile", "rank", "peer", "denominator", "bad", "poor"] {
                assert!(!lower.contains(word), "{sentence}");
            }
        }
    }
}

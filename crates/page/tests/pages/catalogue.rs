//! The catalogue of texts: each is used, none blames or ranks, and each is short.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use page::text::page_words::catalogue;

/// Most words of a sentence.
const MOST_WORDS: usize = 25;

fn all() -> Vec<(String, String)> {
    catalogue().sentences().map(|(section, key, text)| (format!("{section}.{key}"), text.to_owned())).collect()
}

#[test]
fn no_text_blames_ranks_or_speaks_of_statistics() {
    let refused = [
        "worst",
        "outlier",
        "slipped",
        "league",
        "percentile",
        "target",
        "peer",
        "denominator",
        "numerator",
        "reliability",
        "bad ",
        "fail",
        "poorly",
        "below average",
        "above average",
        "quartile of you",
        "score ",
    ];
    for (key, text) in all() {
        let lower = format!("{} ", text.to_lowercase().replace("colleague", "")).replace("failure", "");
        for word in refused {
            assert!(!lower.contains(word), "{key}: {text:?} holds {word:?}");
        }
        let ranks = lower.contains("rank") && !lower.contains("nobody is ranked");
        assert!(!ranks, "{key}: {text:?}");
    }
}

#[test]
fn a_sentence_is_short() {
    for (key, text) in all() {
        for sentence in text.split(". ") {
            assert!(sentence.split(' ').count() <= MOST_WORDS, "{key}: {sentence:?}");
        }
    }
}

#[test]
fn only_the_verdict_of_a_card_says_in_line() {
    let found: Vec<String> = all().into_iter().filter(|(_, text)| text.contains("in line")).map(|(key, _)| key).collect();
    assert_eq!(found, ["verdict.in_line"]);
}

#[test]
fn a_text_that_says_above_or_below_the_colleagues_is_of_a_picture_or_a_table_with_its_better_side() {
    for (key, text) in all() {
        let says = ["are below", "are above", "is below", "dots are"].iter().any(|word| text.contains(word));
        let allowed = ["among.", "group.", "meeting.", "chance."].iter().any(|section| key.starts_with(section));
        assert!(!says || allowed, "{key}: {text:?}");
    }
}

/// All sources that may use a text.
fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("../plumbline/src/page_view")];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                text += &fs::read_to_string(path).expect("a source");
            }
        }
    }
    text
}

#[test]
fn every_text_is_used_and_every_text_that_is_used_exists() {
    let sources = sources();
    let sections: BTreeSet<String> = all().iter().filter_map(|(key, _)| Some(key.split_once('.')?.0.to_owned())).collect();
    // Keys that the code puts together: `{section}.{...}`, or a word of `counted`.
    let composed = |key: &str| {
        let (section, rest) = key.split_once('.').expect("a section");
        sources.contains(&format!("\"{section}.{{"))
            || (["one", "many"].contains(&rest) && sources.contains(&format!("\"{section}\"")))
    };
    for (key, _) in all() {
        assert!(sources.contains(&format!("\"{key}\"")) || composed(&key), "{key} is used nowhere");
    }
    let known: BTreeSet<String> = all().into_iter().map(|(key, _)| key).collect();
    for part in sources.split('"').filter(|part| part.contains('.') && !part.contains(' ')) {
        let (section, key) = part.split_once('.').expect("it has a dot");
        let is_key = sections.contains(section)
            && !key.is_empty()
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || b"_0123456789".contains(&byte));
        assert!(!is_key || known.contains(part) || key.ends_with('_'), "{part} is in no catalogue");
    }
}

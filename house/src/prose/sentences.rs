//! The sentences of a paragraph, with their words.

use super::markdown::Paragraph;

/// One sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Line of its first word.
    pub line: usize,
    /// The words as they are written, without line breaks.
    pub text: String,
    /// Whether it ends with a question mark.
    pub asks: bool,
}

/// Words that end with a full stop inside a sentence.
const ABBREVIATIONS: [&str; 24] = [
    "e.g.", "i.e.", "etc.", "cf.", "vs.", "al.", "no.", "nos.", "fig.", "eq.", "p.", "pp.", "ch.", "sec.", "vol.", "ed.", "eds.",
    "approx.", "stat.", "med.", "dr.", "mr.", "mrs.", "st.",
];

impl Sentence {
    /// How many words it has; a sign such as `=` is none.
    pub fn length(&self) -> usize {
        self.text.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).count()
    }

    /// The words in lower case, without punctuation around them. A comma stays for any sign of a pause behind a word. A word with code in it
    /// is empty, for it is no prose.
    pub fn words(&self) -> Vec<String> {
        let bare = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
        let pause = |word: &str| if word.ends_with([',', ';', ':', ')']) { "," } else { "" };
        self.text.split(' ').map(|word| if word.contains('`') { String::new() } else { bare(word) + pause(word) }).collect()
    }
}

/// The sentences of a paragraph, in order.
pub fn sentences(paragraph: &Paragraph) -> Vec<Sentence> {
    let mut found = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let mut start = paragraph.line;
    for (line, row) in (paragraph.line..).zip(paragraph.text.split('\n')) {
        for word in row.split([' ', '\t']).filter(|word| !word.is_empty()) {
            if words.is_empty() {
                start = line;
            }
            words.push(word);
            if ends_sentence(word) {
                found.push(sentence(start, &words));
                words.clear();
            }
        }
    }
    if !words.is_empty() {
        found.push(sentence(start, &words));
    }
    found
}

fn sentence(line: usize, words: &[&str]) -> Sentence {
    let asks = words.last().is_some_and(|word| core(word).ends_with('?'));
    Sentence { line, text: words.join(" "), asks }
}

/// The word without the brackets and quotes that close behind its full stop.
fn core(word: &str) -> &str {
    word.trim_end_matches([')', ']', '"', '\'', '”', '’'])
}

fn ends_sentence(word: &str) -> bool {
    let word = core(word);
    if !word.ends_with(['.', '!', '?']) || word == "..." {
        return false;
    }
    let lower = word.trim_start_matches(['(', '[', '"']).to_lowercase();
    let initial = lower.len() == 2 && lower.starts_with(char::is_alphabetic);
    !initial && !ABBREVIATIONS.contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::{Paragraph, sentences};

    fn texts(text: &str) -> Vec<(usize, String, usize)> {
        let paragraph = Paragraph { line: 1, text: text.to_owned() };
        sentences(&paragraph).into_iter().map(|found| (found.line, found.text.clone(), found.length())).collect()
    }

    #[test]
    fn a_full_stop_before_a_space_ends_a_sentence() {
        let found = texts("Tally writes 1.5 rows.\nIt commits (twice.) Then `a.\u{a0}b` is read? Yes!");
        let expected = [
            (1, "Tally writes 1.5 rows.", 4),
            (2, "It commits (twice.)", 3),
            (2, "Then `a.\u{a0}b` is read?", 4),
            (2, "Yes!", 1),
        ];
        assert_eq!(found, expected.map(|(line, text, length)| (line, text.to_owned(), length)));
    }

    #[test]
    fn abbreviations_and_initials_do_not_end_a_sentence() {
        assert_eq!(texts("Rows, e.g. those of D. Spiegelhalter et al. 2005, Stat. Med. 24, count = 1.").len(), 1);
    }
}

//! The rules of one sentence.

use super::phrases::PHRASES;
use super::sentences::Sentence;

/// More words than this make a sentence an error: a reader has lost its beginning.
pub const LONGEST: usize = 35;
/// The aim; longer sentences are counted, not refused.
pub const AIM: usize = 25;

/// Words that no sentence begins with: a sentence begins with the noun that acts.
const OPENINGS: [&str; 8] = ["of", "what", "whatever", "whichever", "who", "whoever", "whom", "whose"];
/// Words that follow `So` at no sentence's beginning.
const AFTER_SO: [&str; 3] = ["long", "many", "much"];
/// Words of an excerpt before and after the phrase.
const AROUND: usize = 6;

/// A rule that a sentence breaks: the rule's name, and the excerpt with the cure.
pub type Breach = (&'static str, String);

/// Every rule that this sentence breaks.
pub fn breaches(sentence: &Sentence) -> Vec<Breach> {
    let words = sentence.words();
    let mut found: Vec<Breach> = opening(sentence, &words).into_iter().collect();
    found.extend(listed(sentence, &words));
    let length = sentence.length();
    if length > LONGEST {
        found.push(("length", format!("{length} words, at most {LONGEST}: {}", excerpt(sentence, 0, 0))));
    }
    found
}

/// A question may begin with its question word.
fn opening(sentence: &Sentence, words: &[String]) -> Option<Breach> {
    let mut spoken = words
        .iter()
        .zip(sentence.text.split(' '))
        .skip_while(|(word, written)| word.is_empty() && !written.contains('`'))
        .map(|(word, _)| word.trim_end_matches(','));
    let (first, second) = (spoken.next()?, spoken.next().unwrap_or_default());
    let refused = OPENINGS.contains(&first) || (first == "so" && AFTER_SO.contains(&second));
    (refused && !sentence.asks).then(|| ("opening", format!("begin with the noun: {}", excerpt(sentence, 0, 0))))
}

fn listed(sentence: &Sentence, words: &[String]) -> Vec<Breach> {
    PHRASES
        .iter()
        .filter_map(|phrase| {
            let (start, end) = phrase.find(words)?;
            let spoken = words[start..end].join(" ").trim_end_matches(',').to_owned();
            Some(("word", format!("\"{spoken}\" (use: {}): {}", phrase.instead, excerpt(sentence, start, end))))
        })
        .collect()
}

/// The words from a few before `start` to a few behind `end`.
fn excerpt(sentence: &Sentence, start: usize, end: usize) -> String {
    let words: Vec<&str> = sentence.text.split(' ').collect();
    let from = start.saturating_sub(AROUND);
    let to = (end.max(AROUND) + AROUND).min(words.len());
    let dots = |cut: bool| if cut { "..." } else { "" };
    format!("{}{}{}", dots(from > 0), words[from..to].join(" "), dots(to < words.len()))
}

#[cfg(test)]
mod tests {
    use super::{Breach, LONGEST, breaches};
    use crate::prose::markdown::Paragraph;
    use crate::prose::sentences::sentences;

    fn rules(text: &str) -> Vec<&'static str> {
        let found = sentences(&Paragraph { line: 1, text: text.to_owned() });
        found.iter().flat_map(breaches).map(|(rule, _): Breach| rule).collect()
    }

    #[test]
    fn a_sentence_that_begins_with_a_question_word_is_refused() {
        for bad in [
            "What is wrong is named.",
            "(Who reads it.)",
            "Of these one counts.",
            "So many rows.",
            "Fine. whose rows are old, waits.",
        ] {
            assert_eq!(rules(bad), if bad.starts_with("So many") { vec!["opening", "word"] } else { vec!["opening"] }, "{bad}");
        }
    }

    #[test]
    fn a_question_and_a_code_may_begin_with_any_word() {
        for good in [
            "What does a month hold?",
            "`what` is a field.",
            "So a card can be computed.",
            "Tally writes what it read.",
            "Offset of the record.",
        ] {
            assert_eq!(rules(good), Vec::<&str>::new(), "{good}");
        }
    }

    #[test]
    fn a_listed_word_is_refused_in_prose_and_not_in_code() {
        assert_eq!(rules("The task starts anew."), ["word"]);
        assert_eq!(rules("The field `anew` is empty."), Vec::<&str>::new());
    }

    #[test]
    fn a_sentence_of_more_than_the_limit_is_refused() {
        assert_eq!(rules(&format!("{}end.", "word ".repeat(LONGEST))), ["length"]);
        assert_eq!(rules(&format!("{}end. Next = one.", "word ".repeat(LONGEST - 1))), Vec::<&str>::new());
    }
}

//! The phrases that no sentence of the repository has, each with the words to use instead.

/// A phrase that is not used.
#[derive(Debug)]
pub struct Phrase {
    /// Its words, with a space between them. `a|b` is one word of several; `..` is none to three words of any kind.
    pub pattern: &'static str,
    /// The plain words.
    pub instead: &'static str,
    /// Why the phrase is not used.
    pub why: &'static str,
}

const ACTOR: &str = "it hides who acts";
const ARCHAIC: &str = "no page of technical English has it today";
const FIELD: &str = "the field has a word of its own";
const GERMAN: &str = "it is a German turn of phrase in English words";
const VAGUE: &str = "it says no number and no place";

/// All of them, in order of the words that one looks for.
pub const PHRASES: &[Phrase] = &[
    Phrase { pattern: "anew", instead: "again; start: restart; make: create", why: FIELD },
    Phrase { pattern: "ask|asks|asked of", instead: "request from, read from", why: GERMAN },
    Phrase { pattern: "at hand", instead: "available, installed", why: GERMAN },
    Phrase { pattern: "beside", instead: "next to, with, compared with", why: GERMAN },
    Phrase { pattern: "besides", instead: "also, apart from", why: GERMAN },
    Phrase { pattern: "but for", instead: "except", why: GERMAN },
    Phrase { pattern: "by hand of", instead: "by, with", why: GERMAN },
    Phrase { pattern: "by|for|from|to who", instead: "name the actor: for a process that", why: ACTOR },
    Phrase { pattern: "came|come|comes of", instead: "result from, become", why: GERMAN },
    Phrase { pattern: "die|dies", instead: "crash, exit", why: FIELD },
    Phrase { pattern: "for ever", instead: "permanently, for good, without limit", why: GERMAN },
    Phrase { pattern: "for want of", instead: "because N is missing", why: GERMAN },
    Phrase { pattern: "gave|give|given|gives|giving .. up", instead: "release, stop, fail after N attempts", why: FIELD },
    Phrase { pattern: "hardly alike|two", instead: "almost all different, or a number", why: VAGUE },
    Phrase { pattern: "held|hold|holding|holds true", instead: "is true, is correct", why: GERMAN },
    Phrase { pattern: "in vain", instead: "without success", why: ARCHAIC },
    Phrase { pattern: "are|is content", instead: "pass, accept", why: GERMAN },
    Phrase { pattern: "are|is lacking", instead: "is missing", why: GERMAN },
    Phrase { pattern: "are|is|was|were to be", instead: "must be, will be", why: GERMAN },
    Phrase { pattern: "lay|lie|lies at|in", instead: "is in", why: GERMAN },
    Phrase { pattern: "meet|meets|met", instead: "find, read, receive, reach", why: FIELD },
    Phrase { pattern: "mend|mended|mending|mends", instead: "fix, repair, correct", why: FIELD },
    Phrase { pattern: "none but", instead: "only", why: ARCHAIC },
    Phrase { pattern: "once more", instead: "again", why: GERMAN },
    Phrase { pattern: "shall", instead: "must, will", why: ARCHAIC },
    Phrase { pattern: "said|say|says of", instead: "report about, say about", why: GERMAN },
    Phrase { pattern: "so long as", instead: "while, as long as", why: GERMAN },
    Phrase { pattern: "so many", instead: "that many, N", why: VAGUE },
    Phrase { pattern: "so much", instead: "that much, by N", why: VAGUE },
    Phrase { pattern: "stand|standing|stands|stood", instead: "is in, is, is on standby, represents", why: GERMAN },
    Phrase { pattern: "stead", instead: "instead of", why: ARCHAIC },
    Phrase { pattern: "stranger|strangers", instead: "unknown", why: FIELD },
    Phrase { pattern: "take|taken|takes|taking|took .. back", instead: "retract, revert", why: FIELD },
    Phrase { pattern: "tell|telling|tells apart", instead: "distinguish", why: GERMAN },
    Phrase { pattern: "to be had", instead: "available", why: GERMAN },
    Phrase { pattern: "told", instead: "reported, passed, configured; of kinds: distinguished", why: FIELD },
    Phrase { pattern: "whoever|whomever|whosoever", instead: "name the actor: every client that", why: ACTOR },
    Phrase { pattern: "without a word", instead: "without a clean stop", why: GERMAN },
    Phrase {
        pattern: "aforesaid|amongst|henceforth|hereby|herein|hereof|lest|ought|thence|thereby|therein|thereof|thereto|upon|whence|whereby|wherein|whereof|whilst",
        instead: "say it with on, in, by, so that, must",
        why: ARCHAIC,
    },
];

/// Words of any kind that `..` spans at most.
const GAP: usize = 3;

impl Phrase {
    /// The index of the first word of the phrase in these words, and the index after its last one. A comma ends a word before a pause.
    pub fn find(&self, words: &[String]) -> Option<(usize, usize)> {
        let pattern: Vec<&str> = self.pattern.split(' ').collect();
        (0..words.len()).find_map(|start| matched(&pattern, &words[start..]).map(|length| (start, start + length)))
    }
}

/// How many words the pattern spans from the first word on.
fn matched(pattern: &[&str], words: &[String]) -> Option<usize> {
    let Some((first, rest)) = pattern.split_first() else { return Some(0) };
    if *first == ".." {
        let clause = words.iter().take_while(|word| !word.ends_with(',')).count();
        return (0..=GAP.min(clause)).find_map(|gap| matched(rest, &words[gap..]).map(|length| gap + length));
    }
    let (word, others) = words.split_first()?;
    let bare = word.trim_end_matches(',');
    // A phrase does not go on behind a comma.
    if !rest.is_empty() && bare.len() < word.len() {
        return None;
    }
    first.split('|').any(|one| one == bare).then(|| matched(rest, others).map(|length| 1 + length))?
}

#[cfg(test)]
mod tests {
    use super::{PHRASES, Phrase};

    fn found(text: &str) -> Vec<&'static str> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        PHRASES.iter().filter(|phrase| phrase.find(&words).is_some()).map(|phrase: &Phrase| phrase.pattern).collect()
    }

    #[test]
    fn a_phrase_is_found_in_each_of_its_forms_and_across_a_gap() {
        assert_eq!(found("a stop gives its partitions up"), ["gave|give|given|gives|giving .. up"]);
        assert_eq!(found("an event is taken back"), ["take|taken|takes|taking|took .. back"]);
        assert_eq!(found("promtool is not to be had"), ["to be had"]);
        assert_eq!(found("the task starts anew beside a stranger"), ["anew", "beside", "stranger|strangers"]);
    }

    #[test]
    fn plain_words_are_not_found() {
        for plain in [
            "a clean stop releases partitions at once",
            "offsets taken from the group",
            "give each feed a name",
            "roll back and try again",
            "who came, of feedback",
            "give it, then stand-in data up",
            "an understanding",
        ] {
            assert!(found(plain).is_empty(), "{plain}");
        }
    }

    #[test]
    fn every_phrase_has_one_form_that_it_finds_itself() {
        for phrase in PHRASES {
            let one: Vec<String> = phrase
                .pattern
                .split(' ')
                .filter(|word| *word != "..")
                .filter_map(|word| word.split('|').next())
                .map(str::to_owned)
                .collect();
            assert!(phrase.find(&one).is_some(), "{}", phrase.pattern);
            assert!(!phrase.instead.is_empty() && !phrase.why.is_empty());
        }
    }
}

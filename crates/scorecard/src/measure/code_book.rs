//! The code book: what the codes of events mean. The fold reads it, so a new map repairs the months before it.
//!
//! Events hold codes as they were sent. The book holds the tables of a deployment's code files and a built-in vocabulary. Its hash is
//! part of the measure set's hash. Systems are compared without scheme, trailing slash and case; SNOMED CT and dm+d are one system.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write;

use xxhash_rust::xxh3::xxh3_128;

use crate::event::{Answer, Category, Codes};
use crate::measure::vocabulary::{
    category_of_code, category_of_words, friends_and_family_word, is_friends_and_family, short_system,
};

/// Increases when the built-in vocabulary changes its meaning.
const BUILT_IN: u32 = 1;
/// The target of a code that is known and means nothing that Plumbline counts.
const NONE: &str = "none";
/// The target of the Friends and Family question.
pub const FRIENDS_AND_FAMILY: &str = "friends_and_family";

/// The meaning of a drug's codings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrugMeaning<'b> {
    /// A code of the book's classification.
    Code(&'b str),
    /// A known code that is no drug of the classification, such as a dressing.
    NoDrug,
    /// No coding is known.
    Unmapped,
}

/// The meaning of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'b> {
    /// The Friends and Family question.
    FriendsAndFamily,
    /// A question under the word that measure files use.
    Word(&'b str),
}

/// A row of a code file that the book refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeBookError {
    /// A code, a question or a target without text.
    #[error("the {0} is empty; write it, or remove the row")]
    Empty(&'static str),
    /// A target that is no code of the classification.
    #[error("{code} maps to {target:?}, which is not a code of {classification}; write capital letters and digits, or none")]
    Drug {
        /// The mapped coding.
        code: String,
        /// Its target.
        target: String,
        /// The classification of the book.
        classification: String,
    },
    /// A target that is no category.
    #[error("{code} maps to {target:?}, which is no category of orders; write referral, test, imaging or none")]
    Category {
        /// The mapped coding.
        code: String,
        /// Its target.
        target: String,
    },
    /// A target that is no answer to the Friends and Family question.
    #[error("{code} maps to {target:?}; write very_good, good, neither, poor, very_poor or dont_know")]
    Answer {
        /// The mapped answer.
        code: String,
        /// Its target.
        target: String,
    },
    /// One code with two targets.
    #[error("{code} maps to {first:?} and to {second:?}; remove one of the rows")]
    Twice {
        /// The mapped code.
        code: String,
        /// The first target.
        first: String,
        /// The second target.
        second: String,
    },
}

/// The tables of a deployment's code files over the built-in vocabulary.
///
/// An inserted row counts before the vocabulary. The order of inserts changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeBook {
    classification: String,
    drugs: BTreeMap<String, String>,
    orders: BTreeMap<String, String>,
    questions: BTreeMap<String, String>,
    answers: BTreeMap<(String, String), String>,
    names: BTreeMap<String, String>,
}

impl Default for CodeBook {
    /// The built-in vocabulary and the BNF.
    fn default() -> CodeBook {
        CodeBook::new("bnf")
    }
}

impl CodeBook {
    /// The built-in vocabulary with this drug classification, such as `bnf` or `atc`. A code of that system means itself.
    #[must_use]
    pub fn new(classification: &str) -> CodeBook {
        CodeBook {
            classification: short_system(classification).into_owned(),
            drugs: BTreeMap::new(),
            orders: BTreeMap::new(),
            questions: BTreeMap::new(),
            answers: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// The drug classification of the targets.
    #[must_use]
    pub fn classification(&self) -> &str {
        &self.classification
    }

    /// Maps a drug code to a code of the classification, or to `none`.
    ///
    /// # Errors
    /// [`CodeBookError`] for an empty code, a target of another form, or a second target.
    pub fn insert_drug(&mut self, system: &str, code: &str, target: &str) -> Result<(), CodeBookError> {
        let key = coding_key(system, code)?;
        let target = target.trim();
        let is_code = !target.is_empty() && target.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_code && target != NONE {
            let classification = self.classification.clone();
            return Err(CodeBookError::Drug { code: key, target: target.to_owned(), classification });
        }
        insert(&mut self.drugs, key.clone(), key, target)
    }

    /// Maps the code of an order or of its category to `referral`, `test`, `imaging` or `none`.
    ///
    /// # Errors
    /// [`CodeBookError`] for an empty code, another target, or a second target.
    pub fn insert_order(&mut self, system: &str, code: &str, target: &str) -> Result<(), CodeBookError> {
        let key = coding_key(system, code)?;
        let target = target.trim();
        if target != NONE && category_word(target).is_none() {
            return Err(CodeBookError::Category { code: key, target: target.to_owned() });
        }
        insert(&mut self.orders, key.clone(), key, target)
    }

    /// Maps a question's code or `linkId` to the word of measure files, or to [`FRIENDS_AND_FAMILY`].
    ///
    /// # Errors
    /// [`CodeBookError`] for an empty question or word, or a second word.
    pub fn insert_question(&mut self, link_id: &str, target: &str) -> Result<(), CodeBookError> {
        let (link_id, target) = (named(link_id, "question")?, named(target, "target of the question")?);
        insert(&mut self.questions, link_id.to_owned(), link_id.to_owned(), target)
    }

    /// Maps the code of an answer to the word of measure files. `question` is the question's word, not its `linkId`.
    ///
    /// # Errors
    /// [`CodeBookError`] for an empty part, a second word, or a word that is no answer to the Friends and Family question.
    pub fn insert_answer(&mut self, question: &str, code: &str, target: &str) -> Result<(), CodeBookError> {
        let (question, code) = (named(question, "question")?, named(code, "answer")?);
        let target = named(target, "target of the answer")?;
        if question == FRIENDS_AND_FAMILY && friends_and_family_word(target).is_none() {
            return Err(CodeBookError::Answer { code: code.to_owned(), target: target.to_owned() });
        }
        insert(&mut self.answers, (question.to_owned(), code.to_owned()), format!("{question} {code}"), target)
    }

    /// Gives a code the name that pages show. Names are no part of the hash.
    ///
    /// # Errors
    /// [`CodeBookError`] for an empty code or name.
    pub fn insert_name(&mut self, system: &str, code: &str, name: &str) -> Result<(), CodeBookError> {
        self.names.insert(coding_key(system, code)?, named(name, "name")?.to_owned());
        Ok(())
    }

    /// The meaning of a drug's codings: the first that the book maps to a code decides, else one that it maps to `none`.
    #[must_use]
    pub fn drug<'b>(&'b self, codes: &'b Codes<'_>) -> DrugMeaning<'b> {
        let mut meaning = DrugMeaning::Unmapped;
        for coding in codes.iter() {
            match self.drug_of(coding) {
                found @ DrugMeaning::Code(_) => return found,
                DrugMeaning::NoDrug => meaning = DrugMeaning::NoDrug,
                DrugMeaning::Unmapped => {}
            }
        }
        meaning
    }

    /// The meaning of one coding of a drug, `system|code`.
    #[must_use]
    pub fn drug_of<'b>(&'b self, coding: &'b str) -> DrugMeaning<'b> {
        match self.drugs.get(&normal(coding)).map(String::as_str) {
            Some(NONE) => return DrugMeaning::NoDrug,
            Some(code) => return DrugMeaning::Code(code),
            None => {}
        }
        match coding.split_once('|') {
            Some((system, code)) if !code.is_empty() && short_system(system) == self.classification => DrugMeaning::Code(code),
            _ => DrugMeaning::Unmapped,
        }
    }

    /// The category of an order by the codings of its category, else by those of the order itself. `None` if no code says it, or the
    /// book maps the code to `none`.
    ///
    /// A native category, such as `plumbline|referral`, always means itself. Then rows of the code files count, known codes, and whole
    /// words of the codes, in this order.
    #[must_use]
    pub fn category(&self, category: &Codes<'_>, order: &Codes<'_>) -> Option<Category> {
        let native = category.iter().find_map(|coding| category_word(coding.strip_prefix("plumbline|")?));
        if native.is_some() {
            return native;
        }
        let all = || category.iter().chain(order.iter());
        if let Some(target) = all().find_map(|coding| self.orders.get(&normal(coding))) {
            return category_word(target);
        }
        let parts = || all().map(|coding| coding.split_once('|').unwrap_or(("", coding)));
        let known = parts().find_map(|(system, code)| category_of_code(&short_system(system), code));
        known.or_else(|| parts().find_map(|(_, code)| category_of_words(code)))
    }

    /// The meaning of a question by its code or `linkId`. A question that no row names has its code as its word.
    #[must_use]
    pub fn question<'b>(&'b self, link_id: &'b str) -> Question<'b> {
        match self.questions.get(link_id).map(String::as_str) {
            Some(FRIENDS_AND_FAMILY) => Question::FriendsAndFamily,
            Some(word) => Question::Word(word),
            None if is_friends_and_family(link_id) => Question::FriendsAndFamily,
            None => Question::Word(link_id),
        }
    }

    /// Whether a row of the code files, or the vocabulary, names this question.
    #[must_use]
    pub fn names_question(&self, link_id: &str) -> bool {
        self.questions.contains_key(link_id) || is_friends_and_family(link_id)
    }

    /// The word of an answer to the question with this word. An answer that no row names has its code as its word.
    #[must_use]
    pub fn answer<'b>(&'b self, question: &str, code: &'b str) -> &'b str {
        self.mapped_answer(question, code).unwrap_or(code)
    }

    /// The answer to the Friends and Family question that a code or a text names.
    #[must_use]
    pub fn friends_and_family_answer(&self, code: &str) -> Option<Answer> {
        if let Some(word) = self.mapped_answer(FRIENDS_AND_FAMILY, code) {
            return friends_and_family_word(word);
        }
        // A coding with a system is `system|code`.
        friends_and_family_word(code).or_else(|| friends_and_family_word(code.rsplit_once('|')?.1))
    }

    fn mapped_answer(&self, question: &str, code: &str) -> Option<&str> {
        if self.answers.is_empty() {
            return None;
        }
        self.answers.get(&(question.to_owned(), code.to_owned())).map(String::as_str)
    }

    /// The name of a coding, `system|code`, for pages.
    #[must_use]
    pub fn name(&self, coding: &str) -> Option<&str> {
        self.names.get(&normal(coding)).map(String::as_str)
    }

    /// Fingerprint of the meanings: XXH3-128 over the version of the vocabulary, the classification and all rows.
    #[must_use]
    pub fn hash(&self) -> u128 {
        let mut text = format!("{BUILT_IN} {}\n", self.classification);
        let tables = [("drug", &self.drugs), ("order", &self.orders), ("question", &self.questions)];
        for (table, rows) in tables {
            rows.iter()
                .for_each(|(code, target)| writeln!(text, "{table} {code:?} {target:?}").expect("a text takes everything"));
        }
        for ((question, code), target) in &self.answers {
            writeln!(text, "answer {question:?} {code:?} {target:?}").expect("a text takes everything");
        }
        xxh3_128(text.as_bytes())
    }
}

fn insert<K: Ord>(table: &mut BTreeMap<K, String>, key: K, shown: String, target: &str) -> Result<(), CodeBookError> {
    match table.entry(key) {
        Entry::Occupied(held) if held.get() != target => {
            Err(CodeBookError::Twice { code: shown, first: held.get().clone(), second: target.to_owned() })
        }
        Entry::Occupied(_) => Ok(()),
        Entry::Vacant(free) => {
            free.insert(target.to_owned());
            Ok(())
        }
    }
}

fn named<'t>(text: &'t str, part: &'static str) -> Result<&'t str, CodeBookError> {
    match text.trim() {
        "" => Err(CodeBookError::Empty(part)),
        text => Ok(text),
    }
}

fn coding_key(system: &str, code: &str) -> Result<String, CodeBookError> {
    Ok(format!("{}|{}", short_system(system.trim()), named(code, "code")?))
}

/// A coding of an event, `system|code` with percent-encoded parts, as the key of a table.
fn normal(coding: &str) -> String {
    let (system, code) = coding.split_once('|').unwrap_or(("", coding));
    format!("{}|{}", short_system(&decoded(system)), decoded(code).trim())
}

fn decoded(part: &str) -> Cow<'_, str> {
    if part.contains('%') { part.replace("%7C", "|").replace("%25", "%").into() } else { part.into() }
}

fn category_word(target: &str) -> Option<Category> {
    match target {
        "referral" => Some(Category::Referral),
        "test" => Some(Category::Test),
        "imaging" => Some(Category::Imaging),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes<'a>(codings: &[&'a str]) -> Codes<'a> {
        codings.iter().map(|coding| Cow::Borrowed(*coding)).collect()
    }

    #[test]
    fn snomed_and_dmd_are_one_look_up_under_every_spelling() {
        let mut book = CodeBook::default();
        book.insert_drug("https://dmd.nhs.uk", "322236009", "0407010H0AAAMAM").unwrap();
        for system in ["http://snomed.info/sct", "dm+d", "DMD", "https://dmd.nhs.uk/", "snomed", "HTTPS://SNOMED.info/sct/"] {
            let coding = format!("{system}|322236009");
            assert_eq!(book.drug(&codes(&[&coding])), DrugMeaning::Code("0407010H0AAAMAM"), "{system}");
        }
        assert_eq!(book.drug(&codes(&["rxnorm|322236009"])), DrugMeaning::Unmapped);
    }

    #[test]
    fn the_first_known_code_decides_and_none_is_known() {
        let mut book = CodeBook::default();
        book.insert_drug("dmd", "1", "none").unwrap();
        book.insert_drug("dmd", "2", "0501013B0AAABAB").unwrap();
        let amoxicillin = DrugMeaning::Code("0501013B0AAABAB");
        assert_eq!(book.drug(&codes(&["dmd|1", "local|x", "snomed|2"])), amoxicillin);
        assert_eq!(book.drug(&codes(&["local|x", "dmd|1"])), DrugMeaning::NoDrug);
        assert_eq!(book.drug(&codes(&["local|x"])), DrugMeaning::Unmapped);
        assert_eq!(book.drug(&codes(&[])), DrugMeaning::Unmapped);
        assert_eq!(book.drug(&codes(&["https://fhir.hl7.org.uk/Id/bnf|0501013B0AAABAB"])), amoxicillin);
        assert_eq!(CodeBook::new("atc").drug(&codes(&["http://www.whocc.no/atc|J01CA04"])), DrugMeaning::Code("J01CA04"));
    }

    #[test]
    fn categories_are_known_by_code_and_by_whole_words() {
        let book = CodeBook::default();
        let category = |coding: &str| book.category(&codes(&[coding]), &Codes::default());
        let known = [
            ("plumbline|referral", Category::Referral),
            ("http://snomed.info/sct|3457005", Category::Referral),
            ("http://snomed.info/sct|363679005", Category::Imaging),
            ("http://snomed.info/sct|108252007", Category::Test),
            ("local|referral-to-radiology", Category::Referral),
            ("local|Laboratory", Category::Test),
        ];
        for (coding, expected) in known {
            assert_eq!(category(coding), Some(expected), "{coding}");
        }
        for other in ["local|gastrointestinal", "local|latest", "local|attestation", "other|3457005"] {
            assert_eq!(category(other), None, "{other}");
        }
    }

    #[test]
    fn a_row_counts_before_the_vocabulary() {
        let mut book = CodeBook::default();
        book.insert_order("local", "test", "none").unwrap();
        assert_eq!(book.category(&codes(&["local|test"]), &Codes::default()), None);
        book.insert_question("fft", "listened").unwrap();
        assert_eq!(book.question("fft"), Question::Word("listened"));
        assert_eq!(book.question("answer"), Question::FriendsAndFamily);
        assert_eq!(book.question("explained"), Question::Word("explained"));
        book.insert_answer("listened", "3", "yes_definitely").unwrap();
        assert_eq!(book.answer("listened", "3"), "yes_definitely");
        assert_eq!(book.answer("listened", "no"), "no");
        book.insert_answer(FRIENDS_AND_FAMILY, "1", "very_good").unwrap();
        assert_eq!(book.friends_and_family_answer("1"), Some(Answer::VeryGood));
        assert_eq!(book.friends_and_family_answer("Don't know"), Some(Answer::DontKnow));
        assert_eq!(book.friends_and_family_answer("https://example.org/fft|very-good"), Some(Answer::VeryGood));
        assert_eq!(book.friends_and_family_answer("7"), None);
    }

    #[test]
    fn a_refused_row_names_the_cure() {
        let mut book = CodeBook::default();
        book.insert_drug("dmd", "1", "0501").unwrap();
        let refused = [
            book.insert_drug("dmd", "1", "0502").unwrap_err().to_string(),
            book.insert_drug("dmd", "2", "amoxicillin").unwrap_err().to_string(),
            book.insert_drug("dmd", " ", "0501").unwrap_err().to_string(),
            book.insert_order("local", "x", "operation").unwrap_err().to_string(),
            book.insert_answer(FRIENDS_AND_FAMILY, "1", "great").unwrap_err().to_string(),
        ];
        for (error, cure) in refused.iter().zip(["remove one", "or none", "remove the row", "imaging or none", "write very_good"])
        {
            assert!(error.contains(cure), "{error}");
        }
        assert_eq!(book.drug(&codes(&["dmd|1"])), DrugMeaning::Code("0501"));
    }

    #[test]
    fn meanings_change_the_hash_and_names_and_order_do_not() {
        let book = |rows: &[(&str, &str)]| {
            let mut book = CodeBook::default();
            rows.iter().for_each(|(code, target)| book.insert_drug("dmd", code, target).unwrap());
            book
        };
        let (one, other) = (book(&[("1", "05"), ("2", "06")]), book(&[("2", "06"), ("1", "05")]));
        assert_eq!(one.hash(), other.hash());
        assert_ne!(one.hash(), book(&[("1", "05"), ("2", "none")]).hash());
        assert_ne!(CodeBook::default().hash(), CodeBook::new("atc").hash());
        let mut with_name = one.clone();
        with_name.insert_name("dmd", "1", "Amoxicillin").unwrap();
        assert_eq!((with_name.hash(), with_name.name("snomed|1")), (one.hash(), Some("Amoxicillin")));
    }
}

//! The built-in vocabulary of the code book: code systems, categories of orders, and the Friends and Family question.
//!
//! Sources: HL7's terminology server (ServiceRequest categories, table 0074), SNOMED CT, NHS England's Friends and Family Test.

use std::borrow::Cow;

use crate::event::{Answer, Category};

/// Systems without scheme, trailing slash and capitals, by their short names.
const SYSTEMS: [(&str, &str); 14] = [
    ("snomed.info/sct", "snomed"),
    ("snomed-ct", "snomed"),
    ("urn:oid:2.16.840.1.113883.6.96", "snomed"),
    ("dmd", "snomed"),
    ("dm+d", "snomed"),
    ("dmd.nhs.uk", "snomed"),
    ("dmd.nhs.uk/dmd", "snomed"),
    ("www.nlm.nih.gov/research/umls/rxnorm", "rxnorm"),
    ("www.whocc.no/atc", "atc"),
    ("hl7.org/fhir/sid/icd-10", "icd10"),
    ("loinc.org", "loinc"),
    ("read.info/readv2", "readv2"),
    ("terminology.hl7.org/codesystem/v2-0074", "v2-0074"),
    ("terminology.hl7.org/codesystem/observation-category", "observation-category"),
];

/// SNOMED's categories of procedures, as FHIR's value set of categories names them.
const SNOMED_CATEGORIES: [(&str, Category); 5] = [
    ("3457005", Category::Referral),
    ("306206005", Category::Referral),
    ("103696004", Category::Referral),
    ("108252007", Category::Test),
    ("363679005", Category::Imaging),
];

/// Sections of diagnostic services, HL7 table 0074.
const SECTIONS: [(&str, Category); 15] = [
    ("LAB", Category::Test),
    ("HM", Category::Test),
    ("CH", Category::Test),
    ("MB", Category::Test),
    ("SR", Category::Test),
    ("BLB", Category::Test),
    ("CP", Category::Test),
    ("RAD", Category::Imaging),
    ("RX", Category::Imaging),
    ("RUS", Category::Imaging),
    ("OUS", Category::Imaging),
    ("VUS", Category::Imaging),
    ("CT", Category::Imaging),
    ("NMR", Category::Imaging),
    ("NMS", Category::Imaging),
];

/// Words that name a category, in the order in which they decide: a referral stays a referral whatever it is to.
const WORDS: [(&str, Category); 7] = [
    ("referral", Category::Referral),
    ("imaging", Category::Imaging),
    ("radiology", Category::Imaging),
    ("laboratory", Category::Test),
    ("pathology", Category::Test),
    ("test", Category::Test),
    ("tests", Category::Test),
];

/// Answers to the Friends and Family question.
const ANSWERS: [(&str, Answer); 7] = [
    ("very_good", Answer::VeryGood),
    ("good", Answer::Good),
    ("neither", Answer::Neither),
    ("neither_good_nor_poor", Answer::Neither),
    ("poor", Answer::Poor),
    ("very_poor", Answer::VeryPoor),
    ("dont_know", Answer::DontKnow),
];

/// The short name of a code system, whatever its scheme, trailing slash and case; an unknown system in its plain form.
///
/// SNOMED CT and dm+d are one system: a dm+d code is a SNOMED code. Every system that ends in `/bnf` is the BNF.
#[must_use]
pub fn short_system(system: &str) -> Cow<'_, str> {
    if matches!(system, "bnf" | "snomed" | "plumbline" | "atc") {
        return Cow::Borrowed(system);
    }
    let lower = system.trim().to_lowercase();
    let bare = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or(&lower);
    let bare = bare.trim_end_matches('/');
    if bare == "bnf" || bare.ends_with("/bnf") {
        return Cow::Borrowed("bnf");
    }
    // The edition of SNOMED CT is a further part of its URI.
    if bare.starts_with("snomed.info/sct/") {
        return Cow::Borrowed("snomed");
    }
    match SYSTEMS.iter().find(|(known, _)| *known == bare) {
        Some((_, short)) => Cow::Borrowed(short),
        None => Cow::Owned(bare.to_owned()),
    }
}

/// The category that a code of this system names; `system` is a short name.
pub(crate) fn category_of_code(system: &str, code: &str) -> Option<Category> {
    let table: &[(&str, Category)] = match system {
        "snomed" | "" => &SNOMED_CATEGORIES,
        "v2-0074" => &SECTIONS,
        _ => return None,
    };
    table.iter().find(|(known, _)| *known == code).map(|(_, category)| *category)
}

/// The category that a whole word of a text names.
#[must_use]
pub fn category_of_words(text: &str) -> Option<Category> {
    let lower = text.to_lowercase();
    let has = |word: &str| lower.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    WORDS.iter().find(|(word, _)| has(word)).map(|(_, category)| *category)
}

/// Whether a `linkId` is one of the built-in ones of the Friends and Family question.
pub(crate) fn is_friends_and_family(link_id: &str) -> bool {
    matches!(link_id, "fft" | "friends-and-family" | "answer")
}

/// The answer that a word or a title names, such as `very_good` or `Very good`.
#[must_use]
pub fn friends_and_family_word(text: &str) -> Option<Answer> {
    let word: String = text.trim().to_lowercase().chars().filter(|c| !matches!(c, '\'' | '\u{2019}')).collect();
    let word = word.replace([' ', '-'], "_");
    ANSWERS.iter().find(|(name, _)| *name == word).map(|(_, answer)| *answer)
}

//! The normal form of codes, numbers and roles. Intake and the directory use the same functions, so that old and new events do not
//! split a person.
//!
//! A function never rejects a text: an unknown system keeps its name and its values.
//!
//! Sources of the URIs: NHS England's and HL7 UK's FHIR naming systems, HL7's terminology server.

use std::borrow::Cow;

/// Known identifier systems: the URI without scheme and trailing slash in lower case, and the short name.
pub const IDENTIFIER_URIS: [(&str, &str); 11] = [
    ("fhir.nhs.uk/id/gmc-reference-number", "gmc"),
    ("fhir.hl7.org.uk/id/gmc-number", "gmc"),
    ("fhir.hl7.org.uk/id/gmp-number", "gmp"),
    ("fhir.hl7.org.uk/id/nmc-number", "nmc"),
    ("fhir.hl7.org.uk/id/gphc-number", "gphc"),
    ("fhir.hl7.org.uk/id/hcpc-number", "hcpc"),
    ("fhir.nhs.uk/id/sds-user-id", "sds"),
    ("fhir.nhs.uk/id/ods-organization-code", "ods"),
    ("fhir.nhs.uk/id/nhs-number", "nhs"),
    ("hl7.org/fhir/sid/us-npi", "npi"),
    ("hl7.org/fhir/sid/us-ssn", "ssn"),
];

/// The short names of the known systems whose values have a normal form of their own.
const SHORT_NAMES: [&str; 8] = ["gmc", "gmp", "nmc", "gphc", "hcpc", "sds", "ods", "npi"];

/// Digits of a GMC reference number.
const GMC_DIGITS: usize = 7;

/// Lengths of a text that is read as an ODS code. Codes of organisations have 3 to 6 characters, codes of sites up to 9.
const ODS_LENGTHS: std::ops::RangeInclusive<usize> = 3..=10;

/// The practice of events that name none.
pub const NO_PRACTICE: &str = "unknown";

/// The short name of a known identifier system, for its URI or its short name in any case. `None` for an unknown system.
#[must_use]
pub fn short_system(system: &str) -> Option<&'static str> {
    let name = system.trim();
    if let Some(short) = SHORT_NAMES.into_iter().find(|short| short.eq_ignore_ascii_case(name)) {
        return Some(short);
    }
    let bare = name.split_once("://").map_or(name, |(_, rest)| rest).trim_end_matches('/');
    IDENTIFIER_URIS.iter().find(|(uri, _)| uri.eq_ignore_ascii_case(bare)).map(|(_, short)| *short)
}

/// The normal form of a value of a system. Blanks go and letters are upper case in a known system; another value stays.
///
/// `system` is a short name of [`short_system`], or any other system.
#[must_use]
pub fn identifier_value<'v>(system: &str, value: &'v str) -> Cow<'v, str> {
    if !SHORT_NAMES.contains(&system) {
        return Cow::Borrowed(value);
    }
    let clean = upper_without_blanks(value);
    let digits = match (system, clean.strip_prefix('C')) {
        ("gmc", Some(digits)) if digits.len() == GMC_DIGITS && digits.bytes().all(|b| b.is_ascii_digit()) => digits.len(),
        _ => return clean,
    };
    match clean {
        Cow::Borrowed(text) => Cow::Borrowed(&text[text.len() - digits..]),
        Cow::Owned(text) => Cow::Owned(text[text.len() - digits..].to_owned()),
    }
}

/// The normal form of a person's key: `system|value` with the system's short name and the value's normal form.
///
/// A key of another system, such as `a81001-emis|Practitioner/1`, and an id without a system only lose blanks around them.
#[must_use]
pub fn person_key(key: &str) -> Cow<'_, str> {
    let key = key.trim();
    let Some((system, value)) = key.split_once('|') else { return Cow::Borrowed(key) };
    let Some(short) = short_system(system) else { return Cow::Borrowed(key) };
    match identifier_value(short, value) {
        Cow::Borrowed(clean) if short == system && clean.len() == value.len() => Cow::Borrowed(key),
        clean => Cow::Owned(format!("{short}|{clean}")),
    }
}

/// The normal form of a practice's key: an ODS code in upper case without blanks.
///
/// A reference such as `a81001-emis|Organization/1`, a long code and the word `unknown` only lose blanks around them.
#[must_use]
pub fn organisation_key(key: &str) -> Cow<'_, str> {
    let key = key.trim();
    if let Some((system, value)) = key.split_once('|') {
        let is_code = short_system(system) == Some("ods") && !value.contains('|');
        return if is_code { identifier_value("ods", value) } else { Cow::Borrowed(key) };
    }
    if is_ods_like(key) { upper_without_blanks(key) } else { Cow::Borrowed(key) }
}

/// Whether this is a feed's name for a FHIR Location, such as `a81001-emis|Location/3`, of its own or of another server.
#[must_use]
pub fn is_location(key: &str) -> bool {
    let kind = key.split_once('|').and_then(|(_, name)| name.rsplit_once('/')).map(|(kind, _)| kind);
    kind.is_some_and(|kind| kind.rsplit('/').next() == Some("Location"))
}

/// The normal form of a role: lower case without blanks around it.
#[must_use]
pub fn role_word(role: &str) -> Cow<'_, str> {
    let role = role.trim();
    if role.chars().any(char::is_uppercase) { Cow::Owned(role.to_lowercase()) } else { Cow::Borrowed(role) }
}

/// Letters and digits only, and a digit among them or exactly three letters: `A81001`, `Q70`, `QWO`.
fn is_ods_like(key: &str) -> bool {
    ODS_LENGTHS.contains(&key.len())
        && key != NO_PRACTICE
        && key.bytes().all(|b| b.is_ascii_alphanumeric())
        && (key.len() == *ODS_LENGTHS.start() || key.bytes().any(|b| b.is_ascii_digit()))
}

fn upper_without_blanks(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.chars().any(|c| c.is_whitespace() || c.is_ascii_lowercase()) {
        return Cow::Owned(text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect());
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_gmc_number_are_one_key() {
        for spelling in [
            "gmc|7012345",
            "GMC|7012345",
            "gmc |7012345",
            "gmc| 7012345",
            "gmc | 701 2345 ",
            "gmc|C7012345",
            "Gmc|c7012345",
            "https://fhir.hl7.org.uk/Id/gmc-number|7012345",
            "http://fhir.hl7.org.uk/Id/gmc-number/|C7012345",
            "https://FHIR.nhs.uk/Id/gmc-reference-number|7012345",
        ] {
            assert_eq!(person_key(spelling), "gmc|7012345", "{spelling}");
        }
    }

    #[test]
    fn each_system_has_its_own_normal_form() {
        for (given, normal) in [
            ("GMP|g7012345", "gmp|G7012345"),
            ("nmc|98i1234e", "nmc|98I1234E"),
            ("HCPC|pa12345", "hcpc|PA12345"),
            ("http://hl7.org/fhir/sid/us-npi|1234567893", "npi|1234567893"),
            // A letter before another number of digits is no GMC number with its letter.
            ("gmc|C701234", "gmc|C701234"),
            ("gmp|C7012345", "gmp|C7012345"),
        ] {
            assert_eq!(person_key(given), normal, "{given}");
        }
    }

    #[test]
    fn an_unknown_system_keeps_its_name_and_its_value() {
        for key in ["https://example.org/Staff/|ab 7", "a81001-emis|Practitioner/aB1", "dr-Lee", "x%7Cy|gmc|7"] {
            assert_eq!(person_key(key), key);
        }
        assert_eq!(person_key(" dr-lee "), "dr-lee");
    }

    #[test]
    fn ods_codes_are_upper_case_and_references_and_words_stay() {
        for (given, normal) in [
            ("a81001", "A81001"),
            (" A81001 ", "A81001"),
            ("qwo", "QWO"),
            ("u1", "u1"),
            ("ods|a81001", "A81001"),
            ("https://fhir.nhs.uk/Id/ods-organization-code|a81001", "A81001"),
            ("a81001-emis|Organization/aB1", "a81001-emis|Organization/aB1"),
            ("unknown", "unknown"),
            ("", ""),
            ("ef58ea08-d883-3957-8300-150554edc8fb", "ef58ea08-d883-3957-8300-150554edc8fb"),
            ("riverside", "riverside"),
        ] {
            assert_eq!(organisation_key(given), normal, "{given}");
        }
    }

    #[test]
    fn roles_are_lower_case() {
        assert_eq!([" GP ", "Nurse", "gp"].map(role_word), ["gp", "nurse", "gp"]);
    }

    #[test]
    fn a_key_in_normal_form_is_not_copied() {
        assert!(matches!(person_key("gmc|7012345"), Cow::Borrowed(_)));
        assert!(matches!(organisation_key("A81001"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own_normal_form(key in "[ gGmMcC|CcA-B0-9a:/%]{0,14}|(GMC|ods|NPI|f)\\|[ Cc0-9a-z|]{0,10}") {
            for normal in [person_key, organisation_key, role_word] {
                let once = normal(&key).into_owned();
                let twice = normal(&once).into_owned();
                prop_assert_eq!(twice, once);
            }
        }
    }
}

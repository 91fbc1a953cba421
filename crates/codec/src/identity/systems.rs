//! Identifier and code systems by their short names, and drug codes as BNF codes.
//!
//! Sources of the URIs: NHS England's and HL7 UK's FHIR naming systems, HL7's terminology server.

use std::collections::BTreeMap;

/// Known identifier systems: URI and short name.
pub const IDENTIFIER_SYSTEMS: [(&str, &str); 11] = [
    ("https://fhir.nhs.uk/Id/gmc-reference-number", "gmc"),
    ("https://fhir.hl7.org.uk/Id/gmc-number", "gmc"),
    ("https://fhir.hl7.org.uk/Id/gmp-number", "gmp"),
    ("https://fhir.hl7.org.uk/Id/nmc-number", "nmc"),
    ("https://fhir.hl7.org.uk/Id/gphc-number", "gphc"),
    ("https://fhir.hl7.org.uk/Id/hcpc-number", "hcpc"),
    ("https://fhir.nhs.uk/Id/sds-user-id", "sds"),
    ("https://fhir.nhs.uk/Id/ods-organization-code", "ods"),
    ("https://fhir.nhs.uk/Id/nhs-number", "nhs"),
    ("http://hl7.org/fhir/sid/us-npi", "npi"),
    ("http://hl7.org/fhir/sid/us-ssn", "ssn"),
];

/// The identifier systems that name a person, best first. Without any of them, the first identifier of the resource does.
pub const PREFERENCE: [&str; 7] = ["gmc", "gmp", "nmc", "gphc", "hcpc", "sds", "npi"];

/// Known code systems: URI or another spelling, and short name.
const CODE_SYSTEMS: [(&str, &str); 8] = [
    ("http://snomed.info/sct", "snomed"),
    ("https://dmd.nhs.uk", "dmd"),
    ("https://dmd.nhs.uk/dmd", "dmd"),
    ("dm+d", "dmd"),
    ("http://www.nlm.nih.gov/research/umls/rxnorm", "rxnorm"),
    ("http://hl7.org/fhir/sid/icd-10", "icd10"),
    ("http://loinc.org", "loinc"),
    ("http://read.info/readv2", "readv2"),
];

/// The short name of a code system, or the system itself when it is unknown. Every system that ends in `/bnf` is the BNF.
#[must_use]
pub fn code_system(system: &str) -> &str {
    if system == "bnf" || system.ends_with("/bnf") {
        return "bnf";
    }
    CODE_SYSTEMS.iter().find(|(known, _)| *known == system).map_or(system, |(_, short)| short)
}

/// The short names of identifier systems.
#[derive(Clone, Debug)]
pub(crate) struct IdentifierSystems(BTreeMap<String, String>);

impl IdentifierSystems {
    /// The known systems and these.
    pub(crate) fn with(more: &BTreeMap<String, String>) -> IdentifierSystems {
        let known = IDENTIFIER_SYSTEMS.iter().map(|(uri, short)| ((*uri).to_owned(), (*short).to_owned()));
        IdentifierSystems(known.chain(more.clone()).collect())
    }

    /// The short name of a system, or the system itself when it is unknown.
    pub(crate) fn short<'s>(&'s self, system: &'s str) -> &'s str {
        // Short names hold no colon; URIs do.
        if system.contains(':') { self.0.get(system).map_or(system, String::as_str) } else { system }
    }
}

/// A key of two parts with a bar between them; `|` and `%` inside a part are percent-encoded.
#[must_use]
pub(crate) fn key(system: &str, value: &str) -> String {
    let mut key = String::with_capacity(system.len() + value.len() + 1);
    push_part(&mut key, system);
    key.push('|');
    push_part(&mut key, value);
    key
}

fn push_part(key: &mut String, part: &str) {
    if part.bytes().any(|b| matches!(b, b'|' | b'%')) {
        key.push_str(&part.replace('%', "%25").replace('|', "%7C"));
    } else {
        key.push_str(part);
    }
}

/// Whether this is a BNF code or the head of one: two digits, then up to 13 digits and capital letters.
#[must_use]
pub fn is_bnf(code: &str) -> bool {
    let bytes = code.as_bytes();
    // The loop has no early exit: nearly all codes are valid, so nearly all bytes are read anyway.
    let known = |b: &u8| b.is_ascii_digit() | b.is_ascii_uppercase();
    (2..=15).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_digit)
        && bytes[2..].iter().fold(true, |all, b| all & known(b))
}

/// Whether this is the full code of an appliance: eleven digits, the first two of them a chapter from 20 to 23.
#[must_use]
pub fn is_appliance(code: &str) -> bool {
    code.len() == 11 && code.bytes().all(|b| b.is_ascii_digit()) && ("20".."24").contains(&&code[..2])
}

/// An entry of a code map whose target is not a BNF code.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{system} {code} maps to {bnf:?}, which is not a BNF code; write two digits and up to 13 digits and capital letters")]
pub struct NotABnfCode {
    /// The system of the mapped code.
    pub system: String,
    /// The mapped code.
    pub code: String,
    /// The target.
    pub bnf: String,
}

/// Translates drug codes of other systems to BNF codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeMap(BTreeMap<String, BTreeMap<String, String>>);

impl CodeMap {
    /// Adds one translation; the last one of a code counts.
    ///
    /// # Errors
    /// [`NotABnfCode`] when `bnf` is not a BNF code.
    pub fn insert(&mut self, system: &str, code: &str, bnf: &str) -> Result<(), NotABnfCode> {
        if !is_bnf(bnf) {
            return Err(NotABnfCode { system: system.to_owned(), code: code.to_owned(), bnf: bnf.to_owned() });
        }
        self.0.entry(code_system(system).to_owned()).or_default().insert(code.to_owned(), bnf.to_owned());
        Ok(())
    }

    /// The BNF code of a code; `system` is a short name.
    #[must_use]
    pub fn get(&self, system: &str, code: &str) -> Option<&str> {
        self.0.get(system)?.get(code).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_gmc_systems_are_one() {
        let systems = IdentifierSystems::with(&BTreeMap::new());
        assert_eq!(systems.short("https://fhir.nhs.uk/Id/gmc-reference-number"), "gmc");
        assert_eq!(systems.short("https://fhir.hl7.org.uk/Id/gmc-number"), "gmc");
        assert_eq!(systems.short("gmc"), "gmc");
        assert_eq!(systems.short("https://example.org/staff"), "https://example.org/staff");
    }

    #[test]
    fn whatever_ends_in_bnf_is_the_bnf() {
        assert_eq!(code_system("https://fhir.hl7.org.uk/Id/bnf"), "bnf");
        assert_eq!(code_system("bnf"), "bnf");
        assert_eq!(code_system("https://example.org/notbnf"), "https://example.org/notbnf");
    }

    #[test]
    fn bnf_codes_have_their_form() {
        for good in ["05", "0501013B0AAABAB", "21010900100", "0501"] {
            assert!(is_bnf(good), "{good}");
        }
        for bad in ["5", "0501013b0", "0501013B0AAABABX", "A501", "05 01", "05.1", ""] {
            assert!(!is_bnf(bad), "{bad}");
        }
    }

    #[test]
    fn appliances_have_eleven_digits_in_chapters_20_to_23() {
        for good in ["20306210804", "23999999999"] {
            assert!(is_appliance(good), "{good}");
        }
        for bad in ["19306210804", "24000000000", "2030621080", "203062108041", "2030621080A", "é030621080", ""] {
            assert!(!is_appliance(bad), "{bad}");
        }
    }

    #[test]
    fn a_code_map_takes_only_bnf_codes() {
        let mut map = CodeMap::default();
        assert!(map.insert("dm+d", "322236009", "amoxicillin").is_err());
        map.insert("https://dmd.nhs.uk", "322236009", "0407010H0AAAMAM").unwrap();
        assert_eq!(map.get("dmd", "322236009"), Some("0407010H0AAAMAM"));
    }

    #[test]
    fn the_parts_of_a_key_hold_no_bar() {
        assert_eq!(key("a|b%7C", "1"), "a%7Cb%257C|1");
    }
}

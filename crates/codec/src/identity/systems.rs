//! Identifier and code systems by their short names, and the forms of their codes and keys.
//!
//! Systems are compared without scheme, trailing slash and case. Sources of the URIs: NHS England's and HL7 UK's FHIR naming systems,
//! HL7's terminology server.

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

/// Known code systems, without scheme: URI or another spelling, and short name.
const CODE_SYSTEMS: [(&str, &str); 17] = [
    ("bnf", "bnf"),
    ("snomed", "snomed"),
    ("snomed-ct", "snomed"),
    ("snomed.info/sct", "snomed"),
    ("urn:oid:2.16.840.1.113883.6.96", "snomed"),
    ("dmd", "dmd"),
    ("dm+d", "dmd"),
    ("dmd.nhs.uk", "dmd"),
    ("dmd.nhs.uk/dmd", "dmd"),
    ("rxnorm", "rxnorm"),
    ("www.nlm.nih.gov/research/umls/rxnorm", "rxnorm"),
    ("hl7.org/fhir/sid/icd-10", "icd10"),
    ("atc", "atc"),
    ("www.whocc.no/atc", "atc"),
    ("loinc", "loinc"),
    ("loinc.org", "loinc"),
    ("read.info/readv2", "readv2"),
];

/// The head of a URI of an edition of SNOMED CT, without scheme.
const SNOMED_EDITIONS: &str = "snomed.info/sct/";

/// The short name of a code system, or the system itself when it is unknown. Every system that ends in `/bnf` is the BNF.
#[must_use]
pub fn code_system(system: &str) -> &str {
    // Most senders of the native form write the short name.
    if let "bnf" | "snomed" = system {
        return system;
    }
    let compared = compared(system);
    if ends_in_bnf(compared.as_bytes()) {
        return "bnf";
    }
    // The edition of SNOMED CT is a further part of its URI.
    if let Some(head) = compared.get(..SNOMED_EDITIONS.len())
        && head.eq_ignore_ascii_case(SNOMED_EDITIONS)
    {
        return "snomed";
    }
    CODE_SYSTEMS.iter().find(|(known, _)| known.eq_ignore_ascii_case(compared)).map_or(system, |(_, short)| short)
}

/// A system as it is compared: without blanks, scheme and trailing slash.
fn compared(system: &str) -> &str {
    let system = system.trim();
    let without = |scheme: &str| {
        let head = system.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &system[scheme.len()..])
    };
    let rest = without("https://").or_else(|| without("http://")).unwrap_or(system);
    rest.strip_suffix('/').unwrap_or(rest)
}

fn ends_in_bnf(system: &[u8]) -> bool {
    system.last_chunk::<4>().is_some_and(|end| end.eq_ignore_ascii_case(b"/bnf"))
}

/// The short name of a known identifier system, or the system itself.
#[must_use]
pub fn identifier_system(system: &str) -> &str {
    let known = |(uri, short): &(&'static str, &'static str)| {
        compared(uri).eq_ignore_ascii_case(compared(system)) || short.eq_ignore_ascii_case(system.trim())
    };
    IDENTIFIER_SYSTEMS.iter().find(|system| known(system)).map_or(system, |(_, short)| short)
}

/// The short names of identifier systems.
#[derive(Clone, Debug)]
pub(crate) struct IdentifierSystems {
    /// Spellings as they are compared, and their short names.
    known: Vec<(String, String)>,
}

impl IdentifierSystems {
    /// The known systems and these. A spelling of `more` replaces a known one.
    pub(crate) fn with(more: &BTreeMap<String, String>) -> IdentifierSystems {
        let own = more.iter().map(|(uri, short)| (uri.as_str(), short.as_str()));
        let spellings = own.chain(IDENTIFIER_SYSTEMS).flat_map(|(uri, short)| [(compared(uri), short), (short, short)]);
        IdentifierSystems { known: spellings.map(|(known, short)| (known.to_owned(), short.to_owned())).collect() }
    }

    /// The short name of a system, or the system itself when it is unknown.
    pub(crate) fn short<'s>(&'s self, system: &'s str) -> &'s str {
        if PREFERENCE.contains(&system) {
            return system;
        }
        let compared = compared(system);
        self.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(compared)).map_or(system, |(_, short)| short)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_identifier_system_is_one() {
        let systems = IdentifierSystems::with(&[("https://example.org/doctors".to_owned(), "doc".to_owned())].into());
        for spelling in [
            "https://fhir.nhs.uk/Id/gmc-reference-number",
            "https://fhir.hl7.org.uk/Id/gmc-number",
            "http://fhir.hl7.org.uk/Id/gmc-number",
            "https://fhir.hl7.org.uk/Id/gmc-number/",
            "HTTPS://FHIR.HL7.ORG.UK/id/GMC-number",
            "gmc",
            "GMC",
        ] {
            assert_eq!(systems.short(spelling), "gmc", "{spelling}");
        }
        assert_eq!(systems.short("http://example.org/Doctors/"), "doc");
        for unknown in ["https://example.org/staff", "gmc-number", "", "http://"] {
            assert_eq!(systems.short(unknown), unknown);
        }
    }

    #[test]
    fn code_systems_are_compared_without_scheme_slash_and_case() {
        for (spelling, short) in [
            ("https://fhir.hl7.org.uk/Id/bnf", "bnf"),
            ("https://fhir.hl7.org.uk/Id/BNF/", "bnf"),
            ("BNF", "bnf"),
            ("Bnf ", "bnf"),
            ("https://snomed.info/sct", "snomed"),
            ("http://SNOMED.info/sct/", "snomed"),
            ("SNOMED", "snomed"),
            ("http://snomed.info/sct/83821000000107", "snomed"),
            ("urn:oid:2.16.840.1.113883.6.96", "snomed"),
            ("http://www.whocc.no/atc", "atc"),
            ("DM+D", "dmd"),
            ("http://dmd.nhs.uk", "dmd"),
            ("http://loinc.org", "loinc"),
        ] {
            assert_eq!(code_system(spelling), short, "{spelling}");
        }
        for unknown in ["https://example.org/notbnf", "Local", "", "é/bnx"] {
            assert_eq!(code_system(unknown), unknown);
        }
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
    fn the_parts_of_a_key_hold_no_bar() {
        assert_eq!(key("a|b%7C", "1"), "a%7Cb%257C|1");
    }
}

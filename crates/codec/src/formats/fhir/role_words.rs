//! The word of a role: by a configured code, else by a known code of a coding, else by whole words of texts and displays.
//!
//! Sources: NHS England, "SDS role groups" of Appointments in General Practice (job role codes); SNOMED CT (occupations); NUCC
//! Health Care Provider Taxonomy.

use scorecard::registry::role_words::{REGISTERED, role_of_number};

use crate::formats::decoder_config::Rules;
use crate::formats::fhir::concepts::{has_phrase, phrases};
use crate::formats::fhir::resources::{Coding, Concept};
use crate::identity::systems::code_system;
use crate::json::object::{Node, Scalar};

/// The role of a PractitionerRole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoleWord<'r> {
    pub(crate) word: &'r str,
    pub(crate) locum: bool,
}

const OTHER: &str = "other";

/// NHS job role codes with the words of their roles. A code that is not listed has the word `other`.
const SDS_CODES: [(&str, &[&str]); 11] = [
    ("gp", &["R0260", "R0261", "R0262", "R0263", "R0270", "R1547", "R6300"]),
    ("trainee", &["R0110", "R0120", "R0130", "R0140", "R0150", "R0160", "R0410", "R1660", "R6200", "R6400", "R8004", "R9816"]),
    (
        "nurse",
        &[
            "R0560", "R0570", "R0580", "R0590", "R0600", "R0610", "R0620", "R0630", "R0690", "R0700", "R1543", "R1974", "R1975",
            "R8001", "R8002",
        ],
    ),
    ("midwife", &["R0640", "R0650", "R0660", "R0670", "R0680", "R8016", "R8017"]),
    ("nursing_associate", &["R9809"]),
    ("healthcare_assistant", &["R1450", "R1480"]),
    ("pharmacist", &["R1290", "R5240", "R5260", "R9803", "R9804"]),
    ("pharmacy_technician", &["R1979", "R5220", "R9812"]),
    ("physician_associate", &["E1003", "R9813"]),
    ("paramedic", &["R1070", "R1080", "R1090", "R1100", "R9811"]),
    ("physiotherapist", &["R1110", "R1120", "R1130", "R1140", "R9806", "R9814"]),
];

/// The NHS job role of a locum.
const SDS_LOCUM: &str = "R0262";
/// The NHS job role of any clinician. The register of the person's number says which.
const SDS_CLINICIAN: &str = "R8000";

/// SNOMED CT's occupations.
const SNOMED_CODES: [(&str, &str); 6] = [
    ("62247001", "gp"),
    ("224535009", "nurse"),
    ("224571005", "nurse"),
    ("106292003", "nurse"),
    ("46255001", "pharmacist"),
    ("397897005", "paramedic"),
];

/// Classifications of NUCC's taxonomy: the first four characters of a code, which its specialisations share.
const NUCC_CODES: [(&str, &str); 8] = [
    ("208D", "gp"),
    ("207Q", "gp"),
    ("163W", "nurse"),
    ("363L", "nurse"),
    ("1835", "pharmacist"),
    ("1837", "pharmacy_technician"),
    ("363A", "physician_associate"),
    ("146L", "paramedic"),
];

/// Whole words and phrases of texts, in the order in which they decide. A trainee is a trainee in every profession, and a receptionist
/// of a GP is no GP.
const PHRASES: [(&str, &[&str]); 13] = [
    ("trainee", &["trainee", "trainees", "registrar", "student", "foundation doctor", "foundation year"]),
    ("practice_manager", &["practice manager", "business manager"]),
    (
        OTHER,
        &[
            "receptionist",
            "secretary",
            "administrator",
            "clerk",
            "dental nurse",
            "nursery nurse",
            "veterinary nurse",
            "nursing home",
            "care coordinator",
        ],
    ),
    ("pharmacy_technician", &["pharmacy technician", "pharmacy technicians"]),
    (
        "physician_associate",
        &["physician associate", "physician associates", "physician s associate", "physician assistant", "physicians associate"],
    ),
    ("nursing_associate", &["nursing associate", "nursing associates", "nurse associate"]),
    (
        "healthcare_assistant",
        &[
            "hca",
            "hcas",
            "healthcare assistant",
            "health care assistant",
            "healthcare support worker",
            "health care support worker",
            "nursing assistant",
            "nursing auxiliary",
        ],
    ),
    ("physiotherapist", &["physiotherapist", "physiotherapists", "physical therapist"]),
    ("midwife", &["midwife", "midwives"]),
    ("pharmacist", &["pharmacist", "pharmacists"]),
    ("paramedic", &["paramedic", "paramedics"]),
    ("nurse", &["nurse", "nurses", "nursing", "matron"]),
    (
        "gp",
        &[
            "gp",
            "gps",
            "general practitioner",
            "general practitioners",
            "general practice",
            "general medical practitioner",
            "family medicine",
            "family physician",
            "family doctor",
            "family practice",
        ],
    ),
];

/// The role that these concepts name, `other` when they name none of the known ones. `person` is the key of the person.
pub(crate) fn role_word<'r>(concepts: &[&Concept<'_>], person: &str, rules: &'r Rules) -> RoleWord<'r> {
    let all: Vec<String> = concepts.iter().flat_map(|concept| phrases(concept)).collect();
    let codings = || concepts.iter().flat_map(|concept| codings(concept));
    let configured = codings().find_map(|(system, code)| rules.role_of(system, code));
    let by_code = || codings().find_map(|(system, code)| word_of_code(system, code, person));
    let by_phrase = || PHRASES.iter().find(|(_, wanted)| has_phrase(&all, wanted)).map(|(word, _)| *word);
    let by_sds_code = codings().any(|(system, code)| is_sds(system) && job_role(code) == SDS_LOCUM);
    RoleWord {
        word: configured.or_else(by_code).or_else(by_phrase).unwrap_or(OTHER),
        locum: by_sds_code || has_phrase(&all, &["locum", "locums"]),
    }
}

/// System and code of each coding that has a code.
fn codings<'c>(concept: &'c Concept<'_>) -> Vec<(&'c str, &'c str)> {
    let of = |coding: &'c Coding<'_>| match (&coding.system, &coding.code) {
        (Scalar::Text(system), Scalar::Text(code)) => Some((system.trim(), code.trim())),
        (_, Scalar::Text(code)) => Some(("", code.trim())),
        _ => None,
    };
    let nodes = concept.coding.items("coding").unwrap_or_default();
    nodes.iter().filter_map(|node| if let Node::Object(coding) = node { of(coding) } else { None }).collect()
}

fn word_of_code(system: &str, code: &str, person: &str) -> Option<&'static str> {
    let listed = |list: &[(&str, &'static str)], code: &str| list.iter().find(|(known, _)| *known == code).map(|(_, word)| *word);
    if is_sds(system) {
        return sds_word(job_role(code), person);
    }
    match code_system(system) {
        "snomed" => listed(&SNOMED_CODES, code),
        _ if is_nucc(code) => listed(&NUCC_CODES, &code[..4]),
        _ => None,
    }
}

/// Whether a code has the form of NUCC's taxonomy: ten letters and digits with an X at the end.
fn is_nucc(code: &str) -> bool {
    code.len() == 10 && code.ends_with('X') && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether a system is one of the names of NHS job roles: CareConnect-SDSJobRoleName-1, UKCore-SDSJobRoleName, England-SDS-JobRoleCode.
fn is_sds(system: &str) -> bool {
    let system = system.to_ascii_lowercase();
    system.contains("sdsjobrole") || system.contains("sds-jobrole")
}

/// `R0260` of `R0260` and of `S0010:G0020:R0260`.
fn job_role(code: &str) -> &str {
    let last = code.rsplit(':').next().unwrap_or(code);
    if last.starts_with("NR") { &last[1..] } else { last }
}

fn sds_word(code: &str, person: &str) -> Option<&'static str> {
    if code == SDS_CLINICIAN {
        // A reference to a person in another record has no number yet: the directory looks at the numbers that it leads to.
        return role_of_number(person).or_else(|| person.contains('/').then_some(REGISTERED));
    }
    SDS_CODES.iter().find(|(_, codes)| codes.contains(&code)).map(|(word, _)| *word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::decoder_config::DecoderConfig;
    use crate::json::object::List;

    fn role_of(concept: &Concept<'_>, person: &str) -> String {
        role_word(&[concept], person, &Rules::new(DecoderConfig::default())).word.to_owned()
    }

    fn concept(text: &'static str, system: &'static str, code: &'static str) -> Concept<'static> {
        let mut coding = Coding::default();
        (coding.system, coding.code) = (Scalar::Text(system.into()), Scalar::Text(code.into()));
        let mut concept = Concept::default();
        (concept.text, concept.coding) = (Scalar::Text(text.into()), List::Items(vec![Node::Object(coding)]));
        concept
    }

    #[test]
    fn roles_are_recognised_by_whole_words() {
        for (words, role) in [
            ("General practice physician", "gp"),
            ("GP trainee", "trainee"),
            ("Salaried GP", "gp"),
            ("specialty registrar", "trainee"),
            ("Nurse practitioner", "nurse"),
            ("General Practice Nurse", "nurse"),
            ("Clinical pharmacist", "pharmacist"),
            ("Pharmacy technician", "pharmacy_technician"),
            ("Physician's associate", "physician_associate"),
            ("HCA", "healthcare_assistant"),
            ("Practice Manager", "practice_manager"),
            ("GP receptionist", "other"),
            ("community paramedic", "paramedic"),
            ("Nursery nurse", "other"),
            ("gpo", "other"),
            ("psychopharmacology", "other"),
            ("", "other"),
        ] {
            assert_eq!(role_of(&concept(words, "local", "1"), "gmc|1"), role, "{words}");
        }
    }

    #[test]
    fn nhs_job_roles_are_known_by_their_codes_under_each_name_of_the_system() {
        const NAMES: [&str; 3] = [
            "https://fhir.hl7.org.uk/CodeSystem/UKCore-SDSJobRoleName",
            "https://fhir.nhs.uk/CodeSystem/NHSDigital-SDS-JobRoleCode",
            "https://fhir.nhs.uk/STU3/CodeSystem/CareConnect-SDSJobRoleName-1",
        ];
        for (code, role) in [
            ("R0260", "gp"),
            ("S0010:G0020:R0260", "gp"),
            ("NR0270", "gp"),
            ("R6200", "trainee"),
            ("R0620", "nurse"),
            ("R1480", "healthcare_assistant"),
            ("R9812", "pharmacy_technician"),
            ("R9813", "physician_associate"),
            ("R1730", "other"),
        ] {
            for system in NAMES {
                assert_eq!(role_of(&concept("", system, code), "sds|1"), role, "{code}");
            }
            assert_eq!(role_of(&concept("", "https://example.org/roles", code), "sds|1"), "other", "{code}");
        }
        assert!(role_word(&[&concept("", NAMES[0], "R0262")], "sds|1", &Rules::new(DecoderConfig::default())).locum);
    }

    #[test]
    fn the_register_of_the_number_says_what_a_clinician_of_access_role_r8000_is() {
        let system = "https://fhir.hl7.org.uk/CodeSystem/UKCore-SDSJobRoleName";
        for (person, role) in
            [("gmc|7012345", "gp"), ("nmc|12A3456B", "nurse"), ("gphc|2071234", "pharmacist"), ("sds|1", "other")]
        {
            assert_eq!(role_of(&concept("Clinical practitioner access role", system, "R8000"), person), role, "{person}");
        }
    }

    #[test]
    fn occupations_of_snomed_and_nucc_are_known_by_their_codes() {
        for (system, code, role) in [
            ("http://snomed.info/sct", "62247001", "gp"),
            ("http://snomed.info/sct", "46255001", "pharmacist"),
            ("http://nucc.org/provider-taxonomy", "207Q00000X", "gp"),
            ("http://nucc.org/provider-taxonomy", "363A00000X", "physician_associate"),
            ("http://snomed.info/sct", "207Q00000X", "other"),
        ] {
            assert_eq!(role_of(&concept("", system, code), "npi|1"), role, "{code}");
        }
    }

    #[test]
    fn a_configured_code_decides_before_every_built_in_one() {
        let roles =
            [("https://Example.org/roles/|77", "paramedic"), ("88", "social_prescriber"), ("snomed|224535009", "midwife")];
        let roles = roles.map(|(code, role)| (code.to_owned(), role.to_owned())).into();
        let rules = Rules::new(DecoderConfig { roles, ..DecoderConfig::default() });
        for (text, system, code, role) in [
            ("GP", "http://example.org/roles", "77", "paramedic"),
            ("GP", "http://example.org/other", "77", "gp"),
            ("", "urn:any", "88", "social_prescriber"),
            ("", "http://snomed.info/sct", "224535009", "midwife"),
            ("", "http://snomed.info/sct", "62247001", "gp"),
        ] {
            assert_eq!(role_word(&[&concept(text, system, code)], "gmc|1", &rules).word, role, "{system} {code}");
        }
    }
}

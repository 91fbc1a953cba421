//! Pseudonyms of patients, and keyed hashes of texts with an NHS number: they keep patients out of the log.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use scorecard::event::Pseudonym;
use sha2::Sha256;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::identity::keys::{Keys, Protection, hex};
use crate::identity::nhs_number::{contains_nhs_number, is_australian_provider, is_npi, is_sds_user, is_snomed, nhs_number};
use crate::identity::systems::is_appliance;

/// The message whose HMAC under the permanent key seeds the signs of patients.
const SIGNS_LABEL: &[u8] = b"signs";

/// Pseudonyms under the keys of a deployment. The keys' inner state is computed once.
#[derive(Clone)]
pub struct Pseudonyms {
    permanent: Hmac<Sha256>,
    patients: Option<Hmac<Sha256>>,
    /// The seed of [`Pseudonyms::memory_key`] and of signs, derived from the permanent key.
    seed: u64,
    protection: Protection,
}

/// The traces of a patient in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtectedPatient {
    /// The pseudonym under the newest epoch's key.
    pub pseudonym: Pseudonym,
    /// Four random signs, one a bit. They depend on the permanent key alone, so every epoch has the same.
    pub signs: u8,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pseudonyms").field("protection", &self.protection).finish_non_exhaustive()
    }
}

impl Pseudonyms {
    /// Pseudonyms under these keys; patients get pseudonyms of the newest epoch.
    #[must_use]
    pub fn new(keys: &Keys) -> Pseudonyms {
        let keyed = |key: &[u8; 32]| Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        let permanent: Hmac<Sha256> = keyed(keys.permanent());
        let derived = permanent.clone().chain_update(SIGNS_LABEL).finalize().into_bytes();
        Pseudonyms {
            permanent,
            seed: u64::from_be_bytes(*derived.first_chunk().expect("HMAC-SHA-256 has 32 bytes")),
            patients: keys.patients().last().map(keyed),
            protection: keys.protection(),
        }
    }

    /// Whether identifiers are protected.
    #[must_use]
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// The pseudonym of a patient: the first 16 bytes of HMAC-SHA-256 under the epoch's key over the digits of an NHS number, or
    /// over any other identifier without blanks around it. `None` without an epoch: then no patient is kept.
    #[must_use]
    pub fn patient(&self, identifier: &str) -> Option<Pseudonym> {
        self.protected_patient(identifier).map(|patient| patient.pseudonym)
    }

    /// The pseudonym of a patient with its signs: the low four bits of XXH3 over the same bytes, with a seed from the permanent key.
    #[must_use]
    pub fn protected_patient(&self, identifier: &str) -> Option<ProtectedPatient> {
        let mut digits = [0; 10];
        let normalised = normalised(identifier, &mut digits);
        let signs = (xxh3_64_with_seed(normalised, self.seed) & 15).to_le_bytes()[0];
        if self.protection == Protection::Off {
            return Some(ProtectedPatient { pseudonym: Pseudonym(head(normalised)), signs });
        }
        let mac = self.patients.as_ref()?.clone().chain_update(normalised).finalize().into_bytes();
        Some(ProtectedPatient { pseudonym: Pseudonym(head(&mac)), signs })
    }

    /// A key for tables in memory that must not hold a patient's identifier. It never leaves the process.
    pub(crate) fn memory_key(&self, identifier: &str) -> u64 {
        xxh3_64_with_seed(normalised(identifier, &mut [0; 10]), !self.seed)
    }

    /// The keyed hash of a text: `h1-` and the first 32 hexadecimal digits of HMAC-SHA-256 under the permanent key.
    #[must_use]
    pub fn hashed(&self, text: &str) -> String {
        let mac = self.permanent.clone().chain_update(text.as_bytes()).finalize().into_bytes();
        format!("h1-{}", hex(&mac[..16]))
    }

    /// Whether a text contains an NHS number and must be replaced. Half of the numbers of Australian professionals and organisations
    /// contain one by chance, and pass.
    pub(crate) fn must_hide(&self, text: &str) -> bool {
        self.protection == Protection::On && contains_nhs_number(text) && !is_australian_provider(text)
    }

    /// The one rule for every text that enters an item: a text with an NHS number becomes its keyed hash. Equal texts have equal
    /// hashes, so links still match.
    #[must_use]
    pub fn protect<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        if self.must_hide(&text) { Cow::Owned(self.hashed(&text)) } else { text }
    }

    /// The rule for a value of an identifier system. An NPI also has ten digits: it passes with a valid check digit. The user ids of the
    /// Spine Directory Service have twelve, and ten in a row have a valid check digit in one id of four.
    #[must_use]
    pub fn protect_identifier<'a>(&self, system: &str, value: Cow<'a, str>) -> Cow<'a, str> {
        let passes = match system {
            "npi" => is_npi(&value),
            "sds" => is_sds_user(&value),
            _ => false,
        };
        if passes { value } else { self.protect(value) }
    }

    /// The rule for a code of a code system. SNOMED codes are long numbers as well, and so are those of the dm+d, which are SNOMED
    /// codes: they pass with a valid check digit. One of ten digits that is an NHS number as well passes only if it begins with 1. The
    /// codes of SNOMED CT with ten digits do, and no NHS number of England or Wales does. The eleven digits of a BNF appliance pass
    /// too, although ten in a row have a valid check digit in one code of six.
    #[must_use]
    pub fn protect_code<'a>(&self, system: &str, code: Cow<'a, str>) -> Cow<'a, str> {
        let passes = match system {
            "snomed" | "dmd" => is_snomed(&code) && (code.starts_with('1') || nhs_number(&code).is_none()),
            "bnf" => is_appliance(&code),
            _ => false,
        };
        if passes { code } else { self.protect(code) }
    }
}

/// The bytes that name a patient: the digits of an NHS number, written into `digits`, or any other identifier without blanks
/// around it.
fn normalised<'i>(identifier: &'i str, digits: &'i mut [u8; 10]) -> &'i [u8] {
    match nhs_number(identifier) {
        Some(number) => {
            *digits = number.map(|digit| digit + b'0');
            digits
        }
        None => identifier.trim().as_bytes(),
    }
}

/// The first 16 bytes, padded with zeros.
fn head(bytes: &[u8]) -> [u8; 16] {
    let mut head = [0; 16];
    for (to, from) in head.iter_mut().zip(bytes) {
        *to = *from;
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudonyms() -> Pseudonyms {
        Pseudonyms::new(&Keys::new([0x0b; 32], vec![[1; 32], [0xaa; 32]]))
    }

    #[test]
    fn a_pseudonym_is_hmac_sha_256_under_the_newest_epoch() {
        // printf 9434765919 | openssl dgst -sha256 -mac HMAC -macopt hexkey:aaaa... (32 bytes)
        let expected = "71696c741de759d7e09b1981d225cf15";
        assert_eq!(hex(&pseudonyms().patient("943 476 5919").unwrap().0), expected);
    }

    #[test]
    fn all_spellings_of_an_nhs_number_are_one_patient() {
        let one = pseudonyms().patient("9434765919");
        for spelling in ["943 476 5919", "943-476-5919", " 9434765919 "] {
            assert_eq!(pseudonyms().patient(spelling), one, "{spelling}");
        }
        assert_ne!(pseudonyms().patient("local-1"), one);
        assert_eq!(pseudonyms().patient(" local-1 "), pseudonyms().patient("local-1"));
    }

    #[test]
    fn signs_are_the_low_bits_of_xxh3_with_a_seed_from_the_permanent_key_and_outlive_epochs() {
        let signs = |pseudonyms: &Pseudonyms, identifier| pseudonyms.protected_patient(identifier).unwrap().signs;
        // printf signs | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b... (32 bytes) begins with these digits.
        let expected = (xxh3_64_with_seed(b"9434765919", 0xc483_12a9_cc3d_7521) & 15).to_le_bytes()[0];
        for spelling in ["9434765919", "943 476 5919", "943-476-5919", " 9434765919 "] {
            assert_eq!(signs(&pseudonyms(), spelling), expected, "{spelling}");
        }
        let later = Pseudonyms::new(&Keys::new([0x0b; 32], vec![[0xaa; 32], [2; 32]]));
        assert_ne!(later.patient("local-1"), pseudonyms().patient("local-1"));
        for patient in ["9434765919", "local-1", "local-2", "f|Patient/1"] {
            assert_eq!(signs(&later, patient), signs(&pseudonyms(), patient), "{patient}");
        }
        assert_eq!(Pseudonyms::new(&Keys::new([1; 32], vec![])).protected_patient("9434765919"), None);
    }

    #[test]
    fn the_sixteen_signs_are_equally_frequent() {
        let (pseudonyms, mut found) = (pseudonyms(), [0u32; 16]);
        for n in 0..16_000 {
            let patient = pseudonyms.protected_patient(&format!("patient-{n}")).unwrap();
            found[usize::from(patient.signs)] += 1;
        }
        // 1,000 each with a standard deviation of 30.6.
        assert!(found.iter().all(|count| (850..1150).contains(count)), "{found:?}");
    }

    #[test]
    fn a_hash_is_hmac_sha_256_under_the_permanent_key() {
        // printf rx-9434765919 | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b... (32 bytes)
        assert_eq!(pseudonyms().hashed("rx-9434765919"), "h1-7d0647b2905f4587b22fe11a5303368f");
    }

    #[test]
    fn only_texts_with_an_nhs_number_are_replaced() {
        let p = pseudonyms();
        assert_eq!(p.protect("rx-71".into()), "rx-71");
        assert_eq!(p.protect("rx-943 476 5919".into()), p.hashed("rx-943 476 5919"));
    }

    #[test]
    fn npis_and_snomed_codes_pass_only_in_their_own_systems() {
        let p = pseudonyms();
        // Both carry an NHS number's check digit by chance, and their own as well.
        let npi = (1_000_000_000u64..).map(|n| n.to_string()).find(|n| is_npi(n) && contains_nhs_number(n)).unwrap();
        let snomed = (1_000_000_000u64..).map(|n| n.to_string()).find(|n| is_snomed(n) && contains_nhs_number(n)).unwrap();
        assert_eq!(p.protect_identifier("npi", npi.as_str().into()), npi);
        assert!(p.protect_identifier("gmc", npi.as_str().into()).starts_with("h1-"));
        assert_eq!(p.protect_code("snomed", snomed.as_str().into()), snomed);
        assert!(p.protect_code("local", snomed.as_str().into()).starts_with("h1-"));
        assert!(p.protect_identifier("npi", "9434765919".into()).starts_with("h1-"));
    }

    #[test]
    fn an_nhs_number_that_is_a_snomed_code_by_chance_does_not_pass() {
        let p = pseudonyms();
        let both = |first: u64| (first..).map(|n| n.to_string()).find(|n| is_snomed(n) && contains_nhs_number(n)).unwrap();
        for number in [both(4_000_000_000), both(6_000_000_000), both(9_000_000_000)] {
            for system in ["snomed", "dmd"] {
                assert_eq!(p.protect_code(system, number.as_str().into()), p.hashed(&number), "{number}");
            }
        }
    }

    #[test]
    fn without_an_epoch_there_is_no_patient() {
        assert_eq!(Pseudonyms::new(&Keys::new([1; 32], vec![])).patient("9434765919"), None);
    }

    #[test]
    fn with_protection_off_identifiers_pass_as_they_came() {
        let p = Pseudonyms::new(&Keys::without_pseudonyms());
        assert_eq!(&p.patient("943 476 5919").unwrap().0[..10], b"9434765919");
        assert_eq!(p.protect("rx-9434765919".into()), "rx-9434765919");
    }
}

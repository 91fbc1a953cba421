//! Counts of prescriptions by what the code book knows about their codes. They are figures of operation: no card holds them.

use std::collections::BTreeMap;

use crate::event::Prescription;
use crate::measure::vocabulary::short_system;

/// The system of a drug without any coding.
pub const NO_CODE: &str = "no_code";
/// The system of a drug that refers to a resource which has not come.
pub const UNRESOLVED: &str = "unresolved_reference";
/// Every other system than the known ones.
const OTHER: &str = "other";
/// The systems with a count of their own. The list is closed, so that no sender can add a label to a metric.
const SYSTEMS: [&str; 6] = ["atc", "bnf", "icd10", "readv2", "rxnorm", "snomed"];

/// The versions of one feed whose codes have no meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeGaps {
    /// Versions of prescriptions with an unmapped drug.
    pub prescriptions: u64,
    /// Versions of orders whose category no code tells.
    pub orders: u64,
}

/// Prescriptions that were folded, and those of them whose codes are unmapped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeCounts {
    /// Versions of prescriptions.
    pub prescriptions: u64,
    /// Versions of prescriptions with an unmapped drug, by the system of the first coding.
    pub unmapped: BTreeMap<&'static str, u64>,
}

impl CodeCounts {
    /// Every system that [`CodeCounts::unmapped`] may name, in order.
    #[must_use]
    pub fn systems() -> [&'static str; 9] {
        let [atc, bnf, icd10, readv2, rxnorm, snomed] = SYSTEMS;
        [atc, bnf, icd10, NO_CODE, OTHER, readv2, rxnorm, snomed, UNRESOLVED]
    }

    pub(crate) fn add_unmapped(&mut self, drug: &Prescription<'_>) {
        let system = match drug.drug.iter().next() {
            None if drug.reference.is_some() => UNRESOLVED,
            None => NO_CODE,
            Some(coding) => {
                let system = short_system(coding.split_once('|').map_or("", |(system, _)| system));
                SYSTEMS.into_iter().find(|known| *known == system).unwrap_or(OTHER)
            }
        };
        *self.unmapped.entry(system).or_default() += 1;
    }
}

//! One truth: what happened in a clinic in January and February 2026, with the amendments of its records.

use crate::traffic::draw::Draw;

/// The practice.
pub const PRACTICE: &str = "A81001";
/// Days with visits, from 5 January 2026.
const DAYS: i64 = 50;
/// The first minute of work, 2026-01-05T08:00Z, in minutes since 1970.
const BEGIN: i64 = 29_460_000;
/// Minutes of a day.
const DAY: i64 = 1_440;

/// A clinician under each number that some system knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doctor {
    /// Number of the General Medical Council.
    pub gmc: &'static str,
    /// American number.
    pub npi: &'static str,
    /// Australian number.
    pub hpii: &'static str,
}

/// The clinicians.
pub const DOCTORS: [Doctor; 3] = [
    Doctor { gmc: "7012345", npi: "1234567893", hpii: "8003611566666701" },
    Doctor { gmc: "7000002", npi: "1245319599", hpii: "8003614900041243" },
    Doctor { gmc: "7000003", npi: "1003000126", hpii: "8003619900015717" },
];

/// A drug under the code of each classification. The codes of dm+d and RxNorm are invented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drug {
    /// BNF code.
    pub bnf: &'static str,
    /// Code of dm+d.
    pub dmd: &'static str,
    /// Code of RxNorm.
    pub rxnorm: &'static str,
}

/// The drugs.
pub const DRUGS: [Drug; 5] = [
    Drug { bnf: "0501013B0AAABAB", dmd: "9000001", rxnorm: "800001" },
    Drug { bnf: "0501013K0AAAJAJ", dmd: "9000002", rxnorm: "800002" },
    Drug { bnf: "0501080W0AAAEAE", dmd: "9000003", rxnorm: "800003" },
    Drug { bnf: "0301011R0AAAPAP", dmd: "9000004", rxnorm: "800004" },
    Drug { bnf: "0407010H0AAAMAM", dmd: "9000005", rxnorm: "800005" },
];

/// The way of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsultationMode {
    /// In the surgery.
    Surgery,
    /// At home.
    Home,
    /// By telephone.
    Telephone,
}

/// A visit.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Number, from 1.
    pub number: usize,
    /// Index of the clinician.
    pub doctor: usize,
    /// Begin in minutes since 1970.
    pub begin: i64,
    /// Its way.
    pub way: ConsultationMode,
    /// Its length in minutes by version, oldest first. `None`: the version says that the visit is an error.
    pub versions: Vec<Option<i64>>,
}

/// A prescription.
#[derive(Clone, Debug)]
pub struct ClinicPrescription {
    /// Number, from 1.
    pub number: usize,
    /// Index of the visit.
    pub visit: usize,
    /// Index of the drug.
    pub drug: usize,
    /// Whether it repeats an earlier decision.
    pub repeat: bool,
    /// Its quantity by version, oldest first. `None`: the version says that the prescription is an error.
    pub versions: Vec<Option<i64>>,
}

/// Everything that happened.
#[derive(Clone, Debug)]
pub struct ClinicTruth {
    /// The visits.
    pub visits: Vec<Visit>,
    /// The prescriptions.
    pub prescriptions: Vec<ClinicPrescription>,
}

impl ClinicTruth {
    /// The truth of this seed with this number of visits; every second one leads to a prescription.
    #[must_use]
    pub fn new(seed: u64, visits: usize) -> ClinicTruth {
        let mut draw = Draw::seeded(seed, 12);
        let visits: Vec<Visit> = (1..=visits).map(|number| visit(&mut draw, number)).collect();
        let prescriptions = (0..visits.len()).step_by(2).map(|at| prescription(&mut draw, at)).collect();
        ClinicTruth { visits, prescriptions }
    }
}

fn visit(draw: &mut Draw, number: usize) -> Visit {
    let begin = BEGIN + DAY * draw.between(0, DAYS - 1) + draw.between(0, 500);
    let way = *draw.weighted(&[(ConsultationMode::Surgery, 6), (ConsultationMode::Home, 1), (ConsultationMode::Telephone, 3)]);
    let (first, second) = (draw.between(4, 25), draw.between(4, 25));
    Visit { number, doctor: draw.index(DOCTORS.len()), begin, way, versions: versions(draw, first, second) }
}

fn prescription(draw: &mut Draw, visit: usize) -> ClinicPrescription {
    let (first, second) = (draw.between(5, 30), draw.between(5, 30));
    let versions = versions(draw, first, second);
    ClinicPrescription { number: visit / 2 + 1, visit, drug: draw.index(DRUGS.len()), repeat: draw.chance(0.2), versions }
}

/// One version, or a second one that amends or withdraws the first.
fn versions(draw: &mut Draw, first: i64, second: i64) -> Vec<Option<i64>> {
    match draw.between(0, 9) {
        0 | 1 => vec![Some(first), Some(second)],
        2 => vec![Some(first), None],
        _ => vec![Some(first)],
    }
}

/// An instant as text.
#[must_use]
pub(crate) fn instant(minute: i64) -> String {
    jiff::Timestamp::from_second(minute * 60).map(|at| at.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_is_of_two_months_and_holds_amendments_and_errors() {
        assert_eq!(instant(BEGIN), "2026-01-05T08:00:00Z");
        let truth = ClinicTruth::new(1, 80);
        assert_eq!((truth.visits.len(), truth.prescriptions.len()), (80, 40));
        assert!(truth.visits.iter().all(|visit| ["2026-01", "2026-02"].contains(&&instant(visit.begin)[..7])));
        let withdrawn = truth.visits.iter().filter(|visit| visit.versions.last() == Some(&None)).count();
        let amended = truth.visits.iter().filter(|visit| visit.versions.len() == 2).count();
        assert!(withdrawn > 0 && amended > withdrawn, "{withdrawn} {amended}");
    }
}

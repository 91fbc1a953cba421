//! The units that are compared with each other, and the values that are compared.

use std::sync::Arc;

use crate::card::peer_group::Level;
use crate::card::scorecard::Subject;
use crate::measure::measure_set::{Measure, MeasureSet};
use crate::measure::suppression::Suppression;
use crate::peer_group::unit::{UnitMonth, WINDOWS, window_index};
use crate::sums::measure_sums::MeasureSums;
use crate::sums::ratio::Ratio;

/// The role under which a unit is compared. Roll-ups are compared only with roll-ups.
#[must_use]
pub fn compared_role(subject: &Subject) -> String {
    if subject.practice.is_empty() { format!("rollup:{}", subject.role) } else { subject.role.clone() }
}

/// Codes of a unit's groups below the network, narrowest first. A roll-up has none.
#[must_use]
pub fn group_codes(subject: &Subject) -> [(Level, Option<&str>); 3] {
    let practice = Some(subject.practice.as_str()).filter(|code| !code.is_empty());
    let above = |code: &'_ Option<String>| practice.is_some() && code.is_some();
    [
        (Level::Practice, practice),
        (Level::Pcn, subject.pcn.as_deref().filter(|_| above(&subject.pcn))),
        (Level::Locality, subject.locality.as_deref().filter(|_| above(&subject.locality))),
    ]
}

/// Whether networks of a measure need all sums of a unit and not only its ratio: squares for chance, or prices for a saving.
pub(crate) fn needs_sums(measure: &Measure) -> bool {
    !measure.definition.kind.rules().chance_depends_on_denominator_alone() || measure.definition.saving.is_some()
}

/// A unit in scope.
#[derive(Clone, Debug)]
pub(crate) struct PeerCandidate {
    /// Its groups below the network, narrowest first.
    pub codes: [Option<Arc<str>>; 3],
    /// Its ratios by measure and window; (0, 0) if it is suppressed or its denominator is 0.
    pub ratios: Box<[Ratio]>,
    /// Its sums in the headline windows of the measures that need them, in order of these measures.
    pub sums: Box<[MeasureSums]>,
}

impl PeerCandidate {
    pub(crate) fn new(set: &MeasureSet, unit: &UnitMonth, subject: &Subject) -> PeerCandidate {
        let measures = || set.measures().iter().enumerate();
        let ratio = |index: usize, measure: &Measure, window: usize| {
            let sums = &unit.windows[window];
            let own = &sums.measures[index];
            let shown = own.d > 0 && Suppression::of(measure, index, sums).is_none();
            if shown { (own.n, own.d) } else { (0, 0) }
        };
        let headline = |measure: &Measure| window_index(measure.definition.window);
        PeerCandidate {
            codes: group_codes(subject).map(|(_, code)| code.map(Arc::from)),
            ratios: measures().flat_map(|(index, m)| (0..WINDOWS.len()).map(move |window| ratio(index, m, window))).collect(),
            sums: measures()
                .filter(|(_, measure)| needs_sums(measure))
                .map(|(index, measure)| unit.windows[headline(measure)].measures[index])
                .collect(),
        }
    }
}

//! The units that are compared with each other, and the sums that are compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::card::peer_snapshot::Level;
use crate::card::scorecard::Subject;
use crate::measure::measure_set::MeasureSet;
use crate::peer_group::unit::{UnitKey, UnitMonth, UnitPart, cells_of, window_index};
use crate::sums::measure_sums::{MeasureSums, SignedSums, Sums};
use crate::sums::ratio::Ratio;
use crate::verdict::case_mix::CellSums;

/// Prefix of the role of roll-ups.
const ROLL_UP: &str = "rollup:";

/// The role under which a unit is compared. Roll-ups are compared only with roll-ups.
#[must_use]
pub fn compared_role(subject: &Subject) -> String {
    if subject.practice.is_empty() { format!("{ROLL_UP}{}", subject.role) } else { subject.role.clone() }
}

/// The role of the single practices that roll-ups of this compared role are standardised with. `None` for another role.
#[must_use]
pub fn role_of_parts(compared: &str) -> Option<&str> {
    compared.strip_prefix(ROLL_UP)
}

/// A unit in scope.
#[derive(Clone, Debug)]
pub struct PeerMember {
    /// The unit.
    pub key: UnitKey,
    /// The role under which it is compared.
    pub role: Arc<str>,
    /// Its practice, primary care network and locality; none for a roll-up.
    pub places: Vec<(Level, Arc<str>)>,
    /// Its sums in the headline windows, by index of the measure; zero where it is suppressed or has no denominator.
    pub sums: Box<[MeasureSums]>,
    /// Its signed sums of numerator and denominator in the headline windows, by index of the measure.
    pub signs: Box<[[SignedSums; 2]]>,
    /// Numerator and denominator of each of its 24 months, measure by measure.
    pub months: Box<[Ratio]>,
    /// Its sums by case-mix cell in the headline windows, of the measures with `adjust`.
    pub cells: BTreeMap<usize, CellSums>,
    /// The practices of a roll-up.
    pub parts: Vec<MemberPart>,
}

/// The work of a roll-up's person in one practice.
#[derive(Clone, Debug)]
pub struct MemberPart {
    /// Practice code.
    pub practice: Arc<str>,
    /// The denominators in the headline windows, by index of the measure.
    pub denominators: Box<[i64]>,
    /// The sums by case-mix cell in the headline windows, of the measures with `adjust`.
    pub cells: BTreeMap<usize, CellSums>,
}

impl PeerMember {
    /// A unit as a member. The caller checks that it has a card and is in scope.
    #[must_use]
    pub fn new(set: &MeasureSet, unit: &UnitMonth, subject: &Subject) -> PeerMember {
        let measures = || set.measures().iter().enumerate();
        let headline = |window: u8| window_index(window);
        let sums = measures().map(|(index, measure)| {
            let window = &unit.windows[headline(measure.definition.window)];
            let own = window.measures[index];
            let shown = own.d > 0 && unit.suppression(measure, index).is_none();
            if shown { own } else { MeasureSums::default() }
        });
        let months = measures().flat_map(|(index, _)| unit.months_of(index).map(|month| (month.n, month.d)));
        let signs = measures().map(|(index, measure)| {
            let window = &unit.windows[headline(measure.definition.window)];
            let left_out = unit.left_out(index).signs;
            let of =
                |side: usize, out: SignedSums| SignedSums(std::array::from_fn(|at| window.signed_of(side).0[at] - out.0[at]));
            let [n, d] = set.sides_of(index);
            [of(n, left_out[0]), of(d, left_out[1])]
        });
        let cells = |windows: &[Sums; 3]| -> BTreeMap<usize, CellSums> {
            let adjusted = measures().filter(|(_, measure)| measure.definition.is_adjusted());
            adjusted.map(|(index, measure)| (index, cells_of(&windows[headline(measure.definition.window)], index))).collect()
        };
        let part = |part: &UnitPart| MemberPart {
            practice: part.practice.as_str().into(),
            denominators: measures().map(|(index, m)| part.windows[headline(m.definition.window)].measures[index].d).collect(),
            cells: cells(&part.windows),
        };
        PeerMember {
            key: unit.key.clone(),
            role: compared_role(subject).into(),
            places: places(subject),
            sums: sums.collect(),
            signs: signs.collect(),
            months: months.collect(),
            cells: cells(&unit.windows),
            parts: unit.parts.iter().map(part).collect(),
        }
    }
}

/// The places of a unit. A roll-up has none.
fn places(subject: &Subject) -> Vec<(Level, Arc<str>)> {
    if subject.practice.is_empty() {
        return Vec::new();
    }
    let above = [(Level::Pcn, &subject.pcn), (Level::Locality, &subject.locality)];
    let above = above.into_iter().filter_map(|(level, code)| Some((level, Arc::from(code.as_deref()?))));
    std::iter::once((Level::Practice, Arc::from(subject.practice.as_str()))).chain(above).collect()
}

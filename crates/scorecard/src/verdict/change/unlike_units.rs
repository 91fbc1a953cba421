//! The units of a network that changed unlike the others. They do not say what changed for everybody: one expensive item, or a fifth of the
//! network that stopped, would make a change of all who stayed as they were.

use std::collections::BTreeSet;

use crate::measure::kind::kinds::Kind;
use crate::sums::ratio::Ratio;
use crate::verdict::constants::{CUT, LEAST_NETWORK};
use crate::verdict::network_basis::NetworkBasis;
use crate::verdict::network_fit::NetworkFit;
use crate::verdict::placed_unit::PlacedUnit;
use crate::verdict::unit_sums::UnitSums;

/// Lengths in months of the last windows in which a unit may differ from the others. An item of an earlier month is in the longest one, or
/// raises the expectation of it.
const WINDOWS: [usize; 3] = [1, 3, 12];

/// Most units of a fit. The middle of changes of 500 units is known well enough, and three fits of them cost less than that of the network.
const MOST_FITTED: usize = 500;

/// The places of the units that changed unlike the others, each of a unit's sums of the headline window and its months, oldest first.
///
/// Each window is fitted like a network, with a unit's own rate over all months as its expectation. Beyond z = 3 a unit is unlike. More than
/// a quarter of the units are no exception, and none of them is unlike then. A mean has none: no single value moves it far.
#[must_use]
pub fn unlike_units(basis: &NetworkBasis, units: &[(UnitSums, &[Ratio])]) -> BTreeSet<usize> {
    if basis.kind == Kind::Mean {
        return BTreeSet::new();
    }
    WINDOWS.into_iter().flat_map(|window| unlike_in(basis, units, window)).collect()
}

fn unlike_in(basis: &NetworkBasis, units: &[(UnitSums, &[Ratio])], window: usize) -> Vec<usize> {
    let place = |(at, (own, months)): (usize, &(UnitSums, &[Ratio]))| Some((at, placed(basis, own, months, window)?));
    let placed: Vec<(usize, PlacedUnit)> = units.iter().enumerate().filter_map(place).collect();
    if placed.len() < LEAST_NETWORK {
        return Vec::new();
    }
    let step = placed.len().div_ceil(MOST_FITTED);
    let fitted: Vec<PlacedUnit> = placed.iter().step_by(step).map(|(_, unit)| *unit).collect();
    let Some(fit) = NetworkFit::of(&fitted) else { return Vec::new() };
    let is_unlike = |unit: &PlacedUnit| unit.z_scale(fit.centre(), fit.verdict_gamma()).abs() > CUT;
    let unlike: Vec<usize> = placed.iter().filter(|(_, unit)| is_unlike(unit)).map(|(at, _)| *at).collect();
    if 4 * unlike.len() > placed.len() { Vec::new() } else { unlike }
}

/// The last months of a unit, with its own rate over all months as expectation. `None` without work in them, or without an event at all.
fn placed(basis: &NetworkBasis, own: &UnitSums, months: &[Ratio], window: usize) -> Option<PlacedUnit> {
    let sum = |months: &[Ratio]| months.iter().fold((0, 0), |sum, month| (sum.0 + month.0, sum.1 + month.1));
    let (all, last) = (sum(months), sum(&months[months.len().saturating_sub(window)..]));
    if all.1 <= 0 || last.1 <= 0 {
        return None;
    }
    let expected = last.1 as f64 * (all.0 as f64 / all.1 as f64);
    // Facts of a share have the size of the headline window. Events of an amount have the size of the network: one expensive item would
    // otherwise be one event.
    let d_squares = if own.d > 0 { i128::from(last.1) * own.d_squares / i128::from(own.d) } else { 0 };
    let sums = UnitSums { facts_n: last.0, facts_d: last.1, n: last.0, d: last.1, n_squares: 0, d_squares };
    basis.place(&sums, Some(expected)).filter(|placed| placed.base > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty units with ten of 100 in each of 24 months, changed by unit and month.
    fn unlike(kind: Kind, n: impl Fn(usize, usize) -> i64) -> Vec<usize> {
        let months: Vec<Vec<Ratio>> = (0..40).map(|unit| (0..24).map(|month| (n(unit, month), 100)).collect()).collect();
        let units: Vec<(UnitSums, &[Ratio])> =
            months.iter().map(|months| (UnitSums::counted(120, 1_200), months.as_slice())).collect();
        let basis = NetworkBasis::of(kind, 1.0, &units.iter().map(|(own, _)| *own).collect::<Vec<_>>());
        unlike_units(&basis, &units).into_iter().collect()
    }

    #[test]
    fn one_expensive_month_and_a_fifth_that_stopped_are_unlike_and_what_all_do_is_not() {
        for kind in [Kind::Rate, Kind::Proportion, Kind::Amount, Kind::Share] {
            assert_eq!(unlike(kind, |_, _| 10), [0; 0], "{kind:?}");
            // 90 where 13 are expected.
            assert_eq!(unlike(kind, |unit, month| if (unit, month) == (7, 23) { 90 } else { 10 }), [7], "{kind:?}");
            // From 30 to 10: 120 in a year where 240 are expected.
            let fifth = |unit: usize, month: usize| if unit < 8 && month < 12 { 30 } else { 10 };
            assert_eq!(unlike(kind, fifth), [0, 1, 2, 3, 4, 5, 6, 7], "{kind:?}");
            assert_eq!(unlike(kind, |_, month| if month > 20 { 25 } else { 10 }), [0; 0], "{kind:?}");
            let half = |unit: usize, month: usize| if unit.is_multiple_of(2) && month < 12 { 30 } else { 10 };
            assert_eq!(unlike(kind, half), [0; 0], "{kind:?}");
        }
    }
}

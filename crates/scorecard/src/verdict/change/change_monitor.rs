//! The monitor of change: the last months against a fixed baseline that never contains them.
//!
//! The windows overlap. Seven of them are worth about four independent looks, on two sides.

use std::ops::Range;

use crate::measure::kind::kinds::Kind;
use crate::statistics::normal::upper_tail;
use crate::sums::ratio::Ratio;
use crate::verdict::change::change_z::{WindowCount, mean_z, proportion_z, quick_conditional_z};
use crate::verdict::change::season::{CountedSide, Season};
use crate::verdict::network_basis::NetworkBasis;
use crate::verdict::unit_sums::UnitSums;

/// Lengths of the windows that are compared with the baseline, in months.
const WINDOWS: [usize; 7] = [1, 2, 3, 4, 6, 9, 12];

/// Months of the year that is judged, and of the year before it.
const YEAR: usize = 12;

/// Months that are judged where history is shorter.
const HALF_YEAR: usize = 6;

/// Least months with work in a baseline.
const LEAST_BASELINE: usize = 6;

/// Worth of the looks of one measure: 4 independent ones, on two sides.
const LOOKS: f64 = 8.0;

/// Least change of a signal, of the rarer side's value before.
const LEAST_CHANGE: f64 = 0.15;

/// The window of months that differs most from the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangeScan {
    /// Probability of a window at least as extreme by chance, at most 1.
    pub p: f64,
    /// Length of the window in months.
    pub months: usize,
    /// Its z: above 0 means more than in the baseline.
    pub z: f64,
}

impl ChangeScan {
    /// The scan of these windows, each with its length in months and its z. The shortest of equals counts. `None` without windows.
    #[must_use]
    pub fn of(windows: &[(usize, f64)]) -> Option<ChangeScan> {
        let further = |a: (usize, f64), b: &(usize, f64)| if b.1.abs() > a.1.abs() { *b } else { a };
        let (months, z) = windows.iter().copied().reduce(|a, b| further(a, &b))?;
        Some(ChangeScan { p: (LOOKS * upper_tail(z.abs())).min(1.0), months, z })
    }
}

/// A change of one unit in one measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonitoredChange {
    /// The window that differs most.
    pub scan: ChangeScan,
    /// Number of first months that are the baseline.
    pub baseline: usize,
    /// Whether the plain value, too, changed in this direction by at least 15 % of the rarer side's value before. A signal needs it: a unit
    /// that stayed as it was while the network changed did not change.
    pub is_large: bool,
}

/// The monitor of the units of one network.
#[derive(Clone, Copy, Debug)]
pub struct ChangeMonitor<'a> {
    /// Basis of the network.
    pub basis: &'a NetworkBasis,
    /// Months of the network, with the same newest month as those of a unit.
    pub season: &'a Season,
}

impl ChangeMonitor<'_> {
    /// The change of a unit by its months, oldest first and at most 24. The months of the season are the same ones.
    ///
    /// The baseline is the year before the last one. With fewer than six months of work in it, it is all before the last six months, and
    /// windows are at most six months long. `None` if that has fewer than six, too, or no window has work.
    #[must_use]
    pub fn change(&self, months: &[UnitSums]) -> Option<MonitoredChange> {
        let (baseline, longest) = baseline(months)?;
        let before = UnitSums::of_all(&months[..baseline]);
        let size = self.basis.event_unit(&UnitSums::of_all(months));
        let (mut windows, mut now) = (Vec::with_capacity(WINDOWS.len()), UnitSums::default());
        for (length, month) in (1..=longest).zip(months.iter().rev()) {
            now = now.plus(month);
            if WINDOWS.contains(&length) {
                windows.extend(self.z(months, (baseline, &before), (length, &now), size).map(|z| (length, z, now)));
            }
        }
        let scan = ChangeScan::of(&windows.iter().map(|(length, z, _)| (*length, *z)).collect::<Vec<_>>())?;
        let (_, _, now) = windows.into_iter().find(|(length, ..)| *length == scan.months)?;
        Some(MonitoredChange {
            scan,
            baseline,
            is_large: is_large(self.basis.kind, scan.z, (now.n, now.d), (before.n, before.d)),
        })
    }

    /// The z of the last months, with their number and sums, against the first ones. `size` is the unit of one event. `None` without work in
    /// either.
    fn z(&self, months: &[UnitSums], before: (usize, &UnitSums), now: (usize, &UnitSums), size: Option<f64>) -> Option<f64> {
        if before.1.d <= 0 || now.1.d <= 0 {
            return None;
        }
        if self.basis.kind == Kind::Mean {
            let mean = |own: &UnitSums| (own.n as f64 / own.d as f64, self.basis.mean_variance(own));
            return Some(mean_z(mean(now.1), mean(before.1), self.season.value_change(before.0, now.0)));
        }
        let (size, phi) = (size?, self.basis.phi);
        let count = |own: &UnitSums| WindowCount { n: own.n as f64 / size, d: own.d as f64 / size };
        let (count_now, count_before) = (count(now.1), count(before.1));
        let exposure = |side: CountedSide| {
            let of = |range: Range<usize>| self.exposure(months, range, side) / size;
            (of(months.len() - now.0..months.len()), of(0..before.0))
        };
        if matches!(self.basis.kind, Kind::Proportion | Kind::Share) {
            return Some(proportion_z(count_now, count_before, exposure, self.season.angle_change(before.0, now.0), phi));
        }
        let (d_now, d_before) = exposure(CountedSide::Events);
        let known = d_now > 0.0 && d_before > 0.0;
        known
            .then(|| quick_conditional_z(WindowCount { d: d_now, ..count_now }, WindowCount { d: d_before, ..count_before }, phi))
    }

    /// Denominators of these months, each times the season's factor of its side.
    fn exposure(&self, months: &[UnitSums], range: Range<usize>, side: CountedSide) -> f64 {
        range.map(|month| months[month].d as f64 * self.season.factor(month, side)).sum()
    }
}

/// Number of first months that are the baseline, and the longest window. `None` without six months of work before the last six.
fn baseline(months: &[UnitSums]) -> Option<(usize, usize)> {
    let before = |judged: usize| months.len().saturating_sub(judged);
    let worked = |count: usize| months[..count].iter().filter(|month| month.d > 0).count();
    let known = |judged: usize| (worked(before(judged)) >= LEAST_BASELINE).then(|| (before(judged), judged));
    known(YEAR).or_else(|| known(HALF_YEAR))
}

/// Whether the value changed in the direction of z by at least 15 % of the rarer side's value before.
fn is_large(kind: Kind, z: f64, now: Ratio, before: Ratio) -> bool {
    let value = |(n, d): Ratio| n as f64 / d as f64;
    let (now, before) = (value(now), value(before));
    let others = matches!(kind, Kind::Proportion | Kind::Share) && now + before > 1.0;
    let rarer = if others { 1.0 - before } else { before };
    let change = now - before;
    change * z > 0.0 && change.abs() >= LEAST_CHANGE * rarer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(kind: Kind) -> NetworkBasis {
        NetworkBasis { kind, phi: 1.0, flipped: false, event_size: 1.0, relative_variance: 0.3, typical: 10.0 }
    }

    /// The change of a unit with these counts, in a network with these months.
    fn change(kind: Kind, months: &[Ratio], network: &[Ratio]) -> Option<MonitoredChange> {
        let months: Vec<UnitSums> = months.iter().map(|(n, d)| UnitSums::counted(*n, *d)).collect();
        ChangeMonitor { basis: &basis(kind), season: &Season::of(network) }.change(&months)
    }

    /// Twenty-one months, then three others.
    fn step(before: Ratio, now: Ratio) -> Vec<Ratio> {
        [vec![before; 21], vec![now; 3]].concat()
    }

    #[test]
    fn three_months_of_twice_as_many_are_found_upwards() {
        for kind in [Kind::Rate, Kind::Proportion, Kind::Share, Kind::Amount] {
            let found = change(kind, &step((20, 100), (40, 100)), &[]).unwrap();
            assert_eq!((found.scan.months, found.is_large), (3, true), "{kind:?}");
            assert!(found.scan.z > 4.0 && found.scan.p < 1e-4, "{kind:?} {found:?}");
        }
    }

    #[test]
    fn a_change_that_everybody_shares_is_none() {
        let network = step((2_000, 10_000), (4_000, 10_000));
        for kind in [Kind::Rate, Kind::Proportion] {
            let found = change(kind, &step((20, 100), (40, 100)), &network).unwrap();
            assert!(found.scan.p > 0.5, "{kind:?} {found:?}");
            // A unit that stayed as it was has changed less than its colleagues, but it has not changed.
            let found = change(kind, &step((20, 100), (20, 100)), &network).unwrap();
            assert!(found.scan.z < -3.0 && !found.is_large, "{kind:?} {found:?}");
        }
    }

    #[test]
    fn a_change_of_a_rare_side_is_counted_and_not_only_measured() {
        // 1 other a month, then none: 12 against 0 in the last year.
        let months = [vec![(99, 100); 12], vec![(100, 100); 12]].concat();
        let found = change(Kind::Proportion, &months, &[]).unwrap();
        let by_counts = quick_conditional_z(WindowCount { n: 0.0, d: 1_200.0 }, WindowCount { n: 12.0, d: 1_200.0 }, 1.0);
        assert_eq!(found.scan.months, 12);
        assert!((found.scan.z + by_counts).abs() < 1e-12 && found.is_large);
    }

    #[test]
    fn a_baseline_never_contains_the_months_it_judges() {
        let months = |count: usize| vec![UnitSums::counted(1, 10); count];
        assert_eq!(baseline(&months(24)), Some((12, 12)));
        assert_eq!(baseline(&months(18)), Some((6, 12)));
        assert_eq!(baseline(&months(17)), Some((11, 6)));
        assert_eq!(baseline(&months(12)), Some((6, 6)));
        assert_eq!(baseline(&months(11)), None);
        let mut idle = months(24);
        idle[..7].fill(UnitSums::default());
        assert_eq!(baseline(&idle), Some((18, 6)));
    }

    #[test]
    fn months_without_work_are_passed_over() {
        let mut months = step((20, 100), (40, 100));
        months[23] = (0, 0);
        let found = change(Kind::Rate, &months, &[]).unwrap();
        // The last month alone has no z.
        assert_eq!(found.scan.months, 3);
        months[12..].fill((0, 0));
        assert_eq!(change(Kind::Rate, &months, &[]), None);
    }

    #[test]
    fn a_mean_is_judged_by_its_own_variance() {
        let month = |value: i64| UnitSums { facts_n: 50, facts_d: 50, n: 50 * value, d: 50, n_squares: 50 * 130, d_squares: 50 };
        let months = [vec![month(10); 12], vec![month(11); 12]].concat();
        let (basis, season) = (basis(Kind::Mean), Season::default());
        let found = ChangeMonitor { basis: &basis, season: &season }.change(&months).unwrap();
        let variance = |value: i64| basis.mean_variance(&UnitSums::of_all(&vec![month(value); 12]));
        assert!((found.scan.z - 1.0 / (variance(10) + variance(11)).sqrt()).abs() < 1e-12);
        // 10 % is less than 15 %.
        assert!(!found.is_large);
    }

    #[test]
    fn the_shortest_of_equal_windows_says_since_when() {
        assert_eq!(ChangeScan::of(&[]), None);
        let found = ChangeScan::of(&[(1, 0.5), (2, -2.0), (3, 2.0)]).unwrap();
        assert_eq!((found.months, found.z), (2, -2.0));
        assert_eq!(ChangeScan::of(&[(1, 0.0)]).unwrap().p, 1.0);
    }
}

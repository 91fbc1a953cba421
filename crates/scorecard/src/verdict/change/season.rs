//! The season: the network's months, against which a unit's change is judged.

use std::ops::Range;

use crate::sums::ratio::Ratio;
use crate::verdict::root::trial_root;

/// The sums of a network's months, oldest first, over the units that the fit kept. Empty for fewer than 20 of them: then nothing changed
/// for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Season {
    months: Vec<Ratio>,
}

/// A side of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedSide {
    /// The numerator.
    Events,
    /// The denominator without the numerator.
    Others,
}

impl CountedSide {
    /// The count of this side.
    #[must_use]
    pub fn of(self, (n, d): Ratio) -> i64 {
        match self {
            CountedSide::Events => n,
            CountedSide::Others => d - n,
        }
    }
}

impl Season {
    /// The season of these months, oldest first.
    #[must_use]
    pub fn of(months: Vec<Ratio>) -> Season {
        Season { months }
    }

    /// Factor of a month's denominator: the network's rate of the month over that of all months. 1 where either is unknown or 0 overall.
    #[must_use]
    pub fn factor(&self, month: usize, side: CountedSide) -> f64 {
        let rate = |ratio: Ratio| side.of(ratio) as f64 / ratio.1 as f64;
        let all = self.total(0..self.months.len());
        let known = self.months.get(month).filter(|month| month.1 > 0 && side.of(all) > 0);
        known.map_or(1.0, |month| rate(*month) / rate(all))
    }

    /// The sums of these months. (0, 0) for months that the network does not have.
    #[must_use]
    pub fn total(&self, months: Range<usize>) -> Ratio {
        let known = self.months.iter().take(months.end).skip(months.start);
        known.fold((0, 0), |(n, d), month| (n + month.0, d + month.1))
    }

    /// Change of the network's angle, as of a proportion, from the months before to those of now; 0 where either is unknown.
    #[must_use]
    pub fn angle_change(&self, before: Range<usize>, now: Range<usize>) -> f64 {
        self.change(before, now, |(n, d)| {
            let (n, d) = (n as f64, d as f64);
            trial_root(n, d) / (d + 0.5).sqrt()
        })
    }

    /// Change of the network's value; 0 where either is unknown.
    #[must_use]
    pub fn value_change(&self, before: Range<usize>, now: Range<usize>) -> f64 {
        self.change(before, now, |(n, d)| n as f64 / d as f64)
    }

    fn change(&self, before: Range<usize>, now: Range<usize>, of: impl Fn(Ratio) -> f64) -> f64 {
        let (before, now) = (self.total(before), self.total(now));
        if before.1 > 0 && now.1 > 0 { of(now) - of(before) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_at_twice_the_rate_of_the_year_counts_double() {
        // 30 of 300 overall; the second month 20 of 100.
        let season = Season::of(vec![(5, 100), (20, 100), (5, 100)]);
        assert_eq!(season.factor(1, CountedSide::Events), 2.0);
        assert!((season.factor(1, CountedSide::Others) - 0.8 / 0.9).abs() < 1e-15);
        assert_eq!(season.total(1..3), (25, 200));
        assert!((season.value_change(0..1, 1..2) - 0.15).abs() < 1e-15);
    }

    #[test]
    fn nothing_changed_in_a_network_that_is_not_known() {
        let season = Season::default();
        assert_eq!((season.factor(3, CountedSide::Events), season.angle_change(0..12, 12..24)), (1.0, 0.0));
        let idle = Season::of(vec![(0, 0), (3, 10), (0, 10)]);
        assert_eq!((idle.factor(0, CountedSide::Events), idle.factor(2, CountedSide::Events)), (1.0, 0.0));
        assert_eq!(idle.value_change(0..1, 1..2), 0.0);
    }
}

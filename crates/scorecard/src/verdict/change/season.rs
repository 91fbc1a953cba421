//! The season: the network's months, against which a unit's change is judged.

use crate::sums::ratio::Ratio;
use crate::verdict::root::angle;

/// The sums of a network's months, oldest first, over the units that the fit kept. Empty for fewer than 20 of them: then nothing changed
/// for everybody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Season {
    /// Factors of each month's denominator, by side.
    factors: Vec<[f64; 2]>,
    /// Sums of the first months, by how many they are.
    first: Vec<Ratio>,
    /// Angles of the first months, by how many they are, and of the last ones. `None` without work.
    angles: [Vec<Option<f64>>; 2],
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
    pub fn of(months: &[Ratio]) -> Season {
        let mut first = vec![(0, 0)];
        for month in months {
            let before = first[first.len() - 1];
            first.push((before.0 + month.0, before.1 + month.1));
        }
        let all = first[months.len()];
        let factors = months.iter().map(|month| [CountedSide::Events, CountedSide::Others].map(|side| factor(*month, all, side)));
        let angle_of = |(n, d): Ratio| (d > 0).then(|| angle(n as f64, d as f64));
        let last = |count: usize| minus(all, first[months.len() - count]);
        let angles =
            [first.iter().map(|sums| angle_of(*sums)).collect(), (0..=months.len()).map(|count| angle_of(last(count))).collect()];
        Season { factors: factors.collect(), first, angles }
    }

    /// Factor of a month's denominator: the network's rate of the month over that of all months. 1 where either is unknown or 0 overall.
    #[must_use]
    pub fn factor(&self, month: usize, side: CountedSide) -> f64 {
        self.factors.get(month).map_or(1.0, |factors| factors[usize::from(side == CountedSide::Others)])
    }

    /// Change of the network's angle, as of a proportion, from its first `before` months to its last `now` ones; 0 where either is unknown.
    #[must_use]
    pub fn angle_change(&self, before: usize, now: usize) -> f64 {
        let of = |which: usize, count: usize| self.angles[which].get(count).copied().flatten();
        of(1, now).zip(of(0, before)).map_or(0.0, |(now, before)| now - before)
    }

    /// Change of the network's value from its first `before` months to its last `now` ones; 0 where either is unknown.
    #[must_use]
    pub fn value_change(&self, before: usize, now: usize) -> f64 {
        let months = self.first.len().saturating_sub(1);
        if before > months || now > months {
            return 0.0;
        }
        let (before, now) = (self.first[before], minus(self.first[months], self.first[months - now]));
        let value = |(n, d): Ratio| n as f64 / d as f64;
        if before.1 > 0 && now.1 > 0 { value(now) - value(before) } else { 0.0 }
    }
}

fn factor(month: Ratio, all: Ratio, side: CountedSide) -> f64 {
    let rate = |ratio: Ratio| side.of(ratio) as f64 / ratio.1 as f64;
    if month.1 > 0 && side.of(all) > 0 { rate(month) / rate(all) } else { 1.0 }
}

fn minus(a: Ratio, b: Ratio) -> Ratio {
    (a.0 - b.0, a.1 - b.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_at_twice_the_rate_of_the_year_counts_double() {
        // 30 of 300 overall; the second month 20 of 100.
        let season = Season::of(&[(5, 100), (20, 100), (5, 100)]);
        assert_eq!(season.factor(1, CountedSide::Events), 2.0);
        assert!((season.factor(1, CountedSide::Others) - 0.8 / 0.9).abs() < 1e-15);
        assert!((season.value_change(1, 2) - 0.075).abs() < 1e-15);
        let change = angle(25.0, 200.0) - angle(5.0, 100.0);
        assert!((season.angle_change(1, 2) - change).abs() < 1e-15);
    }

    #[test]
    fn nothing_changed_in_a_network_that_is_not_known() {
        let season = Season::default();
        assert_eq!((season.factor(3, CountedSide::Events), season.angle_change(12, 12)), (1.0, 0.0));
        let idle = Season::of(&[(0, 0), (3, 10), (0, 10)]);
        assert_eq!((idle.factor(0, CountedSide::Events), idle.factor(2, CountedSide::Events)), (1.0, 0.0));
        assert_eq!((idle.value_change(1, 1), idle.angle_change(1, 2), idle.value_change(4, 1)), (0.0, 0.0, 0.0));
    }
}

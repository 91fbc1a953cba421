//! The trend of a clinician's own months: the difference to the month before, runs, and a cumulative sum. It involves no peers.
//!
//! Source: Page 1954, Biometrika 41:100, "Continuous inspection schemes" (the cumulative sum); Montgomery, Introduction to
//! Statistical Quality Control, 9.1 (its tabular form: allowance of half a standard deviation, decision at 4 or 5).

use std::cmp::Ordering;

use crate::card::round::published;
use crate::card::scorecard::Trend;
use crate::chance::scale::Scale;
use crate::measure::measure_set::Measure;
use crate::sums::measure_sums::MeasureSums;
use crate::sums::ratio::{Ratio, by_value};

/// Allowance of each month's standardised value before the cumulative sum grows, in standard deviations.
const ALLOWANCE: f64 = 0.5;

/// One month of one measure: numerator and denominator in integer units. A denominator of 0 means that the month is missing.
pub type MonthRatio = Ratio;

/// The trend over these months, oldest first and the card's own month last. `year` are their sums. `None` for fewer than two months
/// with a denominator.
#[must_use]
pub fn trend(measure: &Measure, months: &[MonthRatio], year: &MeasureSums) -> Option<Trend> {
    if seen(months).count() < 2 || year.d <= 0 {
        return None;
    }
    Some(Trend {
        difference: difference(measure, months),
        run_length: run_length(months, (year.n, year.d)),
        cusum: cusum(measure, months, year).and_then(published),
    })
}

/// The months with a denominator.
fn seen(months: &[Ratio]) -> impl DoubleEndedIterator<Item = Ratio> {
    months.iter().copied().filter(|(_, d)| *d > 0)
}

/// Value of the last month minus that of the month before, if both have a value.
fn difference(measure: &Measure, months: &[Ratio]) -> Option<f64> {
    let [.., before, last] = months else { return None };
    published(measure.value(last.0, last.1)? - measure.value(before.0, before.1)?)
}

/// Number of consecutive months, up to the last, on its side of the whole: positive above, negative below, 0 if equal.
fn run_length(months: &[Ratio], whole: Ratio) -> i32 {
    let mut sides = seen(months).rev().map(|month| by_value(month, whole)).peekable();
    let Some(last) = sides.peek().copied() else { return 0 };
    let length = i32::try_from(sides.take_while(|side| *side == last).count()).unwrap_or(i32::MAX);
    match last {
        Ordering::Greater => length,
        Ordering::Less => -length,
        Ordering::Equal => 0,
    }
}

/// The larger of the two tabular cumulative sums around the unit's own value, in standard deviations of a month. Positive for an
/// upward drift, negative for a downward one.
fn cusum(measure: &Measure, months: &[Ratio], year: &MeasureSums) -> Option<f64> {
    let scale = Scale::new(measure, year.n as f64 / year.d as f64, None);
    let sums = |(up, down): (f64, f64), z: f64| ((up + z - ALLOWANCE).max(0.0), (down - z - ALLOWANCE).max(0.0));
    let grown = |so_far: Option<(f64, f64)>, z: f64| Some(sums(so_far.unwrap_or_default(), z));
    let (up, down) = scale.z_of_parts(seen(months), year).fold(None, grown)?;
    Some(if up >= down { up } else { -down })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::measure_set::MeasureSet;

    /// crates/scorecard/reference/dispersion.py
    const MONTHS: [Ratio; 12] =
        [(4, 50), (5, 50), (3, 40), (6, 60), (4, 50), (5, 45), (9, 50), (10, 55), (11, 50), (8, 40), (12, 60), (10, 50)];

    fn of(months: &[Ratio]) -> Option<Trend> {
        let set = MeasureSet::parse([("dna_rate.toml", include_str!("../../../../measures/dna_rate.toml"))]).unwrap();
        let (n, d) = months.iter().fold((0, 0), |(n, d), month| (n + month.0, d + month.1));
        trend(&set.measures()[0], months, &MeasureSums { n, d, ..MeasureSums::default() })
    }

    #[test]
    fn half_a_year_above_the_whole_is_a_run_of_six_and_a_drift_upwards() {
        let found = of(&MONTHS).unwrap();
        // 10 of 50 minus 12 of 60.
        assert_eq!(found.difference, Some(0.0));
        assert_eq!(found.run_length, 6);
        // crates/scorecard/reference/dispersion.py, to nine digits.
        assert_eq!(found.cusum, Some(2.877_582_05));
        let turned: Vec<Ratio> = MONTHS.iter().rev().copied().collect();
        let back = of(&turned).unwrap();
        assert_eq!((back.run_length, back.difference), (-6, Some(-2.0)));
        assert!(back.cusum.unwrap() < 0.0);
    }

    #[test]
    fn months_without_a_denominator_are_skipped_and_have_no_difference() {
        let months = [(2, 20), (0, 0), (3, 20), (0, 0), (4, 20)];
        let found = of(&months).unwrap();
        assert_eq!((found.difference, found.run_length), (None, 1));
        assert_eq!(of(&[(0, 0), (0, 0), (4, 20)]), None);
    }

    #[test]
    fn constant_months_have_neither_run_nor_drift() {
        let found = of(&[(2, 20); 12]).unwrap();
        assert_eq!(found, Trend { difference: Some(0.0), run_length: 0, cusum: Some(0.0) });
    }

    proptest! {
        #[test]
        fn a_run_is_no_longer_than_the_months_and_a_drift_has_the_side_that_grew(
            months in proptest::collection::vec((0i64..20, 20i64..40), 2..12),
        ) {
            let found = of(&months).expect("two months");
            prop_assert!(usize::try_from(found.run_length.unsigned_abs()).expect("few") <= months.len());
            prop_assert!(found.cusum.expect("a proportion").is_finite());
        }
    }
}

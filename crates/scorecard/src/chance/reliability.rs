//! Reliability: the part of a value's variance that belongs to the clinician and not to chance, and the value shrunk by it.
//!
//! Source: reliability is variance between units over all variance, on the scale of [`crate::chance::scale`]. Comparisons of
//! individuals need 0.7 (Adams 2009, RAND TR-653, "The reliability of provider profiling").

use crate::card::scorecard::Grade;
use crate::chance::scale::Scale;
use crate::statistics::dispersion::Deviation;

/// Facts in the denominator below which the grade is insufficient, whatever the measure's own minimum.
const LEAST_FACTS: i64 = 10;
/// Reliability from which the grade is moderate.
const MODERATE: f64 = 0.5;
/// Reliability from which the grade is good.
const GOOD: f64 = 0.7;

/// tau^2 / (tau^2 + the unit's variance by chance), from 0 to 1. 0 if units do not differ.
#[must_use]
pub fn reliability(tau2: f64, variance: f64) -> f64 {
    tau2 / (tau2 + variance)
}

/// The grade of a shown window with this many facts in its denominator. A reliability of `None` means that the sums do not
/// determine it.
#[must_use]
pub fn grade(facts_d: i64, reliability: Option<f64>) -> Grade {
    match reliability {
        _ if facts_d < LEAST_FACTS => Grade::Insufficient,
        Some(reliability) if reliability >= GOOD => Grade::Good,
        Some(reliability) if reliability >= MODERATE => Grade::Moderate,
        _ => Grade::Low,
    }
}

/// Whether a value with this grade counts in figures over several measures: composite and variation.
#[must_use]
pub fn is_reliable(grade: Option<Grade>) -> bool {
    matches!(grade, Some(Grade::Moderate | Grade::Good))
}

/// The value shrunk towards the target by its part of chance, as a ratio of integer units.
#[must_use]
pub fn shrunk(scale: &Scale, deviation: Deviation, reliability: f64) -> Option<f64> {
    scale.ratio_at(reliability * deviation.distance)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::measure_set::MeasureSet;
    use crate::sums::measure_sums::MeasureSums;

    fn set() -> MeasureSet {
        MeasureSet::parse([("dna_rate.toml", include_str!("../../../../measures/dna_rate.toml"))]).unwrap()
    }

    #[test]
    fn the_twelfth_of_twelve_proportions_is_the_reference_scripts() {
        // crates/scorecard/reference/dispersion.py: 25 of 50 around 189 of 1335.
        let set = set();
        let scale = Scale::new(&set.measures()[0], 189.0 / 1335.0, None);
        let deviation = scale.deviation(&MeasureSums { n: 25, d: 50, ..MeasureSums::default() }).unwrap();
        let found = reliability(0.035_105_107_978_932_855, deviation.variance);
        assert!((found - 0.875_327_601_595_625).abs() < 1e-14, "{found}");
        let value = shrunk(&scale, deviation, found).unwrap();
        assert!((value - 0.450_258_369_150_305_04).abs() < 1e-14, "{value}");
    }

    #[test]
    fn grades_begin_at_a_half_and_at_seven_tenths_and_nine_facts_are_too_few() {
        let grades = [0.0, 0.499, 0.5, 0.699, 0.7, 1.0].map(|r| grade(10, Some(r)));
        assert_eq!(grades, [Grade::Low, Grade::Low, Grade::Moderate, Grade::Moderate, Grade::Good, Grade::Good]);
        assert_eq!(grade(9, Some(0.99)), Grade::Insufficient);
        assert_eq!(grade(10, None), Grade::Low);
    }

    proptest! {
        #[test]
        fn a_shrunk_value_lies_between_target_and_value_and_nearer_to_the_value_with_more_work(
            n in 0i64..100, more in 1i64..100, times in 2i64..20, target in 0.01f64..0.99, tau2 in 1e-4f64..0.1,
        ) {
            let set = set();
            let scale = Scale::new(&set.measures()[0], target, None);
            let at = |times: i64| {
                let own = MeasureSums { n: times * n, d: times * (n + more), ..MeasureSums::default() };
                let deviation = scale.deviation(&own).expect("a proportion");
                let reliability = reliability(tau2, deviation.variance);
                (reliability, shrunk(&scale, deviation, reliability).expect("a ratio"))
            };
            let value = n as f64 / (n + more) as f64;
            let ((small, near_target), (large, near_value)) = (at(1), at(times));
            prop_assert!((0.0..=1.0).contains(&small) && small < large);
            let (low, high) = (target.min(value) - 1e-12, target.max(value) + 1e-12);
            prop_assert!(low <= near_target && near_target <= high);
            prop_assert!((near_value - value).abs() <= (near_target - value).abs() + 1e-12);
        }
    }
}

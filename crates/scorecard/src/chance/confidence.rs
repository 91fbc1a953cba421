//! The 95 % confidence interval of a window's value.

use crate::card::round::published_interval;
use crate::card::scorecard::Interval;
use crate::measure::measure_set::Measure;
use crate::sums::measure_sums::MeasureSums;

/// The 95 % confidence interval of a window's value, in the measure's unit, at this design effect. `None` if the sums do not determine it.
///
/// The measure's kind picks the formula: see [`crate::measure::kind`].
#[must_use]
pub fn confidence(measure: &Measure, own: &MeasureSums, phi: f64) -> Option<Interval> {
    if own.d <= 0 || own.n < 0 {
        return None;
    }
    let (lower, upper) = measure.definition.kind.rules().confidence(own, phi)?;
    published_interval(measure.value_of_ratio(lower), measure.value_of_ratio(upper))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::measure_set::{Amount, Kind};
    use crate::measure::sample::sample;

    #[test]
    fn intervals_of_a_mean_an_amount_and_a_share_are_the_reference_scripts() {
        // crates/scorecard/reference/distributions.py, to the nine digits that are published.
        let sums = |n, d, n_squares, d_squares| MeasureSums { n, d, n_squares, d_squares, ..MeasureSums::default() };
        let cases = [
            (sample(Kind::Mean, Amount::Minutes, Amount::Count), sums(61, 6, 663, 6), (7.095_087_29, 13.238_246_0)),
            (sample(Kind::Amount, Amount::Cost, Amount::Count), sums(15_700, 40, 94_990_000, 40), (0.0, 870.059_014)),
            (sample(Kind::Share, Amount::Items, Amount::Items), sums(84, 280, 84 * 84, 15_680), (0.072_584_039_3, 0.701_208_948)),
        ];
        for (measure, own, (lower, upper)) in cases {
            let found = confidence(&measure, &own, 1.0).unwrap();
            assert_eq!((found.lower, found.upper), (lower, upper), "{:?}", measure.definition.kind);
        }
    }

    proptest! {
        #[test]
        fn intervals_of_every_kind_hold_the_value_and_are_never_negative(
            parts in proptest::collection::vec(1i64..500, 2..40), work in 1i64..1_000,
        ) {
            let (n, squares) = parts.iter().fold((0, 0), |(n, s), x| (n + x, s + i128::from(x * x)));
            let count = i64::try_from(parts.len()).expect("few");
            let sum_of = |d, d_squares| MeasureSums { n, d, n_squares: squares, d_squares, ..MeasureSums::default() };
            let cases = [
                (sample(Kind::Mean, Amount::Minutes, Amount::Count), sum_of(count, i128::from(count))),
                (sample(Kind::Amount, Amount::Cost, Amount::Count), sum_of(work, i128::from(work))),
                (sample(Kind::Rate, Amount::Items, Amount::Count), sum_of(work, i128::from(work))),
                (sample(Kind::Share, Amount::Items, Amount::Items), sum_of(n + work, squares + i128::from(work * work))),
            ];
            for (measure, own) in cases {
                let found = confidence(&measure, &own, 1.0).expect("parts");
                let value = n as f64 / own.d as f64;
                let slack = 1e-8 * value;
                prop_assert!(0.0 <= found.lower && found.lower <= value + slack && value - slack <= found.upper);
            }
        }
    }
}

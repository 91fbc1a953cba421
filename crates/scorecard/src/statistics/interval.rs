//! 95 % confidence intervals of a proportion and of a count, and the variances that other intervals and limits need.

use std::sync::OnceLock;

use crate::statistics::distribution::{Ends, Z_95, chi_square_quantile};
use crate::sums::measure_sums::MeasureSums;

/// Number of events from which the interval of a count uses Byar's approximation; below it, the interval is exact.
const LEAST_FOR_BYAR: f64 = 10.0;

/// Number of equal parts that determine a share as precisely as these unequal ones: (sum of x)^2 / sum of x^2. `None` without any.
#[must_use]
pub fn effective_denominator(own: &MeasureSums) -> Option<f64> {
    let d = own.d as f64;
    (own.d_squares > 0).then(|| d * d / own.d_squares as f64)
}

/// Sample variance of an amount between the facts of one unit, in the square of its integer unit. `None` for fewer than two facts.
#[must_use]
pub fn sample_variance(own: &MeasureSums) -> Option<f64> {
    let (n, d) = (i128::from(own.n), i128::from(own.d));
    // Integers up to the division: in floating point the difference of two large squares would lose its digits.
    let numerator = d.checked_mul(own.n_squares)?.checked_sub(n * n)?;
    (d > 1 && numerator >= 0).then(|| numerator as f64 / (d * (d - 1)) as f64)
}

/// Wilson's 95 % score interval of a proportion of `of` events. `None` outside 0 to 1, or of no events.
///
/// Source: Wilson 1927, J Am Stat Assoc 22:209; method 3 of Newcombe 1998, Stat Med 17:857.
#[must_use]
pub fn wilson(proportion: f64, of: f64) -> Option<Ends> {
    wilson_at(proportion, of, Z_95)
}

/// Wilson's score interval at `z` standard deviations on either side. `None` outside 0 to 1, or of no events.
#[must_use]
pub fn wilson_at(proportion: f64, of: f64, z: f64) -> Option<Ends> {
    if !(0.0..=1.0).contains(&proportion) || of <= 0.0 {
        return None;
    }
    let z2 = z * z;
    let middle = proportion + z2 / (2.0 * of);
    let spread = z * (proportion * (1.0 - proportion) / of + z2 / (4.0 * of * of)).sqrt();
    let scale = 1.0 + z2 / of;
    // Exact at the ends, where floating point is only close to 0 and 1.
    let lower = if proportion == 0.0 { 0.0 } else { (middle - spread) / scale };
    let upper = if proportion == 1.0 { 1.0 } else { (middle + spread) / scale };
    Some((lower, upper))
}

/// Interval of the mean of a Poisson count: exact below ten events, Byar's approximation from ten on.
///
/// Source: Garwood 1936, Biometrika 28:437; Breslow and Day 1987, Statistical Methods in Cancer Research II, 2.10 (Byar).
#[must_use]
pub fn count_interval(count: f64) -> Ends {
    if count >= LEAST_FOR_BYAR {
        return (byar(count, -Z_95), byar(count + 1.0, Z_95));
    }
    static WHOLE: OnceLock<[Ends; 10]> = OnceLock::new();
    let whole = WHOLE.get_or_init(|| WHOLE_COUNTS.map(exact));
    let known = WHOLE_COUNTS.iter().position(|known| *known == count);
    known.map_or_else(|| exact(count), |index| whole[index])
}

/// Counts below ten. Their intervals are computed once because many cards need them.
const WHOLE_COUNTS: [f64; 10] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

fn exact(count: f64) -> Ends {
    let lower = if count > 0.0 { chi_square_quantile(0.025, 2.0 * count) / 2.0 } else { 0.0 };
    (lower, chi_square_quantile(0.975, 2.0 * count + 2.0) / 2.0)
}

fn byar(count: f64, z: f64) -> f64 {
    let root = 1.0 - 1.0 / (9.0 * count) + z / (3.0 * count.sqrt());
    count * root * root * root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn wilson_gives_the_intervals_of_newcombes_table_1() {
        // Newcombe 1998, Stat Med 17:857, table I, method 3, to its four places.
        let cases =
            [(81.0, 263.0, 0.2553, 0.3662), (15.0, 148.0, 0.0624, 0.1605), (0.0, 20.0, 0.0, 0.1611), (1.0, 29.0, 0.0061, 0.1718)];
        for (n, d, lower, upper) in cases {
            let ends = wilson(n / d, d).unwrap();
            near(ends.0, lower, 0.000_051);
            near(ends.1, upper, 0.000_051);
        }
        // The same to all digits: crates/scorecard/reference/distributions.py.
        let ends = wilson(81.0 / 263.0, 263.0).unwrap();
        near(ends.0, 0.255_288_519_489_015_76, 1e-15);
        near(ends.1, 0.366_209_577_458_019_4, 1e-15);
    }

    #[test]
    fn small_counts_have_exact_intervals() {
        // crates/scorecard/reference/distributions.py; Garwood 1936 gives 1.62 to 11.67 for 5.
        let cases = [
            (0.0, 0.0, 3.688_879_454_113_936_3),
            (1.0, 0.025_317_807_984_289_875, 5.571_643_390_938_899),
            (5.0, 1.623_486_390_118_420_5, 11.668_332_079_322_67),
            (9.0, 4.115_373_097_378_332, 17.084_803_451_419_17),
        ];
        for (count, lower, upper) in cases {
            let ends = count_interval(count);
            near(ends.0, lower, 1e-13);
            near(ends.1, upper, 1e-13);
        }
    }

    #[test]
    fn byar_lies_within_a_hundredth_of_the_exact_interval_from_ten_on() {
        // The exact interval of 10 is 4.795 to 18.390 (Garwood 1936).
        let (lower, upper) = count_interval(10.0);
        near(lower, 4.795, 0.01);
        near(upper, 18.390, 0.01);
        // crates/scorecard/reference/distributions.py
        let cases = [
            (10.0, 4.787_449_884_048_764_5, 18.391_458_677_986_87),
            (57.0, 43.168_600_568_135_1, 73.851_459_418_038_52),
            (1000.0, 938.972_498_246_702_1, 1_063.952_581_780_915_4),
        ];
        for (count, lower, upper) in cases {
            let ends = count_interval(count);
            near(ends.0 / lower, 1.0, 1e-13);
            near(ends.1 / upper, 1.0, 1e-13);
        }
    }

    #[test]
    fn the_variance_of_two_four_and_nine_is_thirteen() {
        let own = MeasureSums { n: 15, d: 3, n_squares: 4 + 16 + 81, ..MeasureSums::default() };
        assert_eq!(sample_variance(&own), Some(13.0));
        assert_eq!(sample_variance(&MeasureSums { n: 5, d: 1, n_squares: 25, ..MeasureSums::default() }), None);
    }

    #[test]
    fn equal_parts_count_as_many_as_they_are_and_one_large_part_as_one() {
        let of = |d, d_squares| effective_denominator(&MeasureSums { d, d_squares, ..MeasureSums::default() });
        assert_eq!(of(40, 4 * 100), Some(4.0));
        near(of(1_000_003, 1_000_000_000_003).unwrap(), 1.0, 1e-5);
        assert_eq!(of(0, 0), None);
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_own_value_and_stays_in_bounds(n in 0u32..200, more in 0u32..200) {
            let of = f64::from(n + more + 1);
            let proportion = f64::from(n) / of;
            let (lower, upper) = wilson(proportion, of).expect("a proportion");
            prop_assert!(0.0 <= lower && lower <= proportion && proportion <= upper && upper <= 1.0);
            let (low, high) = count_interval(f64::from(n));
            prop_assert!(0.0 <= low && low <= f64::from(n) && f64::from(n) < high);
        }

        #[test]
        fn intervals_rise_with_the_count_and_narrow_with_the_work(n in 0u32..300, more in 1u32..300, times in 2u32..30) {
            // This includes ten, from which Byar's approximation applies.
            let (low, high) = count_interval(f64::from(n));
            let (next_low, next_high) = count_interval(f64::from(n + 1));
            prop_assert!(low <= next_low && high <= next_high);
            let (of, times) = (f64::from(n + more), f64::from(times));
            let (lower, upper) = wilson(f64::from(n) / of, of).expect("a proportion");
            let (higher_lower, higher_upper) = wilson(f64::from(n + 1) / of, of).expect("a proportion");
            prop_assert!(lower <= higher_lower && upper <= higher_upper);
            let (narrow_lower, narrow_upper) = wilson(f64::from(n) / of, of * times).expect("a proportion");
            prop_assert!(narrow_upper - narrow_lower < upper - lower);
            prop_assert!(lower <= narrow_lower + 1e-15 && narrow_upper <= upper + 1e-15);
        }
    }
}

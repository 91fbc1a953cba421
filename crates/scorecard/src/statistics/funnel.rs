//! Control limits: how far from the network's value chance alone takes a unit of this size.
//!
//! Source: Spiegelhalter 2005, Stat Med 24:1185, "Funnel plots for comparing institutional performance"; for the limits with
//! over-dispersion the same author's 2005, Qual Saf Health Care 14:347.

use crate::card::scorecard::{Band, Grade, Interval};
use crate::measure::measure_set::{Kind, Measure};
use crate::statistics::dispersion::Scale;
use crate::statistics::distribution::{Z_95, Z_998, binomial_probabilities, chi_square_quantile};
use crate::statistics::interval::{Ends, effective_denominator, sample_variance};
use crate::sums::measure_sums::MeasureSums;

/// Units that a network needs before its value is a target: fewer cannot tell chance from difference.
pub const LEAST_NETWORK: usize = 20;

/// Below this many expected events, or expected others, limits of a proportion are exact.
const LEAST_FOR_SCORE: f64 = 5.0;

/// Which limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// One in twenty lies outside by chance.
    P95,
    /// One in five hundred lies outside by chance.
    P998,
}

impl Limits {
    /// Standard deviations on either side.
    #[must_use]
    pub fn z(self) -> f64 {
        match self {
            Limits::P95 => Z_95,
            Limits::P998 => Z_998,
        }
    }

    /// Probability below the lower and below the upper limit.
    #[must_use]
    pub fn probabilities(self) -> (f64, f64) {
        match self {
            Limits::P95 => (0.025, 0.975),
            Limits::P998 => (0.001, 0.999),
        }
    }
}

/// Where a value stands: on a limit is still within it, and only a value of good reliability is ever far outside.
#[must_use]
pub fn band(value: f64, limits_95: Interval, limits_998: Interval, grade: Grade) -> Band {
    let reliable = grade == Grade::Good;
    if value < limits_998.lower && reliable {
        Band::FarBelow
    } else if value < limits_95.lower {
        Band::Below
    } else if value > limits_998.upper && reliable {
        Band::FarAbove
    } else if value > limits_95.upper {
        Band::Above
    } else {
        Band::Within
    }
}

/// Limits as ratios of integer units around a target ratio, for a unit with these sums.
#[must_use]
pub fn limits_of(measure: &Measure, own: &MeasureSums, target: f64, scale: &Scale<'_>, limits: Limits) -> Option<Ends> {
    let d = own.d as f64;
    match measure.definition.kind {
        Kind::Proportion => proportion_limits(target, own.d / measure.denominator.definition.amount.units(), limits),
        Kind::Share => score_limits(target, effective_denominator(own)?, limits),
        Kind::Rate => {
            let units = measure.numerator.definition.amount.units() as f64;
            let (lower, upper) = count_limits(target * d / units, limits);
            Some((lower * units / d, upper * units / d))
        }
        Kind::Mean => normal_limits(target, sample_variance(own)? / d, limits),
        // As many events as the target makes expected, each of one size: the variance of a compound Poisson sum.
        Kind::Amount => normal_limits(target, target * scale.size_of_event(own)? / d, limits),
    }
}

/// Limits of a proportion of so many around a target from 0 to 1: score limits, exact ones where they would be wrong.
#[must_use]
pub fn proportion_limits(target: f64, of: i64, limits: Limits) -> Option<Ends> {
    let count = of as f64;
    if count * target < LEAST_FOR_SCORE || count * (1.0 - target) < LEAST_FOR_SCORE {
        let (lower, upper) = limits.probabilities();
        return Some((binomial_limit(target, of, lower)?, binomial_limit(target, of, upper)?));
    }
    score_limits(target, count, limits)
}

/// Target plus and minus z standard errors, clipped to 0 and 1; `None` when the target is no proportion.
#[must_use]
pub fn score_limits(target: f64, of: f64, limits: Limits) -> Option<Ends> {
    if !(0.0..=1.0).contains(&target) || of <= 0.0 {
        return None;
    }
    let half = limits.z() * (target * (1.0 - target) / of).sqrt();
    Some(((target - half).max(0.0), (target + half).min(1.0)))
}

/// The exact binomial limit at `probability`, interpolated: with r the smallest count whose cumulative probability exceeds it,
/// (r - alpha) / of, not below 0.
///
/// Where r is all of them the limit is 1: interpolated, it would call extreme what most units of this size reach.
///
/// Source: Spiegelhalter 2005, appendix A.1.1.
#[must_use]
pub fn binomial_limit(target: f64, of: i64, probability: f64) -> Option<f64> {
    let trials = u32::try_from(of).ok().filter(|of| *of > 0)?;
    if !(0.0..=1.0).contains(&target) {
        return None;
    }
    let (r, alpha) =
        if target <= 0.5 { from_below(target, trials, probability) } else { from_above(1.0 - target, trials, probability) };
    if r == trials && probability > 0.5 {
        return Some(1.0);
    }
    Some(((f64::from(r) - alpha) / f64::from(trials)).max(0.0))
}

/// r and alpha, summing the probabilities of 0, 1, 2... events.
fn from_below(chance: f64, trials: u32, probability: f64) -> (u32, f64) {
    let mut below = 0.0;
    for (r, mass) in (0..).zip(binomial_probabilities(trials, chance)) {
        if below + mass > probability {
            return (r, (below + mass - probability) / mass);
        }
        below += mass;
    }
    (trials, 0.0)
}

/// r and alpha, summing the probabilities of 0, 1, 2... of the others: few where nearly everything is an event.
fn from_above(chance: f64, trials: u32, probability: f64) -> (u32, f64) {
    let mut fewer = 0.0;
    for (others, mass) in (0..).zip(binomial_probabilities(trials, chance)) {
        // P(R <= trials - others) = 1 - P(fewer others than these).
        if fewer + mass >= 1.0 - probability {
            return (trials - others, (1.0 - fewer - probability) / mass);
        }
        fewer += mass;
    }
    (0, 0.0)
}

/// Exact Poisson limits of a count around what is expected of it.
#[must_use]
pub fn count_limits(expected: f64, limits: Limits) -> Ends {
    let (below, above) = limits.probabilities();
    let lower = if expected > 0.0 { chi_square_quantile(below, 2.0 * expected) / 2.0 } else { 0.0 };
    (lower, chi_square_quantile(above, 2.0 * expected + 2.0) / 2.0)
}

/// Target plus and minus z standard deviations, not below 0; `None` without spread, which says nothing about chance.
fn normal_limits(target: f64, variance: f64, limits: Limits) -> Option<Ends> {
    let half = limits.z() * variance.sqrt();
    (variance > 0.0).then(|| ((target - half).max(0.0), target + half))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::measure_set::MeasureSet;

    fn measure(kind: &str, numerator: &str, denominator: &str) -> MeasureSet {
        let side = |amount: &str| match amount {
            "minutes" | "encounters" => format!("event = \"activity\"\namount = \"{}\"\n", amount.replace("encounters", "count")),
            _ => format!("event = \"prescription\"\namount = \"{amount}\"\n"),
        };
        let text = format!(
            "id = \"x\"\nversion = 1\ntitle = \"?\"\nkind = \"{kind}\"\ndomain = \"clinical\"\nunit = \"\"\nscale = 1.0\n\
             direction = \"low\"\nrationale = \"\"\nsource = \"\"\nchanges = []\n[numerator]\n{}[denominator]\n{}",
            side(numerator),
            side(denominator)
        );
        MeasureSet::parse([("x.toml", text.as_str())]).unwrap()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn small_counts_have_interpolated_binomial_limits() {
        // crates/scorecard/reference/distributions.py: exact fractions. Lower 99.8 %, lower 95 %, upper 95 %, upper 99.8 %.
        let cases = [
            (20, 1.0 / 20.0, [0.0, 0.0, 0.142_364_765_016_904_04, 0.235_059_878_652_432_36]),
            (30, 1.0 / 10.0, [0.0, 0.0, 0.201_527_426_884_714_7, 0.288_381_688_798_152_4]),
            (12, 1.0 / 3.0, [0.0, 0.031_161_922_878_689_238, 0.572_426_659_169_823_3, 0.738_520_785_984_848_5]),
            (400, 1.0 / 200.0, [0.0, 0.0, 0.011_893_799_079_309_883, 0.017_663_355_811_448_733]),
            (40, 19.0 / 20.0, [0.802_690_761_927_450_9, 0.858_142_477_146_317_6, 1.0, 1.0]),
            (25, 9.0 / 10.0, [0.652_029_317_011_720_6, 0.745_955_374_178_737_7, 1.0, 1.0]),
            (300, 299.0 / 300.0, [0.980_471_908_975_954_6, 0.987_005_190_332_991_5, 1.0, 1.0]),
        ];
        for (of, target, expected) in cases {
            let (lower_95, upper_95) = proportion_limits(target, of, Limits::P95).unwrap();
            let (lower_998, upper_998) = proportion_limits(target, of, Limits::P998).unwrap();
            for (found, expected) in [lower_998, lower_95, upper_95, upper_998].into_iter().zip(expected) {
                near(found, expected);
            }
        }
    }

    #[test]
    fn larger_counts_have_score_limits() {
        let (lower, upper) = proportion_limits(0.2, 100, Limits::P95).unwrap();
        near(lower, 0.2 - 1.959_964 * 0.04);
        near(upper, 0.2 + 1.959_964 * 0.04);
        let (lower, upper) = proportion_limits(0.2, 100, Limits::P998).unwrap();
        near(lower, 0.2 - 3.090_232 * 0.04);
        near(upper, 0.2 + 3.090_232 * 0.04);
    }

    #[test]
    fn twenty_of_twenty_is_no_outlier_where_most_are_content() {
        let limits = |limits| {
            let (lower, upper) = proportion_limits(0.95, 20, limits).unwrap();
            Interval { lower, upper }
        };
        assert_eq!(band(1.0, limits(Limits::P95), limits(Limits::P998), Grade::Good), Band::Within);
        assert_eq!(proportion_limits(1.0, 10, Limits::P95).map(|ends| ends.1), Some(1.0));
        assert_eq!(proportion_limits(0.0, 10, Limits::P95), Some((0.0, 0.0)));
    }

    #[test]
    fn counts_have_exact_poisson_limits() {
        // Twice the limits are quantiles of chi-square: crates/scorecard/reference/distributions.py.
        let (lower, upper) = count_limits(10.0, Limits::P95);
        near(lower, 9.590_777_392_264_867 / 2.0);
        near(upper, 36.780_712_084_035_56 / 2.0);
        let (lower, upper) = count_limits(200.0, Limits::P998);
        near(lower / 200.0, 318.259_602_348_978_15 / 400.0);
        near(upper / 200.0, 495.349_940_402_180_44 / 400.0);
        assert_eq!(count_limits(0.0, Limits::P95).0, 0.0);
    }

    /// Lower 99.8 %, lower 95 %, upper 95 %, upper 99.8 % around a target.
    fn all_limits(set: &MeasureSet, own: &MeasureSums, target: f64) -> Option<[f64; 4]> {
        let measure = &set.measures()[0];
        let scale = Scale::new(measure, target, None);
        let (lower_95, upper_95) = limits_of(measure, own, target, &scale, Limits::P95)?;
        let (lower_998, upper_998) = limits_of(measure, own, target, &scale, Limits::P998)?;
        Some([lower_998, lower_95, upper_95, upper_998])
    }

    #[test]
    fn limits_of_a_mean_an_amount_a_share_and_a_rate_are_the_reference_scripts() {
        // crates/scorecard/reference/distributions.py
        let sums = |n, d, n_squares, d_squares| MeasureSums { n, d, n_squares, d_squares, ..MeasureSums::default() };
        let cases = [
            (
                measure("mean", "minutes", "encounters"),
                sums(61, 6, 663, 6),
                11.0,
                [7.307_492_428_238_586, 8.658_045_767_961_827, 13.341_954_232_038_173, 14.692_507_571_761_414],
            ),
            (
                measure("amount", "cost", "encounters"),
                sums(15_700, 40, 94_990_000, 40),
                350.0,
                [0.0, 0.0, 800.963_340_229_451, 1_061.023_949_829_658_5],
            ),
            (measure("share", "items", "items"), sums(84, 280, 84 * 84, 15_680), 0.4, [0.0, 0.0, 0.829_406_597_879_222_1, 1.0]),
            (
                measure("rate", "items", "encounters"),
                sums(3, 200, 3, 200),
                0.05,
                [0.014_802_601_863_718_798, 0.023_976_943_480_662_167, 0.091_951_780_210_088_89, 0.120_669_855_727_087_94],
            ),
        ];
        for (set, own, target, expected) in cases {
            let found = all_limits(&set, &own, target).unwrap();
            for (found, expected) in found.into_iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= 1e-12 * target,
                    "{:?}: {found}, {expected}",
                    set.measures()[0].definition.kind
                );
            }
        }
    }

    #[test]
    fn on_a_limit_is_within_it() {
        let (inner, outer) = (Interval { lower: 2.0, upper: 4.0 }, Interval { lower: 1.0, upper: 5.0 });
        let bands = [0.9, 1.0, 1.9, 2.0, 4.0, 4.1, 5.0, 5.1].map(|value| band(value, inner, outer, Grade::Good));
        assert_eq!(
            bands,
            [Band::FarBelow, Band::Below, Band::Below, Band::Within, Band::Within, Band::Above, Band::Above, Band::FarAbove]
        );
    }

    #[test]
    fn a_value_that_is_not_reliable_is_never_far_outside() {
        let (inner, outer) = (Interval { lower: 2.0, upper: 4.0 }, Interval { lower: 1.0, upper: 5.0 });
        for grade in [Grade::Insufficient, Grade::Low, Grade::Moderate] {
            assert_eq!([0.9, 5.1].map(|value| band(value, inner, outer, grade)), [Band::Below, Band::Above]);
        }
    }

    proptest! {
        #[test]
        fn limits_of_every_kind_hold_the_target_those_of_95_percent_inside_and_narrow_with_work(
            parts in proptest::collection::vec(1i64..500, 2..40), more in 1i64..1_000, target in 0.01f64..0.99, times in 2i64..20,
        ) {
            let (n, squares) = parts.iter().fold((0, 0), |(n, s), x| (n + x, s + i128::from(x * x)));
            prop_assume!(parts.iter().any(|part| *part != parts[0]));
            let count = i64::try_from(parts.len()).expect("few");
            let of = |times: i64, d, d_squares: i128| MeasureSums {
                n: times * n,
                d: times * d,
                n_squares: i128::from(times) * squares,
                d_squares: i128::from(times) * d_squares,
                ..MeasureSums::default()
            };
            let cases = [
                (measure("mean", "minutes", "encounters"), count, 0, 100.0 * target),
                (measure("amount", "cost", "encounters"), more, 0, 100.0 * target),
                (measure("rate", "items", "encounters"), more, 0, target),
                (measure("share", "items", "items"), n + more, squares + i128::from(more), target),
            ];
            for (set, d, d_squares, target) in cases {
                let [far_below, below, above, far_above] = all_limits(&set, &of(1, d, d_squares), target).expect("a spread");
                prop_assert!(0.0 <= far_below && far_below <= below && below <= target && target <= above && above <= far_above);
                let [_, nearer_below, nearer_above, _] = all_limits(&set, &of(times, d, d_squares), target).expect("a spread");
                prop_assert!(below <= nearer_below + 1e-12 && nearer_above <= above + 1e-12);
            }
        }

        #[test]
        fn limits_of_a_count_rise_with_what_is_expected(expected in 0.0f64..3_000.0, more in 0.001f64..100.0) {
            for limits in [Limits::P95, Limits::P998] {
                let (low, high) = count_limits(expected, limits);
                let (next_low, next_high) = count_limits(expected + more, limits);
                prop_assert!(low <= next_low && high <= next_high && low <= expected && expected < high);
            }
        }

        #[test]
        fn limits_of_99_8_percent_hold_those_of_95_and_narrow_with_size(target in 0.001f64..0.999, of in 1i64..3_000) {
            let (lower, upper) = proportion_limits(target, of, Limits::P95).expect("a proportion");
            let (outer_lower, outer_upper) = proportion_limits(target, of, Limits::P998).expect("a proportion");
            prop_assert!(0.0 <= outer_lower && outer_lower <= lower + 1e-12 && upper <= outer_upper + 1e-12 && outer_upper <= 1.0);
            prop_assert!(lower <= upper);
            let (low, high) = count_limits(target * of as f64, Limits::P95);
            prop_assert!(low <= target * of as f64 && target * (of as f64) < high);
            if of as f64 * target.min(1.0 - target) >= 5.0 {
                let (wider_lower, wider_upper) = score_limits(target, of as f64 - 0.5, Limits::P95).expect("a proportion");
                prop_assert!(wider_lower <= lower && upper <= wider_upper);
            }
        }
    }
}

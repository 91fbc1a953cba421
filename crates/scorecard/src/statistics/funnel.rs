//! Control limits: the distance from the network's value that chance alone explains for a unit of this size.
//!
//! Source: Spiegelhalter 2005, Stat Med 24:1185, "Funnel plots for comparing institutional performance"; for the limits with
//! over-dispersion the same author's 2005, Qual Saf Health Care 14:347.

use crate::statistics::distribution::{Ends, Z_95, Z_998, binomial_probabilities, chi_square_quantile};

/// Least number of units of a network whose value is a target. Fewer cannot separate chance from real differences.
pub const LEAST_NETWORK: usize = 20;

/// Expected events, and expected non-events, below which limits of a proportion are exact.
const LEAST_FOR_SCORE: f64 = 5.0;

/// The two pairs of limits.
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

/// Limits of a proportion of `of` events around a target from 0 to 1: exact limits for few expected events, else score limits.
#[must_use]
pub fn proportion_limits(target: f64, of: i64, limits: Limits) -> Option<Ends> {
    let count = of as f64;
    if count * target < LEAST_FOR_SCORE || count * (1.0 - target) < LEAST_FOR_SCORE {
        let (lower, upper) = limits.probabilities();
        return Some((binomial_limit(target, of, lower)?, binomial_limit(target, of, upper)?));
    }
    score_limits(target, count, limits)
}

/// Target plus and minus z standard errors, clipped to 0 and 1. `None` if the target is not from 0 to 1, or of no events.
#[must_use]
pub fn score_limits(target: f64, of: f64, limits: Limits) -> Option<Ends> {
    if !(0.0..=1.0).contains(&target) || of <= 0.0 {
        return None;
    }
    let half = limits.z() * (target * (1.0 - target) / of).sqrt();
    Some(((target - half).max(0.0), (target + half).min(1.0)))
}

/// The exact binomial limit at `probability`, interpolated: (r - alpha) / of, at least 0. r is the smallest count whose cumulative
/// probability exceeds `probability`.
///
/// If r is all events, the upper limit is 1. Interpolation would mark a value as extreme that most units of this size reach.
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

/// r and alpha, summing the probabilities of 0, 1, 2... non-events: few terms if nearly everything is an event.
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

/// Exact Poisson limits of a count around its expected value.
#[must_use]
pub fn count_limits(expected: f64, limits: Limits) -> Ends {
    let (below, above) = limits.probabilities();
    let lower = if expected > 0.0 { chi_square_quantile(below, 2.0 * expected) / 2.0 } else { 0.0 };
    (lower, chi_square_quantile(above, 2.0 * expected + 2.0) / 2.0)
}

/// Target plus and minus z standard deviations, at least 0. `None` for a variance of 0, which says nothing about chance.
#[must_use]
pub fn normal_limits(target: f64, variance: f64, limits: Limits) -> Option<Ends> {
    let half = limits.z() * variance.sqrt();
    (variance > 0.0).then(|| ((target - half).max(0.0), target + half))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    proptest! {
        #[test]
        fn limits_of_a_count_rise_with_the_expected_count(expected in 0.0f64..3_000.0, more in 0.001f64..100.0) {
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

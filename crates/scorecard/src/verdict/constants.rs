//! Constants of the verdict layer. A choice is marked as one; all others follow from the normal distribution.

/// Bound of z in the first pass of a fit: the 75th centile of a standard normal. Half of all units may be anything before a centre with
/// this bound fails (Huber 1964, Ann Math Stat 35:73).
pub const FIRST_BOUND: f64 = 0.674_489_750_196_081_7;

/// Mean of the smaller of z^2 and the square of [`FIRST_BOUND`], for a standard normal z.
pub const FIRST_MEAN_SQUARE: f64 = 0.298_794_129_304_045_8;

/// Bound of z in later passes: the 90th centile.
pub const LATER_BOUND: f64 = 1.281_551_565_544_600_4;

/// Mean of the smaller of z^2 and the square of [`LATER_BOUND`], for a standard normal z whose size is at most [`CUT`].
pub const LATER_MEAN_SQUARE: f64 = 0.676_045_668_406_602;

/// Size of z beyond which a unit leaves the fit (Rousseeuw and Leroy 1987, Robust Regression and Outlier Detection: start robust, then
/// reweight).
pub const CUT: f64 = 3.0;

/// Least coefficient of variation between clinicians that a verdict assumes. No difference is a finding among clinicians who differ
/// less than this. A choice.
pub const FLOOR: f64 = 0.1;

/// Least coefficient of variation that the scale of z uses: below it the limit of the formula is reached to twelve digits.
pub const LEAST_GAMMA: f64 = 0.001;

/// Coefficient of variation assumed where the network cannot show it. Studies of prescribing and referral give 0.3 to 0.5. A choice.
pub const UNKNOWN_GAMMA: f64 = 0.35;

/// Largest coefficient of variation that a fit finds.
pub const MOST_GAMMA: f64 = 3.0;

/// z of the inner band of the funnel: 95 %.
pub const Z95: f64 = 1.959_963_984_540_054;

/// z of the outer band of the funnel: 99.8 %.
pub const Z998: f64 = 3.090_232_306_167_813;

/// False discovery rate of "please check" and of "better than most".
pub const CHECK_RATE: f64 = 0.01;

/// False discovery rate of "changed".
pub const CHANGE_RATE: f64 = 0.005;

/// Largest p of a finding, whatever the rate allows.
pub const CAP: f64 = 0.0025;

/// Largest p, towards the adverse side, of "worth a look".
pub const LOOK: f64 = 0.025;

/// Upper quartile of a standard normal.
pub const QUARTILE: f64 = 0.674_489_750_196_081_7;

/// The value that a standard normal exceeds with the probability 1/3.
pub const TWO_THIRDS: f64 = 0.430_727_299_295_457_5;

/// Least number of units of a network.
pub const LEAST_NETWORK: usize = 20;

/// Least number of units that tell the spread between clinicians.
pub const LEAST_ESTIMATING: usize = 10;

/// Least expected events, in units of chance, of a unit that tells the spread.
pub const LEAST_EXPECTED: f64 = 3.0;

/// Most units that a fit reads. A larger network gives the same answer from this many evenly spaced ranks.
pub const MOST_FITTED: usize = 2_000;

/// Largest size of z of a verdict without enough facts.
pub const FEW_Z: f64 = 1.9;

/// Least facts of the rarer numerator of a finding on the high side.
pub const LEAST_EVENTS: i64 = 5;

/// Least facts of the denominator of a finding of a mean or an amount.
pub const LEAST_FACTS: i64 = 20;

/// Size of z from which the exact tail of chance is asked for.
pub const EXACT_FROM: f64 = 1.5;

/// Expected events, in units of chance, beyond which no exact tail is computed: with at least [`FLOOR`] between clinicians, the scale is
/// always nearer to 0 there.
pub const EXACT_UP_TO: f64 = 20_000.0;

/// Median of chi-square with 4 degrees of freedom, over 4: of one unit's mean of four squared sign sums.
pub const SIGNS_MEDIAN: f64 = 0.839_173_495_008_330_3;

/// Median of chi-square with 11 degrees of freedom, over 11: of one unit's dispersion between twelve months.
pub const MONTHS_MEDIAN: f64 = 0.940_090_734_035_620_4;

/// Largest design effect.
pub const MOST_DESIGN_EFFECT: f64 = 20.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::normal::{density, quantile, upper_tail};

    /// Mean of the smaller of z^2 and `bound`^2 for a standard normal z.
    fn bounded(bound: f64) -> f64 {
        1.0 - 2.0 * upper_tail(bound) - 2.0 * bound * density(bound) + 2.0 * bound * bound * upper_tail(bound)
    }

    #[test]
    fn constants_are_those_of_the_normal_distribution() {
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-14, "{found} is not {expected}");
        near(FIRST_BOUND, quantile(0.75));
        near(FIRST_MEAN_SQUARE, bounded(FIRST_BOUND));
        near(LATER_BOUND, quantile(0.9));
        let beyond = 2.0 * upper_tail(CUT);
        near(LATER_MEAN_SQUARE, (bounded(LATER_BOUND) - LATER_BOUND * LATER_BOUND * beyond) / (1.0 - beyond));
        near(Z95, quantile(0.975));
        near(Z998, quantile(0.999));
        near(QUARTILE, quantile(0.75));
        near(TWO_THIRDS, quantile(2.0 / 3.0));
    }
}

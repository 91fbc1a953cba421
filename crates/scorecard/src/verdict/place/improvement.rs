//! Points for improvement over one's own year before. The joint estimate of both years takes regression to the mean out.

use crate::verdict::constants::{LATER_BOUND, QUARTILE, TWO_THIRDS};
use crate::verdict::place::points::ExpectedPoints;

/// Correlation of a clinician's true values from year to year. A choice.
const YEARS: f64 = 0.8;

/// Improvement, in places, from which points begin: a fifth of a quartile.
const BEGIN: f64 = QUARTILE / 5.0;

/// Least reliability of either year for improvement points.
const LEAST_RELIABILITY: f64 = 0.5;

/// One year of a unit, by centre and spread of now, because the season cancels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YearPlace {
    /// z on the scale with the point spread, with the sign of good.
    pub z: f64,
    /// Reliability, above 0 and at most 1.
    pub reliability: f64,
}

/// The true improvement in places, as a normal distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Improvement {
    /// Expected improvement.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
}

impl Improvement {
    /// The improvement from the year before to now.
    ///
    /// Source: the conditional mean and variance of a difference of two correlated normal variables, each observed with error.
    #[must_use]
    pub fn between(before: YearPlace, now: YearPlace) -> Improvement {
        let (error_before, observed_before) = observation(before);
        let (error_now, observed_now) = observation(now);
        let rest = 1.0 - YEARS * YEARS;
        let determinant = (1.0 + error_now) * (1.0 + error_before) - YEARS * YEARS;
        let expected_now = (error_before + rest) * observed_now + YEARS * error_now * observed_before;
        let expected_before = YEARS * error_before * observed_now + (error_now + rest) * observed_before;
        let change = 1.0 - YEARS;
        let explained = change * change * (2.0 + error_before + error_now + 2.0 * YEARS) / determinant;
        let variance = (2.0 * change - explained).max(0.0);
        Improvement { mean: (expected_now - expected_before) / determinant, deviation: variance.sqrt() }
    }

    /// Points for this improvement, 0 to `available`: from a fifth of a quartile on, all for a quartile. Counted is the improvement that
    /// is twice as likely as not. The range is that of the points at the ends of the improvement's 80 % interval.
    #[must_use]
    pub fn points(&self, available: f64) -> ExpectedPoints {
        let at = |deviations: f64| {
            let counted = self.mean + deviations * self.deviation;
            available * ((counted - BEGIN) / (QUARTILE - BEGIN)).clamp(0.0, 1.0)
        };
        ExpectedPoints { points: at(-TWO_THIRDS), low: at(-LATER_BOUND), high: at(LATER_BOUND) }
    }
}

/// Whether both years are reliable enough for improvement points.
#[must_use]
pub fn has_improvement_points(before: YearPlace, now: YearPlace) -> bool {
    before.reliability >= LEAST_RELIABILITY && now.reliability >= LEAST_RELIABILITY
}

/// Variance of chance in places, and the observed place.
fn observation(year: YearPlace) -> (f64, f64) {
    ((1.0 - year.reliability) / year.reliability, year.z / year.reliability.sqrt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn year(z: f64, reliability: f64) -> YearPlace {
        YearPlace { z, reliability }
    }

    #[test]
    fn two_certain_years_improve_by_their_difference() {
        let found = Improvement::between(year(-1.0, 1.0), year(0.5, 1.0));
        assert!((found.mean - 1.5).abs() < 1e-12 && found.deviation < 1e-7);
        assert_eq!(found.points(10.0).points, 10.0);
    }

    #[test]
    fn the_range_of_improvement_points_is_that_of_the_improvement() {
        // Points begin at 0.1349 places and are full at 0.6745. An improvement of 0.5 +- 0.2: 0.5 - 0.4307 x 0.2 = 0.4139 is 0.5170 of the
        // way; 0.5 - 1.2816 x 0.2 = 0.2437 is 0.2016 of it, and 0.7563 is beyond its end.
        let found = Improvement { mean: 0.5, deviation: 0.2 }.points(10.0);
        assert!((found.points - 5.170).abs() < 1e-3 && (found.low - 2.016).abs() < 1e-3, "{found:?}");
        assert_eq!(found.high, 10.0);
    }

    #[test]
    fn either_year_of_low_reliability_gives_no_improvement_points() {
        let (sure, unsure) = (year(0.0, 0.5), year(0.0, 0.49));
        assert!(has_improvement_points(sure, sure));
        assert!(!has_improvement_points(sure, unsure) && !has_improvement_points(unsure, sure));
    }

    proptest! {
        #[test]
        fn points_rise_with_the_year_of_now_and_never_pay_standing_still(
            z in -3.0f64..3.0, more in 0.0f64..2.0, before in -3.0f64..3.0, r1 in 0.5f64..1.0, r0 in 0.5f64..1.0,
        ) {
            let of = |z| Improvement::between(year(before, r0), year(z, r1));
            prop_assert!(of(z).mean <= of(z + more).mean + 1e-12);
            prop_assert!((of(z).deviation - of(z + more).deviation).abs() < 1e-12);
            let found = of(z).points(10.0);
            prop_assert!(0.0 <= found.low && found.low <= found.points && found.points <= found.high && found.high <= 10.0);
            // The typical clinician of both years.
            prop_assert_eq!(Improvement::between(year(0.0, r0), year(0.0, r1)).points(10.0).points, 0.0);
        }
    }
}

//! Points by place among clinicians: expected points, not those of the observed value.
//!
//! Where chance is large, points are near the middle, so that reliability need not decide whether a measure has any.

use crate::statistics::normal::{density, upper_tail};
use crate::verdict::constants::LATER_BOUND;
use crate::verdict::place::threshold_place::PointPlaces;

/// The place of a unit among clinicians, as a normal distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruePlace {
    /// Expected place.
    pub mean: f64,
    /// Standard deviation of the place.
    pub deviation: f64,
}

impl TruePlace {
    /// The place of a unit with this z on the scale, by the point spread, and this reliability from 0 to 1.
    #[must_use]
    pub fn of(z: f64, reliability: f64) -> TruePlace {
        TruePlace { mean: reliability.sqrt() * z, deviation: (1.0 - reliability).sqrt() }
    }
}

/// Points of one measure, each from 0 to those available.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpectedPoints {
    /// Expected points.
    pub points: f64,
    /// Lower end of the 80 % interval.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

impl ExpectedPoints {
    /// The points of a unit at this place, of `available` ones, on the line between the two places.
    #[must_use]
    pub fn of(place: TruePlace, places: PointPlaces, available: f64) -> ExpectedPoints {
        let length = places.full - places.begin;
        let on_line = |place: f64| (place - places.begin) / length;
        let at = |place: f64| available * on_line(place).clamp(0.0, 1.0);
        let ends = (at(place.mean - LATER_BOUND * place.deviation), at(place.mean + LATER_BOUND * place.deviation));
        ExpectedPoints {
            points: available * expected_clamped(on_line(place.mean), place.deviation / length.abs()),
            low: ends.0.min(ends.1),
            high: ends.0.max(ends.1),
        }
    }
}

/// Mean of a normal variable with this mean and standard deviation, limited to 0 to 1.
#[must_use]
pub fn expected_clamped(mean: f64, deviation: f64) -> f64 {
    if deviation <= 0.0 {
        return mean.clamp(0.0, 1.0);
    }
    if mean > 0.5 {
        return 1.0 - expected_clamped(1.0 - mean, deviation);
    }
    deviation * (excess_over(-mean / deviation) - excess_over((1.0 - mean) / deviation))
}

/// Mean excess of a standard normal variable over a bound, 0 where it is below.
fn excess_over(bound: f64) -> f64 {
    (density(bound) - bound * upper_tail(bound)).max(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_typical_clinician_has_half_of_the_points_whatever_the_reliability() {
        for reliability in [0.0, 0.3, 0.9, 1.0] {
            let found = ExpectedPoints::of(TruePlace::of(0.0, reliability), PointPlaces::quartiles(true), 10.0);
            assert!((found.points - 5.0).abs() < 1e-14);
            assert!((found.low + found.high - 10.0).abs() < 1e-12);
        }
    }

    proptest! {
        #[test]
        fn points_lie_within_their_range_and_rise_towards_the_good_side(
            z in -5.0f64..5.0, more in 0.0f64..2.0, reliability in 0.0f64..=1.0, available in 1.0f64..30.0, up in any::<bool>(),
        ) {
            let places = PointPlaces::quartiles(up);
            let of = |z| ExpectedPoints::of(TruePlace::of(z, reliability), places, available);
            let (one, next) = (of(z), of(if up { z + more } else { z - more }));
            prop_assert!(0.0 <= one.low && one.low <= one.high && one.high <= available);
            prop_assert!(0.0 <= one.points && one.points <= available);
            let slack = 1e-12 * available;
            prop_assert!(one.points <= next.points + slack && one.low <= next.low && one.high <= next.high);
        }

        #[test]
        fn good_and_bad_direction_mirror_each_other(z in -5.0f64..5.0, reliability in 0.0f64..1.0) {
            let of = |z, up| ExpectedPoints::of(TruePlace::of(z, reliability), PointPlaces::quartiles(up), 10.0).points;
            prop_assert!((of(z, true) - of(-z, false)).abs() < 1e-12);
            prop_assert!((of(z, true) + of(-z, true) - 10.0).abs() < 1e-11);
        }
    }
}

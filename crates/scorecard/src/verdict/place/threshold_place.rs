//! Places among clinicians: positions on a standard normal distribution of true values, 0 being the typical clinician's.

use std::f64::consts::FRAC_PI_2;

use crate::verdict::constants::QUARTILE;
use crate::verdict::placed_unit::ChanceModel;

/// Spread below which clinicians do not differ measurably, so that nobody has a place or points.
const LEAST_SPREAD: f64 = 0.02;

/// The places where points begin and where they are full, with the sign of the counted side's numerator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointPlaces {
    /// Place of the first point.
    pub begin: f64,
    /// Place of all points; not equal to `begin`.
    pub full: f64,
}

impl PointPlaces {
    /// The quartiles of true values, for a measure whose counted side is better the more there is of it, or the less.
    #[must_use]
    pub fn quartiles(more_is_better: bool) -> PointPlaces {
        let sign = if more_is_better { 1.0 } else { -1.0 };
        PointPlaces { begin: -sign * QUARTILE, full: sign * QUARTILE }
    }
}

/// Whether clinicians differ enough for places.
#[must_use]
pub fn has_places(gamma: f64) -> bool {
    gamma >= LEAST_SPREAD
}

/// The place of a true value, in the unit of the centre. A proportion's place is a difference of logarithms of squared angles.
///
/// A measure that counts the others asks with the others' value and centre. `None` for a value that no clinician of a log-normal
/// distribution has: 0 or less, or above 1 for a proportion.
#[must_use]
pub fn place_of_value(model: ChanceModel, value: f64, centre: f64, gamma: f64) -> Option<f64> {
    let size = |value: f64| if model == ChanceModel::Binomial { squared_angle(value) } else { value };
    let possible = value > 0.0 && (model != ChanceModel::Binomial || value <= 1.0);
    possible.then(|| libm::log(size(value) / size(centre)) / gamma)
}

/// The value of the counted side at this place.
#[must_use]
pub fn value_of_place(model: ChanceModel, place: f64, centre: f64, gamma: f64) -> f64 {
    if model != ChanceModel::Binomial {
        return centre * libm::exp(gamma * place);
    }
    let angle = libm::asin(centre.sqrt()) * libm::exp(gamma * place / 2.0);
    let sine = libm::sin(angle.min(FRAC_PI_2));
    sine * sine
}

/// A unit's value shrunk towards the centre by its reliability: the value at its expected place. `z` is the scale's with the point
/// spread `gamma`.
///
/// Source: Morris 1983, J Am Stat Assoc 78:47 (empirical Bayes).
#[must_use]
pub fn shrunk_value(model: ChanceModel, z: f64, reliability: f64, centre: f64, gamma: f64) -> f64 {
    value_of_place(model, reliability.sqrt() * z, centre, gamma)
}

fn squared_angle(value: f64) -> f64 {
    let angle = libm::asin(value.min(1.0).sqrt());
    angle * angle
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_value_at_the_place_of_a_value_is_the_value(value in 0.001f64..0.99, centre in 0.001f64..0.5, gamma in 0.05f64..1.0) {
            for model in [ChanceModel::Poisson, ChanceModel::Binomial, ChanceModel::Normal] {
                let place = place_of_value(model, value, centre, gamma).expect("a value above 0");
                prop_assert!((value_of_place(model, place, centre, gamma) / value - 1.0).abs() < 1e-9);
                prop_assert_eq!(place > 0.0, value > centre);
            }
        }

        #[test]
        fn a_shrunk_value_lies_between_the_centre_and_less_shrinkage(z in -4.0f64..4.0, reliability in 0.0f64..0.9, gamma in 0.05f64..0.8) {
            for model in [ChanceModel::Poisson, ChanceModel::Binomial] {
                let distance = |reliability| (shrunk_value(model, z, reliability, 0.2, gamma) - 0.2).abs();
                prop_assert!(distance(reliability) <= distance(reliability + 0.1) + 1e-15);
            }
        }
    }

    #[test]
    fn values_that_nobody_has_have_no_place() {
        assert_eq!(place_of_value(ChanceModel::Poisson, 0.0, 0.1, 0.3), None);
        assert_eq!(place_of_value(ChanceModel::Binomial, 1.01, 0.1, 0.3), None);
        assert_eq!((has_places(0.019), has_places(0.02)), (false, true));
    }
}

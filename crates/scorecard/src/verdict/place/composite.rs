//! The total of points over measures, with its interval.

use crate::verdict::constants::LATER_BOUND;
use crate::verdict::place::points::ExpectedPoints;

/// Points of all measures together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompositePoints {
    /// Points of all measures.
    pub points: f64,
    /// Points available in all measures.
    pub available: f64,
    /// Lower end of the 80 % interval, at least 0.
    pub low: f64,
    /// Upper end of it, at most the points available.
    pub high: f64,
}

impl CompositePoints {
    /// The total of independent measures, each with its points and those available.
    ///
    /// The 80 % interval of a measure is 2 x 1.2816 standard deviations wide, and variances add up.
    #[must_use]
    pub fn of(measures: &[(ExpectedPoints, f64)]) -> CompositePoints {
        let total: f64 = measures.iter().map(|(one, _)| one.points).sum();
        let available: f64 = measures.iter().map(|(_, available)| available).sum();
        let variance: f64 = measures.iter().map(|(one, _)| variance(one)).sum();
        let half = LATER_BOUND * variance.sqrt();
        CompositePoints { points: total, available, low: (total - half).max(0.0), high: (total + half).min(available) }
    }
}

fn variance(one: &ExpectedPoints) -> f64 {
    let deviation = (one.high - one.low) / (2.0 * LATER_BOUND);
    deviation * deviation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_equal_measures_have_twice_the_width_of_one() {
        let one = (ExpectedPoints { points: 5.0, low: 4.0, high: 6.0 }, 10.0);
        let found = CompositePoints::of(&[one; 4]);
        assert_eq!((found.points, found.available), (20.0, 40.0));
        assert!((found.low - 18.0).abs() < 1e-12 && (found.high - 22.0).abs() < 1e-12);
        assert_eq!(CompositePoints::of(&[]), CompositePoints { points: 0.0, available: 0.0, low: 0.0, high: 0.0 });
    }
}

//! The band of a value between its control limits.

use crate::card::scorecard::{Band, Grade, Interval};

/// The band of a value. A value on a limit is within it. Only a value of good reliability can be far outside.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::funnel::{Limits, proportion_limits};

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
}

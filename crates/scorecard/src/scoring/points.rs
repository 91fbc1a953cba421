//! Points of the personal QOF: none up to the lower threshold, all from the upper threshold on, in proportion between them.
//!
//! Source: NHS England, General Medical Services Statement of Financial Entitlements, Quality and Outcomes Framework: points are
//! earned in proportion between a lower and an upper achievement threshold.

use crate::card::round::published;
use crate::card::scorecard::{Composite, DomainPoints, Qof};
use crate::measure::measure_set::Domain;

/// Least share of all points, in percent, that must be applicable before the composite is shown.
const APPLICABLE_PERCENT: f64 = 60.0;

/// Points from 0 to `available` for an achievement in the measure's unit. If `lower` is above `upper`, low values are good.
#[must_use]
pub fn earned(available: f64, lower: f64, upper: f64, achievement: f64) -> f64 {
    available * ((achievement - lower) / (upper - lower)).clamp(0.0, 1.0)
}

/// The points of one measure at full precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Achievement {
    /// Value at which points begin, in the measure's unit.
    pub lower: f64,
    /// Value that earns all points.
    pub upper: f64,
    /// Maximum points.
    pub available: f64,
    /// Earned points.
    pub points: f64,
}

impl Achievement {
    /// The achievement of a value in the measure's unit. `None` if the thresholds are equal.
    #[must_use]
    pub fn of(available: f64, (lower, upper): (f64, f64), value: f64) -> Option<Achievement> {
        (lower != upper).then(|| Achievement { lower, upper, available, points: earned(available, lower, upper, value) })
    }

    /// The published form, rounded.
    #[must_use]
    pub fn published(&self) -> Option<Qof> {
        Some(Qof {
            lower: published(self.lower)?,
            upper: published(self.upper)?,
            points_available: published(self.available)?,
            points: published(self.points)?,
        })
    }
}

/// The contribution of one measure to the sums of points.
#[derive(Clone, Copy, Debug)]
pub struct Contribution {
    /// Its domain.
    pub domain: Domain,
    /// Maximum points in its file, applicable or not; 0 without points.
    pub offered: f64,
    /// Its achievement, if it is applicable: not suppressed, with a value and with thresholds.
    pub achievement: Option<Achievement>,
    /// Whether its grade is moderate or good, so that its points count.
    pub reliable: bool,
    /// Whether it has a value in its headline window: 1 or 0.
    pub measures: u32,
}

/// 100 x points / available over the applicable and reliable measures. The percentage is shown only if the applicable measures,
/// reliable or not, have at least 60 % of all points.
#[must_use]
pub fn composite(contributions: &[Contribution]) -> Composite {
    let offered: f64 = contributions.iter().map(|c| c.offered).sum();
    let applicable: f64 = contributions.iter().filter_map(|c| c.achievement).map(|a| a.available).sum();
    let (points, available) = totals(contributions.iter());
    let enough = available > 0.0 && 100.0 * applicable >= APPLICABLE_PERCENT * offered;
    Composite {
        percent: if enough { published(100.0 * points / available) } else { None },
        points: published(points).unwrap_or_default(),
        available: published(available).unwrap_or_default(),
    }
}

/// Points by domain, in order of the domain, for every domain with a measure.
#[must_use]
pub fn by_domain(contributions: &[Contribution]) -> Vec<DomainPoints> {
    let mut domains: Vec<Domain> = contributions.iter().map(|c| c.domain).collect();
    domains.sort_unstable();
    domains.dedup();
    let of = |domain: Domain| {
        let mine = || contributions.iter().filter(move |c| c.domain == domain);
        let (points, available) = totals(mine());
        DomainPoints {
            domain,
            points: published(points).unwrap_or_default(),
            available: published(available).unwrap_or_default(),
            measures: mine().map(|c| c.measures).sum(),
        }
    };
    domains.into_iter().map(of).collect()
}

/// Earned and maximum points over the applicable and reliable measures. They are added in the order of the measures, so that equal
/// sums give equal bits.
fn totals<'a>(contributions: impl Iterator<Item = &'a Contribution>) -> (f64, f64) {
    contributions
        .filter(|c| c.reliable)
        .filter_map(|c| c.achievement)
        .fold((0.0, 0.0), |(points, available), a| (points + a.points, available + a.available))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn points_are_earned_in_proportion_between_the_thresholds() {
        // (points, lower, upper, numerator, denominator, expected), computed by hand; the first is 15 x (60 - 45) / 35.
        let cases = [
            (15.0, 45.0, 80.0, 60.0, 100.0, 6.428_571_428_571_428),
            (15.0, 45.0, 80.0, 90.0, 100.0, 15.0),
            (10.0, 38.0, 78.0, 141.0, 188.0, 9.25),
            (17.0, 35.0, 75.0, 97.0, 214.0, 4.389_018_691_588_785),
            (17.0, 35.0, 75.0, 30.0, 100.0, 0.0),
            (1.0, 10.0, 4.0, 7.0, 100.0, 0.5),
        ];
        for (available, lower, upper, n, d, expected) in cases {
            let points = earned(available, lower, upper, 100.0 * n / d);
            assert!((points - expected).abs() < 1e-12, "{n}/{d}: {points} is not {expected}");
        }
    }

    fn contribution(domain: Domain, offered: f64, points: Option<f64>) -> Contribution {
        let achievement = points.map(|points| Achievement { lower: 0.0, upper: 1.0, available: offered, points });
        Contribution { domain, offered, achievement, reliable: true, measures: u32::from(points.is_some()) }
    }

    #[test]
    fn points_of_measures_that_are_not_applicable_are_not_available() {
        let all = [
            contribution(Domain::Resource, 4.0, None),
            contribution(Domain::Clinical, 6.0, Some(3.0)),
            contribution(Domain::Clinical, 0.0, None),
        ];
        assert_eq!(composite(&all), Composite { percent: Some(50.0), points: 3.0, available: 6.0 });
        let domains = by_domain(&all);
        assert_eq!(domains[0], DomainPoints { domain: Domain::Clinical, points: 3.0, available: 6.0, measures: 1 });
        assert_eq!(domains[1], DomainPoints { domain: Domain::Resource, points: 0.0, available: 0.0, measures: 0 });
    }

    #[test]
    fn below_60_percent_of_all_points_no_percentage_is_shown() {
        let all = [contribution(Domain::Clinical, 5.9, Some(3.0)), contribution(Domain::Clinical, 4.1, None)];
        assert_eq!(composite(&all), Composite { percent: None, points: 3.0, available: 5.9 });
        assert_eq!(composite(&[]), Composite { percent: None, points: 0.0, available: 0.0 });
    }

    #[test]
    fn equal_thresholds_make_a_measure_not_applicable() {
        assert_eq!(Achievement::of(5.0, (2.0, 2.0), 3.0), None);
        assert_eq!(Achievement::of(5.0, (2.0, 4.0), 3.0).map(|a| a.points), Some(2.5));
    }

    #[test]
    fn applicable_but_unreliable_measures_count_only_for_the_60_percent() {
        let unreliable = Contribution { reliable: false, ..contribution(Domain::Clinical, 5.0, Some(0.0)) };
        let all = [unreliable, contribution(Domain::Clinical, 4.0, Some(3.0)), contribution(Domain::Clinical, 1.0, None)];
        assert_eq!(composite(&all), Composite { percent: Some(75.0), points: 3.0, available: 4.0 });
        assert_eq!(composite(&[unreliable]), Composite { percent: None, points: 0.0, available: 0.0 });
    }

    proptest! {
        #[test]
        fn points_lie_between_none_and_all_and_rise_towards_the_upper_threshold(
            available in 0.1f64..100.0, lower in 0.0f64..100.0, upper in 0.0f64..100.0, a in 0.0f64..100.0, b in 0.0f64..100.0,
        ) {
            prop_assume!((lower - upper).abs() > 1e-6);
            let (p, q) = (earned(available, lower, upper, a), earned(available, lower, upper, b));
            prop_assert!((0.0..=available).contains(&p));
            let better = if lower > upper { a > b } else { a < b };
            if better {
                prop_assert!(p <= q);
            }
        }
    }
}

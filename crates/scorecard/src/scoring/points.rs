//! Sums of points over measures: domains and the personal QOF.

use crate::card::round::{published, short};
use crate::card::scorecard::{Composite, DomainPoints};
use crate::measure::measure_set::Domain;
use crate::verdict::place::composite::CompositePoints;
use crate::verdict::place::points::ExpectedPoints;

/// Least share of all points, in percent, that must be applicable before the composite is shown.
const APPLICABLE_PERCENT: f64 = 60.0;

/// The contribution of one measure to the sums of points.
#[derive(Clone, Copy, Debug)]
pub struct Contribution {
    /// Its domain.
    pub domain: Domain,
    /// Maximum points in its file, applicable or not; 0 without points.
    pub offered: f64,
    /// Its points, if it has a place.
    pub points: Option<ExpectedPoints>,
    /// Whether it has a value in its headline window: 1 or 0.
    pub measures: u32,
}

impl Contribution {
    fn awarded(&self) -> Option<(ExpectedPoints, f64)> {
        self.points.map(|points| (points, self.offered))
    }
}

/// The personal QOF over the measures with a place. The percentage is shown only if they have at least 60 % of all points.
#[must_use]
pub fn composite(contributions: &[Contribution]) -> Composite {
    let offered: f64 = contributions.iter().map(|one| one.offered).sum();
    let total = CompositePoints::of(&contributions.iter().filter_map(Contribution::awarded).collect::<Vec<_>>());
    let enough = total.available > 0.0 && 100.0 * total.available >= APPLICABLE_PERCENT * offered;
    let percent = |points: f64| Some(short(100.0 * points / total.available)).filter(|_| enough);
    Composite {
        percent: percent(total.points),
        lower: percent(total.low),
        upper: percent(total.high),
        points: short(total.points),
        available: published(total.available).unwrap_or_default(),
    }
}

/// Points by domain, in order of the domain, for every domain with a measure.
#[must_use]
pub fn by_domain(contributions: &[Contribution]) -> Vec<DomainPoints> {
    let mut domains: Vec<Domain> = contributions.iter().map(|one| one.domain).collect();
    domains.sort_unstable();
    domains.dedup();
    let of = |domain: Domain| {
        let mine = || contributions.iter().filter(move |one| one.domain == domain);
        let awarded: Vec<(ExpectedPoints, f64)> = mine().filter_map(Contribution::awarded).collect();
        let total = CompositePoints::of(&awarded);
        DomainPoints {
            domain,
            points: short(total.points),
            available: published(total.available).unwrap_or_default(),
            measures: mine().map(|one| one.measures).sum(),
        }
    };
    domains.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contribution(domain: Domain, offered: f64, points: Option<f64>) -> Contribution {
        let points = points.map(|points| ExpectedPoints { points, low: points, high: points });
        Contribution { domain, offered, points, measures: 1 }
    }

    #[test]
    fn measures_without_a_place_are_not_available_and_withhold_the_share_below_60_percent() {
        let of = |third: Option<f64>| {
            composite(&[
                contribution(Domain::Clinical, 10.0, Some(7.5)),
                contribution(Domain::Clinical, 5.0, third),
                contribution(Domain::Resource, 10.0, None),
            ])
        };
        // 15 of 25 points are 60 %.
        let whole = of(Some(3.0));
        assert_eq!((whole.percent, whole.points, whole.available), (Some(70.0), 10.5, 15.0));
        let part = of(None);
        assert_eq!((part.percent, part.points, part.available), (None, 7.5, 10.0));
    }

    #[test]
    fn domains_add_up_their_own_measures() {
        let all = [
            contribution(Domain::Resource, 4.0, Some(1.0)),
            contribution(Domain::Clinical, 10.0, Some(2.0)),
            contribution(Domain::Clinical, 5.0, None),
        ];
        let found: Vec<_> = by_domain(&all).iter().map(|d| (d.domain, d.points, d.available, d.measures)).collect();
        assert_eq!(found, [(Domain::Clinical, 2.0, 10.0, 2), (Domain::Resource, 1.0, 4.0, 1)]);
    }
}

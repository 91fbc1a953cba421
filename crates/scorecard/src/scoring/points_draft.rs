//! Points of one measure: by place among clinicians, or by improvement over the year before, whichever is higher.

use crate::card::round::short;
use crate::card::scorecard::{MeasurePoints, PointsBasis};
use crate::measure::measure_set::{Direction, Measure};
use crate::peer_group::unit::{MONTHS, UnitMonth};
use crate::scoring::network::Network;
use crate::statistics::normal::upper_tail;
use crate::verdict::fitted_network::{FittedNetwork, NetworkUnit};
use crate::verdict::place::improvement::{Improvement, YearPlace, has_improvement_points};
use crate::verdict::place::points::{ExpectedPoints, TruePlace};
use crate::verdict::place::threshold_place::{PointPlaces, has_places, place_of_value, value_of_place};
use crate::verdict::placed_unit::PlacedUnit;
use crate::verdict::unit_sums::UnitSums;

/// Months of a year.
const YEAR: usize = 12;

/// Consecutive months without a denominator from which a year is not whole.
const LEAST_MISSING: usize = 3;

/// Points of one measure, with the place that they come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PointsDraft {
    /// The place among clinicians, with the sign of good.
    pub place: TruePlace,
    /// Awarded points with their range; `None` for a measure without points.
    pub points: Option<(ExpectedPoints, MeasurePoints)>,
}

impl PointsDraft {
    /// Probability that the true value is worse than the typical colleague's.
    pub(crate) fn p_worse(&self) -> f64 {
        if self.place.deviation > 0.0 { upper_tail(self.place.mean / self.place.deviation) } else { 0.0 }
    }
}

/// A unit whose points are computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScoredUnit<'a> {
    /// Index of the measure in its set.
    pub index: usize,
    pub unit: &'a UnitMonth,
    /// The unit in its network.
    pub member: &'a NetworkUnit,
    /// The sums of its 24 months, oldest first.
    pub months: &'a [UnitSums],
}

/// The points of a unit. `None` without a better side, or where clinicians do not differ measurably.
pub(crate) fn points_draft(measure: &Measure, network: &Network<'_>, scored: &ScoredUnit<'_>) -> Option<PointsDraft> {
    let member = scored.member;
    let now = network.fitted.as_ref().filter(|fitted| !fitted.fit.mixed)?;
    let better = sign_of_good(measure.definition.direction, now)?;
    let placed = now.basis.place(&member.sums, member.expected)?;
    let place = signed_place(now, &placed, better)?;
    let points = network.of_quarter.as_ref().and_then(|quarter| {
        let improvement = improvement_points(measure, network, better, scored);
        let of_quarter = network.unit_of_quarter(scored.index, scored.unit, member)?;
        points(measure, network, quarter, &of_quarter, improvement)
    });
    Some(PointsDraft { place, points })
}

/// Whether no three consecutive months lack a denominator. One or two such months are true zeros, as in the rules of what a feed sends.
fn are_whole(months: &[UnitSums]) -> bool {
    !months.windows(LEAST_MISSING).any(|run| run.iter().all(|month| month.d <= 0))
}

/// 1 if more of the counted side is better, -1 if less of it is. `None` without a better side.
fn sign_of_good(direction: Direction, fitted: &FittedNetwork) -> Option<f64> {
    let more = match direction {
        Direction::High => 1.0,
        Direction::Low => -1.0,
        Direction::None => return None,
    };
    Some(if fitted.basis.flipped { -more } else { more })
}

/// The place of a unit with the sign of good. `None` where the spread is unknown or too small for places.
fn signed_place(fitted: &FittedNetwork, placed: &PlacedUnit, better: f64) -> Option<TruePlace> {
    let year = year_place(fitted, placed, better)?;
    Some(TruePlace::of(year.z, year.reliability))
}

fn year_place(fitted: &FittedNetwork, placed: &PlacedUnit, better: f64) -> Option<YearPlace> {
    let (centre, gamma) = (fitted.fit.centre(), fitted.fit.gamma);
    let known = fitted.fit.tells_spread() && has_places(gamma);
    known.then(|| YearPlace { z: better * placed.z_scale(centre, gamma), reliability: placed.reliability(centre, gamma) })
}

/// Improvement points by centre and spread of now, because the season cancels between two whole years. `None` unless both years are whole
/// and reliable enough.
fn improvement_points(measure: &Measure, network: &Network<'_>, better: f64, scored: &ScoredUnit<'_>) -> Option<ExpectedPoints> {
    if !are_whole(scored.months) {
        return None;
    }
    let (available, fitted) = (measure.definition.points?.available, network.fitted.as_ref()?);
    let expected = match scored.member.expected {
        None => [None; 2],
        // The months of a roll-up have no expectation of their own.
        Some(_) => network.expected_years(scored.index, scored.unit)?.map(Some),
    };
    let year = |months: &[UnitSums], expected: Option<f64>| {
        year_place(fitted, &fitted.basis.place(&UnitSums::of_all(months), expected)?, better)
    };
    let (before, now) = scored.months.split_at(MONTHS - YEAR);
    let (before, now) = (year(before, expected[0])?, year(now, expected[1])?);
    has_improvement_points(before, now).then(|| Improvement::between(before, now).points(available))
}

fn points(
    measure: &Measure,
    network: &Network<'_>,
    quarter: &FittedNetwork,
    member: &NetworkUnit,
    improvement: Option<ExpectedPoints>,
) -> Option<(ExpectedPoints, MeasurePoints)> {
    let available = measure.definition.points.filter(|_| !measure.definition.trial)?.available;
    let better = sign_of_good(measure.definition.direction, quarter)?;
    let placed = quarter.basis.place(&member.sums, member.expected)?;
    let place = signed_place(quarter, &placed, 1.0)?;
    let typical = network.typical_of_quarter().unwrap_or(quarter.fit.centre());
    let places = point_places(measure, quarter, &placed, better, typical)?;
    let achieved = ExpectedPoints::of(place, places, available);
    let improved = improvement.filter(|improvement| improvement.points > achieved.points);
    let awarded = improved.unwrap_or(achieved);
    let value = |place: f64| {
        let (centre, gamma) = (quarter.fit.centre(), quarter.fit.gamma);
        let counted = value_of_place(placed.model, place, centre, gamma);
        let ratio = if quarter.basis.flipped { 1.0 - counted } else { counted };
        // A place of a standardised group is a ratio to an expectation, which has no value of its own.
        member.expected.is_none().then(|| short(measure.value_of_ratio(ratio)))
    };
    let shown = MeasurePoints {
        points: short(awarded.points),
        available,
        // Expected points are never quite 0 or all, and the ends of their range may be.
        low: short(awarded.low.min(awarded.points)),
        high: short(awarded.high.max(awarded.points)),
        basis: if improved.is_some() { PointsBasis::Improvement } else { PointsBasis::Achievement },
        improvement: improvement.map(|improvement| short(improvement.points)),
        begins: value(places.begin),
        full: value(places.full),
    };
    Some((awarded, shown))
}

/// The places where points begin and are full: those of the file's thresholds, else the quartiles of true values. `typical` is the value
/// of the typical colleague on the counted side.
fn point_places(
    measure: &Measure,
    quarter: &FittedNetwork,
    placed: &PlacedUnit,
    better: f64,
    typical: f64,
) -> Option<PointPlaces> {
    let Some((lower, upper)) = measure.definition.points.and_then(|points| points.lower.zip(points.upper)) else {
        return Some(PointPlaces::quartiles(better > 0.0));
    };
    let place = |value: f64| {
        let ratio = measure.units.ratio_of_value(value);
        let counted = if quarter.basis.flipped { 1.0 - ratio } else { ratio };
        place_of_value(placed.model, counted, typical, quarter.fit.gamma)
    };
    let places = PointPlaces { begin: place(lower)?, full: place(upper)? };
    (places.begin != places.full).then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_whole_unless_three_months_in_a_row_have_no_denominator() {
        let months = |idle: &[usize]| -> Vec<UnitSums> {
            (0..MONTHS).map(|at| UnitSums::counted(0, i64::from(!idle.contains(&at)))).collect()
        };
        assert!(are_whole(&months(&[])) && are_whole(&months(&[0, 1, 5, 12, 13, 23])));
        assert!(!are_whole(&months(&[4, 5, 6])));
        // A history of 14 months.
        assert!(!are_whole(&months(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])));
    }
}

//! The limits of a funnel: for each amount of work, the values that chance and usual differences explain.

use scorecard::card::peer_snapshot::GroupFigures;
use scorecard::card::scorecard::CardMeasure;
use scorecard::measure::measure_set::{Kind, Measure};
use scorecard::verdict::constants::{Z95, Z998};
use scorecard::verdict::funnel_limits::FunnelLimits;
use scorecard::verdict::network_basis::NetworkBasis;
use scorecard::verdict::unit_sums::UnitSums;

/// Points of a limit.
const POINTS: i32 = 40;
/// Least events at the left end.
const LEAST: f64 = 8.0;
/// Least events at the right end.
const LEAST_RIGHT: f64 = 60.0;

/// Limits at one amount of work, in the unit of the measure. `None`: no value is beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitsAt {
    /// Events of the denominator.
    pub events: i64,
    /// Lower and upper limit of 95 %.
    pub inner: (Option<f64>, Option<f64>),
    /// Lower and upper limit of 99.8 %.
    pub outer: (Option<f64>, Option<f64>),
}

/// The limits from little work to much, and those at one's own.
#[derive(Clone, Debug, PartialEq)]
pub struct FunnelShape {
    /// The typical colleague's value.
    pub centre: f64,
    /// Limits in order of the work.
    pub limits: Vec<LimitsAt>,
    /// The limits at one's own work.
    pub own: LimitsAt,
}

impl FunnelShape {
    /// The funnel of a rate or a proportion that counts events. `None` for other measures, for a group without a fit, and for a value
    /// that is adjusted.
    #[must_use]
    pub fn of(card: &CardMeasure, measure: &Measure, figures: &GroupFigures) -> Option<FunnelShape> {
        let kind = card.kind;
        let countable = matches!(kind, Kind::Rate | Kind::Proportion) && card.d > 0 && card.case_mix.is_none();
        let basis = NetworkBasis {
            kind,
            phi: figures.phi.filter(|_| countable && !figures.mixed)?,
            flipped: figures.flipped,
            event_size: 0.0,
            relative_variance: 0.0,
            typical: 0.0,
        };
        let shape = FunnelBasis { basis, centre: figures.centre?, gamma: figures.gamma_cautious?, measure };
        let most = LEAST_RIGHT.max(1.6 * card.d as f64);
        let least = LEAST.max(most / 60.0);
        let work = |point: i32| rounded(least * (most / least).powf(f64::from(point) / f64::from(POINTS)));
        let mut amounts: Vec<i64> = (0..=POINTS).map(work).collect();
        amounts.dedup();
        Some(FunnelShape {
            centre: card.comparator.as_ref()?.typical?,
            limits: amounts.into_iter().filter_map(|events| shape.at(events)).collect(),
            own: shape.at(card.d)?,
        })
    }
}

struct FunnelBasis<'a> {
    basis: NetworkBasis,
    centre: f64,
    gamma: f64,
    measure: &'a Measure,
}

impl FunnelBasis<'_> {
    /// Limits of a unit with this much work. It has the expected events, so that it is no unit of few events where many are expected.
    fn at(&self, events: i64) -> Option<LimitsAt> {
        let typical = if self.basis.flipped { 1.0 - self.centre } else { self.centre };
        let unit = self.basis.place(&UnitSums::counted(rounded(typical * events as f64), events), None)?;
        let many = scorecard::verdict::placed_unit::PlacedUnit { few_events: false, ..unit };
        let at = |z: f64| {
            let FunnelLimits { lower, upper } = FunnelLimits::of(&many, self.centre, self.gamma, z, self.basis.flipped);
            let value = |ratio: f64| self.measure.value_of_ratio(ratio);
            (lower.map(value), upper.map(value))
        };
        Some(LimitsAt { events, inner: at(Z95), outer: at(Z998) })
    }
}

fn rounded(events: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a number of events is far below the largest integer")]
    let whole = events.round() as i64;
    whole
}

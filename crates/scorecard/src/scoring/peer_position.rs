//! The position of a unit in the network of its role: target, limits, reliability and band.
//!
//! Limits that depend only on a unit's size are computed once for each size, because many units have the same size.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::card::round::{published, published_interval};
use crate::card::scorecard::{Funnel, Grade, Interval};
use crate::chance::band::band;
use crate::chance::reliability;
use crate::chance::scale::Scale;
use crate::measure::measure_set::{Direction, Measure};
use crate::peer_group::network_scale::network_scale;
use crate::peer_group::peer_table::Peers;
use crate::statistics::dispersion::Deviation;
use crate::statistics::distribution::Ends;
use crate::statistics::funnel::Limits;
use crate::statistics::percentile::quantile;
use crate::sums::measure_sums::MeasureSums;

/// The network of one role, with the target and limits of one measure.
#[derive(Debug)]
pub struct Network<'a> {
    measure: &'a Measure,
    /// The group and its members.
    pub peers: &'a Peers,
    /// The target in the measure's unit, as published.
    shown_target: Option<f64>,
    /// `None` if the network is too small for a target.
    scale: Option<Scale>,
    /// Median and best decile as ratios of integer units, if the measure estimates a saving.
    saving_targets: Option<(f64, f64)>,
    /// Limits by denominator, for kinds whose chance depends on the denominator alone.
    by_size: RefCell<HashMap<i64, Option<Around>>>,
}

/// A unit's position in its network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeerPosition {
    /// Target, limits and band.
    pub funnel: Funnel,
    /// Reliability from 0 to 1; `None` if the sums do not determine it.
    pub reliability: Option<f64>,
    /// Grade of the reliability.
    pub grade: Grade,
    /// The value shrunk towards the target by its part of chance, in the measure's unit.
    pub shrunk: Option<f64>,
}

/// Limits around the target by chance alone, and by chance with the variation between units; in the measure's unit, as published.
#[derive(Clone, Copy, Debug)]
struct Around {
    limits_95: Interval,
    limits_998: Interval,
    over_dispersed_95: Option<Interval>,
    over_dispersed_998: Option<Interval>,
}

impl<'a> Network<'a> {
    /// A network from its group.
    #[must_use]
    pub fn new(measure: &'a Measure, peers: &'a Peers) -> Network<'a> {
        let best = if measure.definition.direction == Direction::High { 90 } else { 10 };
        let target = peers.group.numerator as f64 / peers.group.denominator as f64;
        let targets = || quantile(&peers.values, 50).zip(quantile(&peers.values, best));
        Network {
            measure,
            peers,
            shown_target: published(measure.value_of_ratio(target)),
            scale: network_scale(measure, peers),
            saving_targets: measure.definition.saving.and_then(|_| targets()),
            by_size: RefCell::default(),
        }
    }

    /// The members' median and best decile as ratios of integer units. `None` if the measure estimates no saving.
    #[must_use]
    pub fn saving_targets(&self) -> Option<(f64, f64)> {
        self.saving_targets
    }

    /// The position of a unit in this network. `None` if the network is too small, or if the unit's sums do not determine the limits.
    #[must_use]
    pub fn position(&self, own: &MeasureSums) -> Option<PeerPosition> {
        let (measure, group) = (self.measure, &self.peers.group);
        let scale = self.scale.as_ref()?;
        let around = self.around(scale, own)?;
        let deviation = scale.deviation(own);
        let both = deviation.zip(group.tau2);
        let reliability = both.map(|(deviation, tau2)| reliability::reliability(tau2, deviation.variance));
        let grade = reliability::grade(own.facts_d, reliability);
        let (wide_95, wide_998) = match both {
            Some(_) => (around.over_dispersed_95, around.over_dispersed_998),
            None => (None, None),
        };
        let value = measure.value(own.n, own.d).and_then(published)?;
        let shrunk = |(deviation, reliability)| reliability::shrunk(scale, deviation, reliability);
        Some(PeerPosition {
            funnel: Funnel {
                target: self.shown_target?,
                limits_95: around.limits_95,
                limits_998: around.limits_998,
                over_dispersed_95: wide_95,
                over_dispersed_998: wide_998,
                z_raw: deviation.map(Deviation::z).and_then(published),
                z_adjusted: both.map(|(deviation, tau2)| deviation.z_adjusted(tau2)).and_then(published),
                phi: group.phi,
                tau2: group.tau2,
                band: band(value, wide_95.unwrap_or(around.limits_95), wide_998.unwrap_or(around.limits_998), grade),
            },
            reliability: reliability.and_then(published),
            grade,
            shrunk: deviation.zip(reliability).and_then(shrunk).map(|ratio| measure.value_of_ratio(ratio)).and_then(published),
        })
    }

    /// The limits for a unit with these sums, cached if the denominator alone decides them.
    fn around(&self, scale: &Scale, own: &MeasureSums) -> Option<Around> {
        if self.measure.definition.kind.rules().chance_depends_on_denominator_alone() {
            return *self.by_size.borrow_mut().entry(own.d).or_insert_with(|| self.computed(scale, own));
        }
        self.computed(scale, own)
    }

    fn computed(&self, scale: &Scale, own: &MeasureSums) -> Option<Around> {
        let plain = |limits| self.in_unit(scale.control_limits(own, limits)?);
        let spread = scale.variance(own).zip(self.peers.group.tau2);
        let wide = |limits| self.in_unit(over_dispersed(scale, spread?, limits)?);
        Some(Around {
            limits_95: plain(Limits::P95)?,
            limits_998: plain(Limits::P998)?,
            over_dispersed_95: wide(Limits::P95),
            over_dispersed_998: wide(Limits::P998),
        })
    }

    /// Ratios of integer units as an interval in the measure's unit.
    fn in_unit(&self, (lower, upper): Ends) -> Option<Interval> {
        published_interval(self.measure.value_of_ratio(lower), self.measure.value_of_ratio(upper))
    }
}

/// Limits by the variance of chance plus tau^2, the variance between units.
fn over_dispersed(scale: &Scale, (variance, tau2): (f64, f64), limits: Limits) -> Option<Ends> {
    let half = limits.z() * (variance + tau2).sqrt();
    Some((scale.ratio_at(-half)?, scale.ratio_at(half)?))
}

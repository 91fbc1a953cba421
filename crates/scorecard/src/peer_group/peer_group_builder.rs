//! Builds the published groups of one measure and window.

use std::sync::Arc;

use crate::card::fingerprint::snapshot_id;
use crate::card::peer_group::{Level, PeerGroup, PeerKey};
use crate::card::round::published;
use crate::measure::measure_set::Measure;
use crate::peer_group::network_scale::network_scale;
use crate::peer_group::peer_table::{NETWORK, Peers};
use crate::peer_group::thresholds::Thresholds;
use crate::peer_group::unit::{WINDOWS, window_index};
use crate::statistics::dispersion::{Deviation, Dispersion};
use crate::statistics::percentile::quantile;
use crate::sums::measure_sums::MeasureSums;
use crate::sums::ratio::Ratio;
use crate::time::calendar::Month;

/// One window of one measure among the units of one role.
#[derive(Debug)]
pub(crate) struct PeerGroupBuilder<'a> {
    pub measure: &'a Measure,
    /// `id@version`.
    pub name: &'a Arc<str>,
    pub window: usize,
    /// The compared role.
    pub role: &'a Arc<str>,
    pub month: Month,
    pub thresholds: &'a Thresholds,
    /// Sums of the headline window by index of the unit, if the measure needs more than ratios.
    pub sums: Option<&'a [MeasureSums]>,
}

impl PeerGroupBuilder<'_> {
    /// The group with these ranked values.
    pub(crate) fn group(&self, level: Level, code: Arc<str>, values: Vec<Ratio>) -> Peers {
        let numerator = total(values.iter().map(|value| value.0));
        let denominator = total(values.iter().map(|value| value.1));
        let mut deciles = Vec::with_capacity(9);
        let decile = |tenth: u32| published(self.measure.value_of_ratio(quantile(&values, 10 * tenth)?));
        deciles.extend((1..10).filter_map(decile));
        let group = PeerGroup {
            key: PeerKey {
                measure: self.name.clone(),
                window: WINDOWS[self.window],
                role: self.role.clone(),
                level,
                group: code,
                month: self.month,
            },
            snapshot_id: snapshot_id(&values),
            frozen: false,
            size: u32::try_from(values.len()).unwrap_or(u32::MAX),
            numerator,
            denominator,
            mean: self.measure.value(numerator, denominator).and_then(published),
            deciles,
            numerator_price_pence: None,
            other_price_pence: None,
            lower: None,
            upper: None,
            phi: None,
            tau2: None,
            variation: None,
            event_size: None,
        };
        Peers { group, values }
    }

    /// The network with these ranked values. `by_place` has them by index of the unit; reals are added in that order, so that equal
    /// units give equal bits.
    pub(crate) fn network(&self, values: Vec<Ratio>, by_place: &[Ratio]) -> Peers {
        let mut network = self.group(Level::Network, NETWORK.into(), values);
        if self.window == window_index(self.measure.definition.window) {
            let prices = self.prices(by_place);
            (network.group.numerator_price_pence, network.group.other_price_pence) = (prices.numerator, prices.other);
            (network.group.lower, network.group.upper) = self.limits().unzip();
            self.spread(&mut network, by_place);
        }
        network
    }

    /// The sums of all members in the headline window. Sums that the measure does not need are 0.
    fn members(&self, by_place: &[Ratio]) -> impl Iterator<Item = MeasureSums> {
        let valued = by_place.iter().enumerate().filter(|(_, ratio)| ratio.1 > 0);
        valued.map(|(place, &(n, d))| self.sums.map_or_else(|| MeasureSums { n, d, ..MeasureSums::default() }, |all| all[place]))
    }

    /// Thresholds of points in the measure's unit: those of the measure file, else those of the quarter.
    fn limits(&self) -> Option<(f64, f64)> {
        let points = self.measure.definition.points?;
        match points.lower.zip(points.upper) {
            Some((lower, upper)) => published(lower).zip(published(upper)),
            None => self.thresholds.find(self.name, self.role),
        }
    }

    /// Computes the dispersion of a network with enough members.
    fn spread(&self, peers: &mut Peers, by_place: &[Ratio]) {
        if self.measure.definition.kind.rules().has_event_size() {
            let squares: i128 = self.members(by_place).map(|sums| sums.n_squares).sum();
            let size = squares as f64 / peers.group.numerator as f64;
            peers.group.event_size = published(size);
        }
        let Some(scale) = network_scale(self.measure, peers) else { return };
        let deviations: Vec<Deviation> = self.members(by_place).filter_map(|sums| scale.deviation(&sums)).collect();
        if let Some(dispersion) = Dispersion::of(&deviations) {
            peers.group.phi = published(dispersion.phi);
            peers.group.tau2 = published(dispersion.tau2);
        }
        peers.group.variation = coefficient_of_variation(&peers.values).and_then(published);
    }

    /// Prices of one unit of quantity over all members, if the measure estimates a saving.
    fn prices(&self, by_place: &[Ratio]) -> Prices {
        if self.measure.definition.saving.is_none() {
            return Prices::default();
        }
        let sum = |field: fn(&MeasureSums) -> i64| self.members(by_place).map(|sums| i128::from(field(&sums))).sum::<i128>();
        let (n_cost, n_quantity) = (sum(|m| m.n_cost_pence), sum(|m| m.n_quantity_milli));
        let (d_cost, d_quantity) = (sum(|m| m.d_cost_pence), sum(|m| m.d_quantity_milli));
        Prices { numerator: price(n_cost, n_quantity), other: price(d_cost - n_cost, d_quantity - n_quantity) }
    }
}

/// Sample standard deviation over mean of these ratios. `None` for fewer than two ratios or a mean of 0.
fn coefficient_of_variation(values: &[Ratio]) -> Option<f64> {
    let count = values.len() as f64;
    let value = |&(n, d): &Ratio| n as f64 / d as f64;
    let mean = values.iter().map(value).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|ratio| (value(ratio) - mean) * (value(ratio) - mean)).sum();
    (values.len() > 1 && mean > 0.0).then(|| (squares / (count - 1.0)).sqrt() / mean)
}

/// Prices of one unit of quantity in pence.
#[derive(Default)]
struct Prices {
    numerator: Option<f64>,
    other: Option<f64>,
}

fn price(cost_pence: i128, quantity_milli: i128) -> Option<f64> {
    if quantity_milli == 0 { None } else { published(1000.0 * cost_pence as f64 / quantity_milli as f64) }
}

/// A sum that saturates at 64 bits. No month reaches that bound.
fn total(values: impl Iterator<Item = i64>) -> i64 {
    let sum: i128 = values.map(i128::from).sum();
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}

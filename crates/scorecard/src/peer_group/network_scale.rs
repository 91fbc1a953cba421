//! The scale of a network, on which its units are compared.

use crate::chance::scale::Scale;
use crate::measure::measure_set::Measure;
use crate::peer_group::peer_table::Peers;
use crate::statistics::funnel::LEAST_NETWORK;

/// The scale around a network's value. `None` if the network has fewer than [`LEAST_NETWORK`] members.
#[must_use]
pub fn network_scale(measure: &Measure, network: &Peers) -> Option<Scale> {
    let ratio = network.group.numerator as f64 / network.group.denominator as f64;
    (network.values.len() >= LEAST_NETWORK).then(|| Scale::new(measure, ratio, network.group.event_size))
}

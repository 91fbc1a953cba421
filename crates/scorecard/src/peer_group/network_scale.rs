//! The scale of a network: what its units are compared on, once there are enough of them.

use crate::measure::measure_set::Measure;
use crate::peer_group::peer_table::Peers;
use crate::statistics::dispersion::Scale;
use crate::statistics::funnel::LEAST_NETWORK;

/// The scale around a network's value; `None` where the network is too small to have a target.
#[must_use]
pub fn network_scale<'a>(measure: &'a Measure, network: &Peers) -> Option<Scale<'a>> {
    let ratio = network.group.numerator as f64 / network.group.denominator as f64;
    (network.values.len() >= LEAST_NETWORK).then(|| Scale::new(measure, ratio, network.group.event_size))
}

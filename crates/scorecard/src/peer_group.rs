//! Peer groups: the colleagues that a unit is compared with, their order, quantiles, limits and thresholds, kept from cut to cut.

pub mod roster;
pub(crate) mod ranked_values;
pub(crate) mod peer_group_builder;
pub(crate) mod peer_level_index;
pub(crate) mod roster_delta;
pub mod peer_candidate;
pub mod thresholds;
pub mod network_scale;
pub mod peer_table;
pub mod unit;

//! Peer groups: the colleagues of a unit, ranked, with quantiles, dispersion and thresholds of points. They are kept from cut to cut.

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

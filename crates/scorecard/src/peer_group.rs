//! Peer groups: the colleagues of a unit, ranked and fitted, with the figures that may be published. They are formed whole, weekly
//! while a month is provisional and once when it becomes final, and kept where too few members differ.

pub mod peer_table_builder;
pub(crate) mod network_builder;
pub mod reference_figures;
pub(crate) mod standardisation;
pub mod peer_table;
pub mod disclosed_figures;
pub mod group_change;
pub mod size_limits;
pub mod peer_network;
pub mod peer_member;
pub mod peer_week;
pub mod unit;

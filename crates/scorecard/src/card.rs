//! The published documents: the scorecard and the peer group, how their reals are rounded and their content is hashed.

pub mod fingerprint;
pub mod round;
pub mod scorecard;
pub mod peer_group;

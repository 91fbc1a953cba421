//! The card and the peer group that it is compared with, as published, their hashes, and the rounding of published reals.

pub mod fingerprint;
pub mod canonical_json;
pub mod round;
pub mod scorecard;
pub mod overview;
pub mod card_measure;
pub mod coverage;
pub mod subject;
pub mod revision;
pub mod peer_snapshot;
pub mod public_group;
pub mod snapshot_id;
pub mod instant_text;

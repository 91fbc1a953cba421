//! What is measured and how it compares: events and facts, measures and their sums, peers, points and the card. Pure: no I/O, no
//! clock, no wire format, no floating point in state.
//!
//! A room imports only from rooms further down this list, and inside a room a file only from files further down.

pub mod fold;
pub mod scoring;
pub mod peer_group;
pub mod chance;
pub mod record;
pub mod card;
pub mod measure;
pub mod registry;
pub mod event;
pub mod statistics;
pub mod sums;
pub mod time;
pub mod edit_distance;

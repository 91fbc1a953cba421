//! What is measured and how it compares: events and facts, measures and their sums, peers, points and the card. Pure: no I/O, no
//! clock, no wire format, no floating point in state.
//!
//! A file imports only from files further down this list.

pub mod bnf;
pub mod calendar;
pub mod card;
pub mod event;
pub mod item;
pub mod measure;
pub mod peers;
pub mod record;
pub mod registry;
pub mod schedule;
pub mod scoring;
pub mod sums;
pub mod tally;

//! What is measured and how it compares: events and facts, measures and their sums, peers, points and the card. Pure: no I/O, no
//! clock, no wire format, no floating point in state.
//!
//! A file imports only from files further down this list.

pub mod explanation;
pub mod tally;
pub mod share;
mod mold;
mod links;
pub mod coverage;
mod rows;
mod contribution;
pub mod digest;
mod intern;
mod hashed;
mod fact;
pub mod item;
pub mod record;
pub mod disclosure;
pub mod scoring;
pub mod highlight;
pub mod giants;
pub mod window_value;
pub mod sentence;
pub mod saving;
pub mod trend;
pub mod comparison;
pub mod yardstick;
pub mod entrants;
pub mod thresholds;
pub mod standing;
pub mod funnel;
pub mod reliability;
pub mod dispersion;
pub mod interval;
pub mod distribution;
pub mod suppression;
pub mod unit;
pub mod peer_table;
pub mod fingerprint;
pub mod percentile;
pub mod points;
pub mod round;
pub mod card;
pub mod peers;
pub mod registry_file;
mod registry_check;
pub mod directory;
pub mod registry;
pub mod sums;
pub mod measure;
mod measure_check;
pub mod definition;
pub mod bnf;
pub mod event;
pub mod schedule;
pub mod calendar;
pub mod slip;

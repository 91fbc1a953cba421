//! Scorecard decides what a clinician's events count for, how the result compares with colleagues, and what the card shows.
//!
//! The way of one event:
//! 1. `codec` decodes a record into an [`event::Event`]; the log stores it in an [`event::Batch`].
//! 2. [`fold::tally::Tally`] keeps the newest version of each event as a fact and adds it to the row of its clinician and month
//!    ([`sums::measure_sums::Sums`]), measure by measure ([`measure::measure_set::MeasureSet`]).
//! 3. At a cut, the rows of a person add up to a [`peer_group::unit::UnitMonth`]; [`registry::directory::Directory`] says who the
//!    person is and where they work.
//! 4. [`peer_group::peer_table_builder`] ranks the units of one role and fits their network.
//! 5. [`scoring::scorer::Scorer`] computes the content of a card, with verdicts, change and points from [`verdict`];
//!    [`scoring::disclosure`] removes figures that could identify a colleague.
//! 6. `codec` encodes the [`card::scorecard::Scorecard`].
//!
//! This crate never reads a file, a socket or a clock, and never encodes a wire format. Its state holds no floating-point number, so
//! that the same events in any order give the same sums, bit for bit.
//!
//! A room imports only from rooms further down this list. Inside a room, a file imports only from files further down its list.

pub mod fold;
pub mod scoring;
pub mod peer_group;
pub mod chance;
pub mod verdict;
pub mod completeness;
pub mod record;
pub mod card;
pub mod measure;
pub mod registry;
pub mod event;
pub mod data_kind;
pub mod statistics;
pub mod sums;
pub mod time;
pub mod edit_distance;

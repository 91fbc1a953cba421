//! The two tools that judge the engine: synthetic traffic and the oracle.
//!
//! # The way of one event
//!
//! 1. [`traffic::population::Population`] draws practices and clinicians with known true rates, and their registry.
//! 2. [`traffic::deliveries::Traffic`] draws the events of each day and their disorder: [`traffic::oddity::Odd`] lists
//!    duplicates, conflicts, late amendments and the rest. Each [`traffic::deliveries::Delivery`] is one event as JSON.
//! 3. [`oracle::answer::answer`] reads the same deliveries, the registry and the measure files. It computes every revision that
//!    each published cut must contain.
//!
//! [`traffic::bulk`] writes millions of events for measurements instead. [`clinic::written_clinic`] writes one small clinic in the forms of
//! twelve systems.
//!
//! # Never in this crate
//!
//! It never uses the code that it judges. It reads measure files, writes events and counts months by its own rules, and it shares
//! no type with `scorecard`, `codec` or `stream`. The oracle never optimises: it computes every cut from all events again.
//!
//! A room imports only from rooms further down this list, and inside a room a file imports only from files further down.

pub mod oracle;
pub mod clinic;
pub mod traffic;
pub mod calendar;

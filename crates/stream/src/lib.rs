//! When: intake, tally and publish as tasks over a log of typed records. No Kafka, no tokio, no clock: time comes in as an argument.
//!
//! A file imports only from files further down this list.

pub mod publish_task;
pub mod evidence;
mod sealed;
mod run_record;
mod drafting;
mod rosters;
mod run;
mod month_cards;
mod month_units;
mod published;
mod register;
mod ledger;
mod held;
pub mod tally_task;
mod fold;
pub mod intake;
mod open_batch;
pub mod deployment;
pub mod partition;
pub mod log;

//! When: intake, tally and publish as tasks over a log of typed records. No Kafka, no tokio, no clock: time comes in as an argument.
//!
//! A room imports only from rooms further down this list, and inside a room a file only from files further down.

pub mod publish;
pub mod evidence;
mod rows;
pub mod tally;
pub mod intake;
mod register;
pub mod deployment;
pub mod partition;
pub mod log;

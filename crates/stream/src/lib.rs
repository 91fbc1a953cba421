//! When: intake, tally and publish as tasks over a log of typed records. No Kafka, no tokio, no clock: time comes in as an argument.
//!
//! A file imports only from files further down this list.

pub mod deployment;
pub mod intake;
pub mod log;
pub mod partition;
pub mod publish_task;
pub mod tally_task;

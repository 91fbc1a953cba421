//! The tasks of Plumbline over a log of typed records.
//!
//! This crate decides *when* each record is written. It chooses the partition of a batch, the moment at which a month's rows are
//! complete, the cards of a cut, and the way a task continues after a crash. [`scorecard`] decides what an event, a measure and a
//! card mean.
//!
//! # The way of one event
//!
//! 1. [`intake::intake_task::Intake`] packs decoded items of one feed into batches. [`partition::partition_of`] names the
//!    partition of `events` for the feed. Intake reports an item to its source only after the log has acknowledged it.
//! 2. [`tally::tally_task::TallyTask`] folds one partition of `events`. At each tick of the grid it writes the rows that changed,
//!    flushes them, and writes a mark with their digest.
//! 3. [`publish::publish_task::PublishTask`] waits until every partition has a mark of the next cut. It verifies the rows by the
//!    digest, computes the cards that changed, and appends them with the run record in one transaction.
//! 4. [`evidence::evidence`] finds the events of a published card in the log again.
//!
//! Each task knows its log only through [`log::Log`]. All tasks of a deployment share a [`deployment::Deployment`], which the
//! genesis record of the log fixes.
//!
//! # Never in this crate
//!
//! It never opens a socket or a file, never reads a clock and never starts a thread: time comes in as an argument. It never
//! keeps state of its own: a task that fails is dropped, and a new one reads the log.
//!
//! A room imports only from rooms further down this list, and inside a room a file imports only from files further down.

pub mod publish;
pub mod evidence;
mod rows;
pub mod tally;
pub mod intake;
pub mod feed_rules;
pub mod people;
mod register;
mod relied_tick;
pub mod deployment;
pub mod partition;
pub mod log;
pub mod log_loss;
mod limits;

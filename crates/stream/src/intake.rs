//! Intake: batches of one feed each, and the task that appends them.

pub mod intake_task;
pub(crate) mod open_batch;
pub(crate) mod definition_store;

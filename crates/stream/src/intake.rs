//! Intake: decoded items in, batches of one feed each out. Stateless, at least once.

pub mod intake_task;
pub(crate) mod open_batch;

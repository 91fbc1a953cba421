//! Tally: folds one partition of `events` and writes rows and marks at each counting tick.

pub mod tally_task;
pub(crate) mod fold;

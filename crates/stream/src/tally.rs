//! Tally: the fold of one partition of `events`, and the task that writes its rows and marks at each counting tick.

pub mod tally_task;
pub mod conflict_scan;
pub(crate) mod fold;

//! Publish: verifies the rows of one cut after the other, computes the cards that changed and commits a run in one transaction.

pub mod publish_task;
pub(crate) mod sealed_rows;
pub(crate) mod run_record;
pub(crate) mod cut_planner;
pub(crate) mod month_cards;
pub(crate) mod month_states;
pub(crate) mod run;
pub(crate) mod published;
pub(crate) mod coverage_pool;

//! Administration of the brokers that breaks promises of a log: topics that are deleted, truncated, or get partitions.
//!
//! After each of them no card gets worse, and `/readyz` of the process that needs the records names the loss within a minute.

pub mod brokers_away;
pub mod lost_events;
pub mod lost_topics;
pub mod missing_rights;
pub mod partitions;
mod damaged_deployment;
mod topic_administrator;

//! The service: its threads, and which process runs which role.

pub mod run_service;
pub mod metric_sources;
pub mod worker_supervisor;
pub(crate) mod log_upkeep;
pub(crate) mod disk_failure;
pub(crate) mod broker_watch;
pub mod worker;
pub mod worker_metrics;
pub(crate) mod tally_metrics;
pub(crate) mod memory_metrics;
pub(crate) mod publish_metrics;
pub mod private_folder;
pub mod clock_check;
pub mod broker_clock;
pub mod log_ends_file;

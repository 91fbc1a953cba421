//! The process: its clock, signals, shutdown, logs, roles, and what its threads report of themselves.

pub mod process_metrics;
pub mod metric_registry;
pub mod service_status;
pub mod shutdown_signal;
pub mod interrupt;
pub mod clock;
pub mod roles;

//! The process: clock, signals, shutdown, roles, limits, and the status of its threads.

pub mod reloadable;
pub mod disk_space;
pub mod process_metrics;
pub mod metric_registry;
pub mod service_status;
pub mod service_faults;
pub mod shutdown_signal;
pub mod interrupt;
pub mod clock;
pub mod roles;
pub mod limits;

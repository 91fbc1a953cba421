//! Moves bytes, waits, fails, reads clocks and configuration: everything around the tasks that is not arithmetic of measures.
//!
//! A file imports only from files further down this list.

pub mod local_log;
pub mod log_directory;
pub mod stored;
pub mod clock;

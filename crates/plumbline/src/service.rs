//! The service: its threads, and which process runs which role.

pub mod run_service;
pub mod worker_supervisor;
pub mod worker;

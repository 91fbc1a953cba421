//! What the promises are tested on: a log in memory with virtual time and scripted faults, and a small world around it.

pub mod plant;
pub mod traffic;
pub mod world;
pub mod simulated_log;

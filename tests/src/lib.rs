//! What the promises are tested on: a log in memory with virtual time and scripted faults, a small world around it, and a
//! simulation that tries to break all of them at once.

pub mod simulation;
pub mod played_network;
pub mod oracle;
pub mod patient_planter;
pub mod world;
pub mod simulated_log;

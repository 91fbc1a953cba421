//! `plumbline replay` inside the test process.
//!
//! Tests that start processes are in other binaries: a process inherits open files until it executes, and with them the lock of
//! an output folder that a test here has just released.

mod case_mix;
mod fhir;
mod replay;
mod verdicts;
mod replay_config;
mod twelve_systems;
mod unknowns;
mod versions;

#[path = "../support/mod.rs"]
mod support;

//! A seeded simulation that tries to break every promise.
//!
//! A seed decides everything: traffic, topology, faults, and which task goes on at every call to the log. The tasks are those that
//! run in production, each in a coroutine of its own that stops at every call; the log is in memory and as bad as a log may be.
//! Afterwards a verifier that shares no code with the tasks reads the topics as a subscriber does.
//!
//! A room imports only from rooms further down this list, and inside a room a file only from files further down.

pub mod mutants;
pub mod minimise;
pub mod campaign;
pub mod history;
pub(crate) mod undisturbed_replay;
pub(crate) mod driver;
pub(crate) mod supervisor;
pub mod verifier;
pub(crate) mod instance;
pub(crate) mod traffic;
pub mod log;
pub(crate) mod measure_sets;
pub(crate) mod counted_fact;
pub(crate) mod plan;
pub(crate) mod random;

//! A seeded simulation that tries to break every promise.
//!
//! A seed decides traffic, topology, faults, and the task that runs at every call of the log. The tasks are those of production.
//! Each runs in its own coroutine that suspends at every call. The log is in memory and has every fault that a log may have.
//! Afterwards a verifier reads the topics as a subscriber does; it shares no code with the tasks.
//!
//! A room imports only from rooms further down this list, and inside a room a file imports only from files further down.

pub mod mutants;
pub mod minimise;
pub mod campaign;
pub mod history;
pub(crate) mod lost_tail;
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

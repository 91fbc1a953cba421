//! A seeded simulation that tries to break every promise.
//!
//! A seed decides everything: traffic, topology, faults, and which task goes on at every call to the log. The tasks are those that
//! run in production, each in a coroutine of its own that stops at every call; the log is in memory and as bad as a log may be.
//! Afterwards a verifier that shares no code with the tasks reads the topics as a subscriber does.
//!
//! A file imports only from files further down this list.

pub mod campaign;
pub mod minimise;
pub mod mutants;
pub mod history;
mod check_identity;
mod check_cards;
mod check_runs;
mod check_rows;
mod check_intake;
pub mod verdict;
mod calm;
mod book;
mod evidence;
mod definition;
mod ages;
mod driver;
mod supervisor;
mod instance;
mod handle;
mod weather;
mod broker;
mod partition_log;
pub mod fault;
mod traffic;
mod stories;
mod cast;
mod plan;
mod measure_sets;
mod figures;
mod dice;

//! The workspace's promises and the tools that test them.
//!
//! - [`simulated_log`]: a log in memory in virtual time, with scripted faults
//! - [`world`]: a small deployment on it, driven cut by cut
//! - [`folded_rows`]: the rows of batches that one tally folds, without a log
//! - [`oracle`] and [`played_network`]: synthetic traffic, and the comparison of its cards with the oracle's
//! - [`patient_planter`]: patients' numbers in every input text, and the search for them in every topic
//! - [`simulation`]: seeded histories with every kind of fault, judged by an independent verifier
//!
//! An event passes through the real decoder, intake, tally and publish; only the log and the clock are simulated. A test here
//! never uses a network, a file of the user or the clock of the machine.

pub mod simulation;
pub mod played_network;
pub mod oracle;
pub mod patient_planter;
pub mod folded_rows;
pub mod world;
pub mod simulated_log;

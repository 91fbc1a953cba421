//! Commands of the binary: exit codes, streams, files and figures.

mod exit_codes;
mod explain;
mod fhir;
mod patients;
mod peek;
mod recompute;
mod rejects;
mod replay;

#[path = "../support/published.rs"]
mod published;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;

//! The documents of the repository: their examples run, their links lead to files, and their reference pages equal the code.

mod contracts;
mod examples;
mod references;

#[path = "../support/every_metric.rs"]
mod every_metric;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;

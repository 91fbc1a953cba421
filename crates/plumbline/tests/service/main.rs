//! `plumbline run` as a process: requests, access, readiness, metrics, the schema registry, full disks and `kill -9`.

mod disk;
mod gate;
mod kill;
mod metrics;
mod readiness;
mod requests;
mod schema_registry;

#[path = "../support/every_metric.rs"]
mod every_metric;
#[path = "../support/published.rs"]
mod published;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/schema_registry.rs"]
mod test_registry;

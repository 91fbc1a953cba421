//! `plumbline run` as a process: requests, access, readiness, metrics, the schema registry, full disks and `kill -9`.

mod bodies;
mod browser;
mod clock;
mod cloud_events;
mod dry_run;
mod explanations;
mod fhir_server;
mod erasure;
mod fence;
mod first_cards;
mod gate;
mod log_data;
mod metrics;
mod people;
mod producers;
mod readiness;
mod rejects_kept;
mod reload;
mod requests;
mod rights;
mod schema_registry;
mod slow_clients;
mod subscribers;

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

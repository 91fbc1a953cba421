//! `deploy/`, `docker-compose.yml` and the `Dockerfile`, checked without a container engine: files exist, names resolve, and ports do
//! not clash. Dashboards and alerts query series that the service shows.

mod compose;
mod files;
mod grafana;
mod image;
mod kubernetes;
mod prometheus;
mod promql;
mod shown;

#[path = "../support/every_metric.rs"]
mod every_metric;
#[path = "../support/published.rs"]
mod published;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;

//! What stands in `deploy/`, in `docker-compose.yml` and in the `Dockerfile`, checked as far as that goes without a container
//! engine: files are there, names resolve, ports do not clash, and dashboards and alerts ask for what the service really shows.

mod compose;
mod files;
mod grafana;
mod image;
mod kubernetes;
mod prometheus;
mod promql;
mod shown;

#[path = "../support/published.rs"]
mod published;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;

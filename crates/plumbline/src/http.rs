//! HTTP: connections, routes, responses, and the time of each request.

pub mod server;
pub mod routes;
pub(crate) mod card_routes;
pub(crate) mod fhir_routes;
pub(crate) mod fhir_bundle;
pub(crate) mod operation_outcome;
pub(crate) mod events_route;
pub(crate) mod erasure_route;
pub(crate) mod explain_route;
pub(crate) mod fence_route;
pub(crate) mod reject_routes;
pub(crate) mod conflict_routes;
pub(crate) mod feed_routes;
pub(crate) mod status_routes;
pub mod request_guard;
pub(crate) mod local_origin;
pub(crate) mod parameters;
pub(crate) mod request_body;
pub(crate) mod element_places;
pub mod request_metrics;
pub mod http_state;
pub mod open_connections;
pub(crate) mod stalled_stream;
pub(crate) mod responses;
pub mod problem;

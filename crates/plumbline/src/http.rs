//! HTTP: routes, responses, and the time of each request.

pub mod routes;
pub(crate) mod explain_route;
pub(crate) mod reject_routes;
pub(crate) mod responses;
pub mod request_metrics;
pub mod http_state;

//! HTTP: routes, answers, metrics.

pub mod routes;
pub(crate) mod explain_route;
pub(crate) mod reject_routes;
pub(crate) mod responses;
pub mod metrics;
pub mod http_state;

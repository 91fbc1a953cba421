//! The contract of the routes, generated from their table: OpenAPI, and JSON Schema of what is sent and received.

pub mod openapi;
pub(crate) mod route_answers;
pub(crate) mod parameter_texts;
pub mod json_schema;
pub mod route;

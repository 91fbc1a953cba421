//! The contracts as files: OpenAPI of the routes, AsyncAPI and data contracts of the public topics, JSON Schema of what is exchanged.

pub mod contract_files;
pub(crate) mod async_api;
pub(crate) mod data_contract;
pub(crate) mod public_topic;

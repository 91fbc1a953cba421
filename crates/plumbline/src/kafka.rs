//! Kafka: the log of record when brokers are configured, and the topics that practice systems write.
//!
//! A file imports only from files further down this list.

pub mod topics;
pub mod topic_plan;
pub mod membership;
pub mod log;
mod publisher;
mod writer;
mod reader;
mod headers;
pub mod contact;
pub mod schema_registry;
pub mod registry_file;
pub mod registry_client;
pub mod registry_error;
pub mod schema_ids;
pub mod subjects;
pub mod settings;
pub mod registry_address;

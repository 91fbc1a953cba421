//! Kafka: the log of a deployment with brokers, its topics, and its schema registry.

pub mod client_metrics;
pub mod log;
pub mod topic_sender;
pub(crate) mod publisher;
pub(crate) mod writer;
pub(crate) mod reader;
pub mod membership;
pub mod topics;
pub mod topic_plan;
pub mod topic_fault;
pub mod topic_requirement;
pub mod headers;
pub mod schema_registry;
pub mod property_check;
pub mod settings;
pub mod contact;
pub(crate) mod access_right;
pub mod client_timings;
pub mod registry_address;

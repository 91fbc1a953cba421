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
pub mod settings;

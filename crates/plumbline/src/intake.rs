//! The intake of a service: requests and input topics in, acknowledged batches out, and the store of rejected records.

pub mod intake_metrics;
pub mod consumer_session;
pub(crate) mod input_group;
pub mod intake_worker;
pub mod reject_retrier;

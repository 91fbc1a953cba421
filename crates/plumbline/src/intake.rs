//! The intake of a service: it decodes requests and input topics, appends their events to the log, and retries rejected records.

pub mod intake_metrics;
pub mod input_watch;
pub mod consumer_session;
pub(crate) mod input_group;
pub mod dry_run;
pub mod intake_worker;
pub(crate) mod request_rejects;
pub(crate) mod binary_cloud_event;
pub mod body_room;
pub mod element_count;
pub mod reject_retrier;
pub mod operator_fence;
pub mod patient_erasure;
pub mod source_check;
pub mod intake_decoder;
pub(crate) mod registry_book;
pub mod rejects;

//! `send`: files to a service over HTTP, or to a topic, in chunks. It retries, resumes, and accounts for every record.

pub mod send_run;
pub(crate) mod send_state;
pub(crate) mod http_sender;
pub mod send_error;
pub mod send_summary;
pub(crate) mod sent_answer;
pub(crate) mod chunk;

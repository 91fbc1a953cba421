//! The log of a service: the embedded log in one directory, or Kafka.

pub mod any_log;
pub mod log_trimmer;
pub mod local_log;
pub mod record_store;
pub mod log_directory;
pub mod lock_file;
pub mod journal;
pub mod log_record_layout;

//! Every record of the topics as a type, and the digests that identify its content.

pub mod item;
pub mod digest;
pub mod log_record;

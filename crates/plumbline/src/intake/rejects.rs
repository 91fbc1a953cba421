//! The store of rejected records: raw bytes, encrypted on disk, until they are repaired and retried.

pub mod reject_metrics;
pub mod reject_store;
pub mod reject_groups;
pub mod reject_seal;
pub mod rejected_record;

//! The store of records of which something was rejected, sealed on the disk.

pub mod reject_metrics;
pub mod reject_store;
pub mod reject_seal;
pub mod rejected_record;

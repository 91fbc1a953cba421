//! The simulated log: partitions, producers, transactions, and all kinds of faults.

pub(crate) mod handle;
pub(crate) mod broker;
pub(crate) mod partition_log;
pub mod fault;
pub(crate) mod fault_schedule;

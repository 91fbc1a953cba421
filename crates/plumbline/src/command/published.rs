//! The commands on published cards for other programs and for browsers: pages, tables and contracts.

pub mod contract;
pub mod view;
pub mod export;

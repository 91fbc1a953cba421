//! The commands on the data of a source: events to a service, tables to events, and what the data get right.

pub mod send;
pub mod map;
pub mod conform;
pub mod codes;

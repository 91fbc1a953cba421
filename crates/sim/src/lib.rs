//! A seeded population with known true rates, disorderly traffic, and the brute-force answer.
//!
//! Nothing here uses the code that it judges: measure files are read, events written and months counted by rules of its own.
//!
//! A room imports only from rooms further down this list, and inside a room a file only from files further down.

pub mod oracle;
pub mod traffic;
pub mod calendar;

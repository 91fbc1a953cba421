//! A seeded population with known true rates, disorderly traffic, and the brute-force answer.
//!
//! Nothing here uses the code that it judges: measure files are read, events written and months counted by rules of its own.
//!
//! A file imports only from files further down this list.

pub mod oracle;
mod answer_card;
mod spread;
mod colleagues;
mod books;
mod round;
mod fold;
mod staff;
mod sums;
mod native;
mod measure_file;
mod codes;
mod ages;
pub mod simulate;
pub mod traffic;
mod story;
mod consultation;
mod draft;
pub mod odd;
pub mod population;
pub mod truth;
mod instants;
mod formulary;
mod patient;
mod draw;
pub mod calendar;

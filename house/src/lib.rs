//! The rules of this repository that a machine can see, as checks that read the sources.
//!
//! The crate decides three things: whether the prose is plain ([`prose`]), whether every module imports only from modules further down
//! its list ([`rooms`]), and whether a type has the name of a noun that no other type has ([`names`]). A check takes the
//! [`sources::Sources`] and returns one [`hit::Hit`] for each place that breaks a rule. It never changes a file and never guesses at a
//! file's meaning: a rule is a list, a count or an order.
//!
//! A file imports only from files further down this list.

pub mod command;
pub mod prose;
pub mod rooms;
pub mod names;
mod attributes;
pub mod sources;
pub mod hit;

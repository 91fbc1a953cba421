//! The rules of this repository that a machine can see, as checks that read the sources.
//!
//! The crate decides three things. [`prose`]: every sentence is plain. [`rooms`]: every module imports only from modules further down its
//! list. [`names`]: every type has the name of a noun, and no other type has that name. A check takes the [`sources::Sources`] and returns
//! one [`hit::Hit`] for each place that breaks a rule. `house/waivers.txt` lists the exceptions with their reasons. The crate never
//! changes a file and never guesses at a file's meaning: a rule is a list, a count or an order.
//!
//! A file imports only from files further down this list.

pub mod command;
pub mod prose;
pub mod rooms;
pub mod names;
mod waivers;
mod attributes;
pub mod sources;
pub mod hit;

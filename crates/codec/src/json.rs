//! JSON: the one-pass reader with its texts, numbers and instants, and records written as lines.

pub mod record_lines;
pub(crate) mod native_event;
pub(crate) mod text;
pub(crate) mod instant;
pub(crate) mod number;
pub(crate) mod object;
pub(crate) mod reader;

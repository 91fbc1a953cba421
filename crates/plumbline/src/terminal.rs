//! The terminal: colours and progress.

pub mod paint;
pub mod progress;

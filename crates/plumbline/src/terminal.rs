//! The terminal: colours, line widths, counted words and progress.

pub mod paint;
pub mod layout;
pub mod count;
pub mod progress;

//! Signing in and out, and who looked at which card.

pub mod access_page;
pub mod session_pages;
pub mod look_note;

//! The registry: persons with their aliases, roles and organisations, all effective-dated, and the directory as of a day.

pub mod registry_file;
pub(crate) mod registry_check;
pub mod directory;
pub mod entry;

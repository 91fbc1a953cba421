//! Backups of an embedded log: records in segments of a folder, added to by each backup, and a new data folder made of them.

pub mod backup_command;
pub mod restore_command;
pub(crate) mod backup_source;
pub(crate) mod refused_copy;
pub(crate) mod backup_folder;
pub(crate) mod segment;
pub(crate) mod backup_manifest;
pub mod log_page;

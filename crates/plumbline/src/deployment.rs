//! The data directory of a deployment, opened: keys, log, registry and the genesis record that all processes agree on.

pub mod data_directory;
pub mod registry_change;
pub mod registry_file_check;

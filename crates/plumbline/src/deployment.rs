//! The data directory of a deployment, opened: keys, log, registry and the genesis record that all processes agree on.

pub mod backup;
pub mod configuration_reload;
pub mod data_directory;
pub mod read_only_log;
pub mod log_deployment;
pub mod configured_files;
pub mod protected_registry;
pub mod registry_change;
pub mod registry_file_check;

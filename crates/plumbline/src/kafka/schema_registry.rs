//! The schema registry: subjects, ids and compatibility of Plumbline's schemas, and a cache of the ids on disk.

pub mod registry;
pub mod subjects;
pub mod schema_ids;
pub mod registry_file;
pub mod registry_client;
pub mod registry_error;

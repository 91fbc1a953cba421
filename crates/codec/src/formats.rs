//! Input formats: raw records in, one item for each element out.

pub mod record_decoder;
pub(crate) mod format;
pub(crate) mod avro_file;
pub(crate) mod fhir;
pub(crate) mod elements;
pub(crate) mod native;
pub(crate) mod decoder_config;

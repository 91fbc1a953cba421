//! Input formats: raw records in, one item for each element out.
//!
//! [`record_decoder`] finds the format of a record in `format_list`; each format is a type that implements
//! `input_format::InputFormat`. Native events and FHIR resources share the JSON reader, and every format lends to one
//! `item_sink::ItemSink`.

pub mod record_decoder;
pub(crate) mod tombstone;
pub(crate) mod format_list;
pub(crate) mod foreign_text;
pub(crate) mod refused;
pub(crate) mod json_text;
pub(crate) mod avro_file;
pub(crate) mod avro_frame;
pub(crate) mod contract_schemas;
pub(crate) mod input_format;
pub(crate) mod fhir;
pub(crate) mod cloud_event;
pub(crate) mod elements;
pub(crate) mod native;
pub(crate) mod native_kinds;
pub(crate) mod native_fields;
pub(crate) mod item_sink;
pub(crate) mod decoder_config;
pub(crate) mod demographics;
pub(crate) mod birth_date;
pub(crate) mod detail_warnings;

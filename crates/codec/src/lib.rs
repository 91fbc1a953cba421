//! Bytes: JSON, Avro and FHIR in; rows, marks and cards out; every schema version; pseudonyms.
//!
//! A file imports only from files further down this list.

pub mod record_json;
pub mod json;
pub mod decoder;
mod fhir;
mod elements;
mod native;
mod avro_file;
mod config;
pub mod known_schema;
pub mod contract;
mod sent;
pub mod avro;
mod kind;
mod text;
mod instant;
mod number;
mod object;
mod json_reader;
pub mod fault;
pub mod systems;
pub mod pseudonym;
pub mod nhs_number;
mod lanes;
pub mod keys;

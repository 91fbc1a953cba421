//! Bytes: JSON, Avro and FHIR in; rows, marks and cards out; every schema version; pseudonyms.
//!
//! A file imports only from files further down this list.

pub mod avro;
pub mod pseudonym;
pub mod nhs_number;
pub mod keys;

//! Bytes: JSON, Avro and FHIR in; rows, marks and cards out; every schema version; pseudonyms.
//!
//! A room imports only from rooms further down this list, and inside a room a file only from files further down.

pub mod formats;
pub mod avro;
pub mod json;
pub mod identity;
mod simd;
pub mod fault;

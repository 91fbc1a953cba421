//! What the codec promises, one file a promise.

mod avro;
mod fhir_statuses;
mod json;
mod native;
mod real_data;
mod samples;

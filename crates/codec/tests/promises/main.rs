//! The promises of the codec, one file each.

mod avro;
mod bundles;
mod codes;
mod contract;
mod damage;
mod decoding;
mod definitions;
mod details;
mod fhir;
mod fixtures;
mod json;
mod leaks;
mod malformed;
mod native;
mod observations;
mod parties;
mod patients;
mod real_data;
mod record_json;
mod references;
mod released;
mod samples;
mod symbols;
mod tombstones;

//! FHIR R4: resources one by one and in Bundles. Source: HL7 FHIR R4 (4.0.1).
//!
//! The status of a resource decides whether it counts, waits or retracts its event. Every status is an accepted version.

pub(crate) mod element;
pub(crate) mod resource;
pub(crate) mod bundle;
pub(crate) mod history_order;
pub(crate) mod bundle_entry;
pub(crate) mod people;
pub(crate) mod role_words;
pub(crate) mod visits;
pub(crate) mod orders;
pub(crate) mod observations;
pub(crate) mod drugs;
pub(crate) mod medications;
pub(crate) mod answers;
pub(crate) mod participants;
pub(crate) mod concepts;
pub(crate) mod parties;
pub(crate) mod identifiers;
pub(crate) mod periods;
pub(crate) mod header;
pub(crate) mod references;
pub(crate) mod versions;
pub(crate) mod resources;

//! The same clinic, written by twelve systems: one truth about visits and prescriptions, and the files that each system exports of it.

pub mod written_clinic;
pub(crate) mod clinic_resources;
pub mod clinic_truth;

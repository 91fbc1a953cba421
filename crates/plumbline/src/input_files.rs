//! The files of measures and of codes, read and checked.

pub mod measure_files;
pub mod code_files;

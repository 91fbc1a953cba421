//! Maps: tables of a practice system to native events and registry entries, as a pure function of the files in one folder.
//!
//! A map is a TOML file ([`map_file`]). It names look-up files, which are held in memory ([`lookup`]), and tables, whose rows
//! stream ([`table_reader`]). Each row becomes one event or registry entry, is skipped by a condition, or is faulty ([`map_run`]).
//! Nothing of a row is lost without a count ([`map_report`]).

pub mod map_examples;
pub mod map_run;
pub mod map_file;
pub(crate) mod row_plan;
pub(crate) mod field_plan;
pub(crate) mod chain;
pub mod lookup;
pub(crate) mod table_reader;
pub(crate) mod table_files;
pub mod map_report;
pub(crate) mod map_text;
pub(crate) mod native_shape;
pub(crate) mod civil_form;
pub(crate) mod decimal;
pub mod map_error;

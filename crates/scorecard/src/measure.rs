//! Measures: the grammar of their files, the checks of a file, and the form that the fold counts with.

pub mod suppression;
pub mod measure_set;
pub(crate) mod measure_check;
pub mod definition;
pub mod bnf;

//! Measures: the grammar of their files, the checks of a file, their kinds, and the form that the fold counts with.

#[cfg(test)]
pub(crate) mod sample;
pub mod suppression;
pub mod measure_set;
pub mod reference_network;
pub(crate) mod measure_check;
pub(crate) mod side_filters;
pub(crate) mod containment;
pub(crate) mod case_mix_adjustment;
pub(crate) mod measure_mistake;
pub mod code_book;
pub mod vocabulary;
pub mod needed_kinds;
pub mod definition;
pub mod absent;
pub mod kind;
pub mod integer_units;
pub mod amount;
pub mod bnf;

//! The fold: events in, rows out. It keeps one fact for each event and one row for each clinician and month, in integers only.

pub mod tally;
pub mod explanation;
pub mod conflict_list;
pub mod share;
pub(crate) mod fact_builder;
pub(crate) mod drug_codes;
pub mod code_counts;
pub(crate) mod links;
pub mod feed_coverage;
pub(crate) mod rows;
pub(crate) mod kind_counts;
pub(crate) mod contributions;
pub(crate) mod terms;
pub(crate) mod row_counters;
pub(crate) mod update_plan;
pub(crate) mod interner;
pub mod fast_map;
pub(crate) mod fact;
pub(crate) mod counted_patient;
pub(crate) mod signs;
pub(crate) mod case_mix_cell;
pub(crate) mod packed_content;
pub(crate) mod content;
pub(crate) mod slab;
pub(crate) mod fact_index;

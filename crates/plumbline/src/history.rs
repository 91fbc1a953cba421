//! History: files or a log of the past through the real pipeline in virtual time, and the files that a run writes.

pub mod recomputed_log;
pub mod recomputed_cuts;
pub mod log_copy;
pub mod card_outlines;
pub mod card_difference;
pub mod showcase;
pub mod outputs;
pub mod finished_output;
pub mod output_folder;
pub mod item_reader;
pub mod summary;
pub mod compared_roles;
pub mod coverage_reader;
pub mod conformance;
pub mod arrival_queue;
pub mod sources;
pub mod lines;
pub mod pipeline;
pub mod line_view;
pub mod prescription_coverage;
pub mod unmapped_items;

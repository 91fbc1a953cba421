//! The oracle: every card that must be published, computed from the log alone by brute force.

pub mod answer;
pub(crate) mod answer_card;
pub(crate) mod colleagues;
pub(crate) mod unit_months;
pub(crate) mod unit_gaps;
pub(crate) mod fold;
pub(crate) mod registry;
pub(crate) mod sums;
pub(crate) mod delivery_reader;
pub(crate) mod case_mix;
pub(crate) mod measure_file;
pub mod sendings;
pub(crate) mod codes;
pub(crate) mod month_state;

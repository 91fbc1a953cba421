//! Formulas, each with its source: quantiles, intervals, distributions and plain control limits. They know nothing of measures.

pub mod funnel;
pub mod interval;
pub mod percentile;
pub mod count_tail;
pub mod distribution;
pub mod normal;
pub mod falling_root;

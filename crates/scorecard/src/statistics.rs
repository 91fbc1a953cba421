//! Formulas, each with its source: quantiles, intervals, control limits and over-dispersion. They know nothing of measures.

pub mod dispersion;
pub mod funnel;
pub mod interval;
pub mod transform;
pub mod percentile;
pub mod count_tail;
pub mod distribution;
pub mod normal;
pub mod falling_root;

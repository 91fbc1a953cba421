//! Statistics, each with its source: quantiles, intervals, control limits, over-dispersion, reliability and trend.

pub mod trend;
pub mod reliability;
pub mod funnel;
pub mod dispersion;
pub mod interval;
pub mod percentile;
pub mod distribution;

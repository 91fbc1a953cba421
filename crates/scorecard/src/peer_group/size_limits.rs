//! The sizes from which a group shows its figures.

/// Least members for a median.
pub const LEAST_FOR_MEDIAN: usize = 10;
/// Least members for quartiles, deciles, the typical value, savings and a public group.
pub const LEAST_FOR_QUARTILES: usize = 20;
/// Least members for twenty quantiles.
pub const LEAST_FOR_QUANTILES: usize = 40;
/// Members from which a median has three digits and the steps are a fifth as long.
pub(crate) const LEAST_FOR_THREE_DIGITS: usize = 100;
/// Quantiles of a large group.
pub(crate) const QUANTILES: u64 = 20;
/// A public number of members is rounded down to a multiple of this.
pub(crate) const PUBLIC_STEP: u32 = 10;

//! Sums of facts. Integers only, so that the same events in any order give the same bits.

pub mod packed_sums;
pub mod measure_sums;
pub mod cell_sum;
pub mod ratio;

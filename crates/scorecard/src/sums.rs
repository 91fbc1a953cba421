//! Sums: what adds. Integers only, so that any order of the same events gives the same bits.

pub mod packed_sums;
pub mod measure_sums;
pub mod ratio;

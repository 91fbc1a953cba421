//! Ratios of integer units, compared exactly.
//!
//! Integer cross-multiplication compares two ratios without rounding.

use std::cmp::Ordering;

/// A numerator and a denominator above 0, in integer units.
pub type Ratio = (i64, i64);

/// Compares two ratios by value.
#[must_use]
pub fn by_value(a: Ratio, b: Ratio) -> Ordering {
    (i128::from(a.0) * i128::from(b.1)).cmp(&(i128::from(b.0) * i128::from(a.1)))
}

/// Compares two ratios by value, ties by denominator: the order in which members of a peer group are kept.
#[must_use]
pub fn in_order(a: Ratio, b: Ratio) -> Ordering {
    by_value(a, b).then(a.1.cmp(&b.1))
}

//! The trait that each kind implements.

use std::fmt::Debug;

use crate::measure::amount::Amount;
use crate::statistics::distribution::Ends;
use crate::sums::measure_sums::MeasureSums;

/// How measures of one kind are checked, and how sure a unit's own value is. Ratios are numerator over denominator in integer units.
///
/// No method has a default: the compiler names each decision that a new kind still lacks. Callers guarantee a denominator above 0.
pub(crate) trait KindRules: Debug + Sync {
    /// Checks the amounts of numerator and denominator.
    ///
    /// # Errors
    /// The rule that they break, and the kind that fits them.
    fn check_amounts(&self, numerator: Amount, denominator: Amount) -> Result<(), &'static str>;

    /// The 95 % confidence interval of a unit's own ratio, where facts vary by this design effect. `None` if the sums do not determine it.
    fn confidence(&self, own: &MeasureSums, phi: f64) -> Option<Ends>;
}

/// A unit's own ratio of integer units.
pub(crate) fn own_ratio(own: &MeasureSums) -> f64 {
    own.n as f64 / own.d as f64
}

//! Amount: an amount per exposure, such as cost per encounter. Chance is compound Poisson: a rate of events of varying size.

use crate::measure::amount::Amount;
use crate::measure::kind::kind_rules::{KindRules, own_ratio};
use crate::statistics::distribution::{Ends, Z_95};
use crate::sums::measure_sums::MeasureSums;

/// Normal interval and limits with the variance of a compound Poisson sum, square-root scale.
///
/// An amount is never negative, so the lower end of its interval is at least 0.
#[derive(Debug)]
pub(crate) struct AmountRules;

impl KindRules for AmountRules {
    fn check_amounts(&self, _: Amount, _: Amount) -> Result<(), &'static str> {
        Ok(())
    }

    fn confidence(&self, own: &MeasureSums, phi: f64) -> Option<Ends> {
        let ratio = own_ratio(own);
        let half = Z_95 * (phi * own.n_squares as f64).sqrt() / own.d as f64;
        Some(((ratio - half).max(0.0), ratio + half))
    }
}

//! Rate: counted events per exposure. Chance is Poisson.

use crate::measure::amount::Amount;
use crate::measure::kind::kind_rules::KindRules;
use crate::statistics::distribution::Ends;
use crate::statistics::interval::count_interval;
use crate::sums::measure_sums::MeasureSums;

/// Exact or Byar's interval.
#[derive(Debug)]
pub(crate) struct RateRules;

impl KindRules for RateRules {
    fn check_amounts(&self, numerator: Amount, _: Amount) -> Result<(), &'static str> {
        if numerator.is_count() {
            return Ok(());
        }
        Err("a rate counts (count, items, answers) in its numerator; for other amounts use kind = \"amount\"")
    }

    fn confidence(&self, own: &MeasureSums, phi: f64) -> Option<Ends> {
        let (lower, upper) = count_interval(own.n as f64 / phi);
        let d = own.d as f64;
        Some((lower * phi / d, upper * phi / d))
    }
}

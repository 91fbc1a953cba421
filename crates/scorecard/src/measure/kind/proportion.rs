//! Proportion: counted events out of counted events. Chance is binomial.

use crate::measure::amount::Amount;
use crate::measure::kind::kind_rules::{KindRules, own_ratio};
use crate::statistics::distribution::Ends;
use crate::statistics::interval::wilson;
use crate::sums::measure_sums::MeasureSums;

/// Wilson's interval, binomial limits, arcsine scale.
#[derive(Debug)]
pub(crate) struct ProportionRules;

impl KindRules for ProportionRules {
    fn check_amounts(&self, numerator: Amount, denominator: Amount) -> Result<(), &'static str> {
        if numerator.is_count() && denominator.is_count() {
            return Ok(());
        }
        Err("a proportion counts (count, items, answers) on both sides; for other amounts use kind = \"share\"")
    }

    fn confidence(&self, own: &MeasureSums, phi: f64) -> Option<Ends> {
        wilson(own_ratio(own), own.d as f64 / phi)
    }
}

//! Share: an amount out of the same amount, such as the quantity of a brand out of the quantity of a drug.
//!
//! Its parts have unequal sizes, so it is a proportion of fewer, equal parts: the effective denominator.

use crate::measure::amount::Amount;
use crate::measure::kind::kind_rules::{KindRules, own_ratio};
use crate::statistics::distribution::Ends;
use crate::statistics::interval::{effective_denominator, wilson};
use crate::sums::measure_sums::MeasureSums;

/// Wilson's interval, score limits and arcsine scale, each with the effective denominator.
#[derive(Debug)]
pub(crate) struct ShareRules;

impl KindRules for ShareRules {
    fn check_amounts(&self, numerator: Amount, denominator: Amount) -> Result<(), &'static str> {
        if numerator == denominator {
            return Ok(());
        }
        Err("a share has the same amount on both sides; for different amounts use kind = \"amount\"")
    }

    fn confidence(&self, own: &MeasureSums, phi: f64) -> Option<Ends> {
        wilson(own_ratio(own), effective_denominator(own)? / phi)
    }
}

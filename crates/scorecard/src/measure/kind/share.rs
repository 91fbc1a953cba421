//! Share: an amount out of the same amount, such as the quantity of a brand out of the quantity of a drug.
//!
//! Its parts have unequal sizes, so it is a proportion of fewer, equal parts: the effective denominator.

use crate::measure::amount::Amount;
use crate::measure::integer_units::IntegerUnits;
use crate::measure::kind::kind_rules::{KindRules, Target, own_ratio};
use crate::statistics::distribution::Ends;
use crate::statistics::funnel::{Limits, score_limits};
use crate::statistics::interval::{effective_denominator, wilson};
use crate::statistics::transform::{arcsine, from_arcsine, root_variance};
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

    fn chance_depends_on_denominator_alone(&self) -> bool {
        false
    }

    fn has_event_size(&self) -> bool {
        false
    }

    fn confidence(&self, _: IntegerUnits, own: &MeasureSums) -> Option<Ends> {
        wilson(own_ratio(own), effective_denominator(own)?)
    }

    fn control_limits(&self, target: &Target, own: &MeasureSums, limits: Limits) -> Option<Ends> {
        score_limits(target.ratio, effective_denominator(own)?, limits)
    }

    fn chance_variance(&self, _: &Target, own: &MeasureSums) -> Option<f64> {
        Some(root_variance(effective_denominator(own)?))
    }

    fn scaled(&self, _: &Target, ratio: f64) -> Option<f64> {
        arcsine(ratio)
    }

    fn unscaled(&self, _: &Target, position: f64) -> f64 {
        from_arcsine(position)
    }
}

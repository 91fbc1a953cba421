//! Proportion: counted events out of counted events. Chance is binomial.

use crate::measure::amount::Amount;
use crate::measure::integer_units::IntegerUnits;
use crate::measure::kind::kind_rules::{KindRules, Target, own_ratio};
use crate::statistics::distribution::Ends;
use crate::statistics::funnel::{Limits, proportion_limits};
use crate::statistics::interval::wilson;
use crate::statistics::transform::{arcsine, from_arcsine, root_variance};
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

    fn chance_depends_on_denominator_alone(&self) -> bool {
        true
    }

    fn has_event_size(&self) -> bool {
        false
    }

    fn confidence(&self, units: IntegerUnits, own: &MeasureSums) -> Option<Ends> {
        wilson(own_ratio(own), own.d as f64 / units.denominator as f64)
    }

    fn control_limits(&self, target: &Target, own: &MeasureSums, limits: Limits) -> Option<Ends> {
        proportion_limits(target.ratio, own.d / target.units.denominator, limits)
    }

    fn chance_variance(&self, target: &Target, own: &MeasureSums) -> Option<f64> {
        Some(root_variance(own.d as f64 / target.units.denominator as f64))
    }

    fn scaled(&self, _: &Target, ratio: f64) -> Option<f64> {
        arcsine(ratio)
    }

    fn unscaled(&self, _: &Target, position: f64) -> f64 {
        from_arcsine(position)
    }
}

//! Rate: counted events per exposure. Chance is Poisson.

use crate::measure::amount::Amount;
use crate::measure::integer_units::IntegerUnits;
use crate::measure::kind::kind_rules::{KindRules, Target};
use crate::statistics::distribution::Ends;
use crate::statistics::funnel::{Limits, count_limits};
use crate::statistics::interval::count_interval;
use crate::statistics::transform::{from_root, root_of_expected, root_variance};
use crate::sums::measure_sums::MeasureSums;

/// Exact or Byar's interval, exact Poisson limits, square-root scale.
#[derive(Debug)]
pub(crate) struct RateRules;

impl KindRules for RateRules {
    fn check_amounts(&self, numerator: Amount, _: Amount) -> Result<(), &'static str> {
        if numerator.is_count() {
            return Ok(());
        }
        Err("a rate counts (count, items, answers) in its numerator; for other amounts use kind = \"amount\"")
    }

    fn chance_depends_on_denominator_alone(&self) -> bool {
        true
    }

    fn has_event_size(&self) -> bool {
        false
    }

    fn confidence(&self, units: IntegerUnits, own: &MeasureSums) -> Option<Ends> {
        let (d, units) = (own.d as f64, units.numerator as f64);
        let (lower, upper) = count_interval(own.n as f64 / units);
        Some((lower * units / d, upper * units / d))
    }

    fn control_limits(&self, target: &Target, own: &MeasureSums, limits: Limits) -> Option<Ends> {
        let (d, units) = (own.d as f64, target.units.numerator as f64);
        let (lower, upper) = count_limits(target.ratio * d / units, limits);
        Some((lower * units / d, upper * units / d))
    }

    fn chance_variance(&self, target: &Target, own: &MeasureSums) -> Option<f64> {
        Some(root_variance(target.ratio * own.d as f64 / target.units.numerator as f64))
    }

    fn scaled(&self, target: &Target, ratio: f64) -> Option<f64> {
        root_of_expected(ratio, target.ratio)
    }

    fn unscaled(&self, target: &Target, position: f64) -> f64 {
        from_root(position, target.ratio)
    }
}

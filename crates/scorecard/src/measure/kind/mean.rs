//! Mean: an amount per counted event, such as minutes per encounter. Chance follows from the spread between the unit's own events.

use crate::measure::amount::Amount;
use crate::measure::integer_units::IntegerUnits;
use crate::measure::kind::kind_rules::{KindRules, Target, own_ratio};
use crate::statistics::distribution::{Ends, student_t_975};
use crate::statistics::funnel::{Limits, normal_limits};
use crate::statistics::interval::sample_variance;
use crate::sums::measure_sums::MeasureSums;

/// Student's t interval, normal limits; its scale is the value in the measure's unit.
///
/// The amounts are never negative, so the lower end of its interval is at least 0.
#[derive(Debug)]
pub(crate) struct MeanRules;

impl KindRules for MeanRules {
    fn check_amounts(&self, _: Amount, denominator: Amount) -> Result<(), &'static str> {
        if denominator.is_count() {
            return Ok(());
        }
        Err("a mean counts (count, items, answers) in its denominator; for other amounts use kind = \"amount\"")
    }

    fn chance_depends_on_denominator_alone(&self) -> bool {
        false
    }

    fn has_event_size(&self) -> bool {
        false
    }

    fn confidence(&self, _: IntegerUnits, own: &MeasureSums) -> Option<Ends> {
        let (ratio, d) = (own_ratio(own), own.d as f64);
        let half = student_t_975(d - 1.0) * (sample_variance(own)? / d).sqrt();
        Some(((ratio - half).max(0.0), ratio + half))
    }

    fn control_limits(&self, target: &Target, own: &MeasureSums, limits: Limits) -> Option<Ends> {
        normal_limits(target.ratio, sample_variance(own)? / own.d as f64, limits)
    }

    fn chance_variance(&self, target: &Target, own: &MeasureSums) -> Option<f64> {
        let unit = target.units.value_of_ratio(1.0);
        Some(sample_variance(own)? / own.d as f64 * unit * unit)
    }

    fn scaled(&self, target: &Target, ratio: f64) -> Option<f64> {
        Some(target.units.value_of_ratio(ratio))
    }

    fn unscaled(&self, target: &Target, position: f64) -> f64 {
        (position / target.units.value_of_ratio(1.0)).max(0.0)
    }
}

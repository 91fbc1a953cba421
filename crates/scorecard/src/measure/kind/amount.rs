//! Amount: an amount per exposure, such as cost per encounter. Chance is compound Poisson: a rate of events of varying size.

use crate::measure::amount::Amount;
use crate::measure::integer_units::IntegerUnits;
use crate::measure::kind::kind_rules::{KindRules, Target, own_ratio};
use crate::statistics::distribution::{Ends, Z_95};
use crate::statistics::funnel::{Limits, normal_limits};
use crate::statistics::transform::{from_root, root_of_expected, root_variance};
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

    fn chance_depends_on_denominator_alone(&self) -> bool {
        false
    }

    fn has_event_size(&self) -> bool {
        true
    }

    fn confidence(&self, _: IntegerUnits, own: &MeasureSums) -> Option<Ends> {
        let ratio = own_ratio(own);
        let half = Z_95 * (own.n_squares as f64).sqrt() / own.d as f64;
        Some(((ratio - half).max(0.0), ratio + half))
    }

    fn control_limits(&self, target: &Target, own: &MeasureSums, limits: Limits) -> Option<Ends> {
        // As many events as the target makes expected, each of one size.
        normal_limits(target.ratio, target.ratio * target.size_of_event(own)? / own.d as f64, limits)
    }

    fn chance_variance(&self, target: &Target, own: &MeasureSums) -> Option<f64> {
        Some(root_variance(target.ratio * own.d as f64 / target.size_of_event(own)?))
    }

    fn scaled(&self, target: &Target, ratio: f64) -> Option<f64> {
        root_of_expected(ratio, target.ratio)
    }

    fn unscaled(&self, target: &Target, position: f64) -> f64 {
        from_root(position, target.ratio)
    }
}

//! Mean: an amount per counted event, such as minutes per encounter. Chance follows from the spread between the unit's own events.

use crate::measure::amount::Amount;
use crate::measure::kind::kind_rules::{KindRules, own_ratio};
use crate::statistics::distribution::{Ends, student_t_975};
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

    fn confidence(&self, own: &MeasureSums, phi: f64) -> Option<Ends> {
        let (ratio, d) = (own_ratio(own), own.d as f64);
        let half = student_t_975(d - 1.0) * (phi * sample_variance(own)? / d).sqrt();
        Some(((ratio - half).max(0.0), ratio + half))
    }
}

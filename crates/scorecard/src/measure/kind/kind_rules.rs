//! The trait that each kind implements, and the target around which a kind compares units.

use std::fmt::Debug;

use crate::measure::amount::Amount;
use crate::measure::integer_units::IntegerUnits;
use crate::statistics::distribution::Ends;
use crate::statistics::funnel::Limits;
use crate::sums::measure_sums::MeasureSums;

/// How measures of one kind are checked and compared. Ratios are numerator over denominator in integer units.
///
/// No method has a default: the compiler names each decision that a new kind still lacks. Callers guarantee a denominator above 0.
pub(crate) trait KindRules: Debug + Sync {
    /// Checks the amounts of numerator and denominator.
    ///
    /// # Errors
    /// The rule that they break, and the kind that fits them.
    fn check_amounts(&self, numerator: Amount, denominator: Amount) -> Result<(), &'static str>;

    /// Whether a unit's denominator alone decides how far chance moves its value. If so, units of one size share their control
    /// limits; if not, a network keeps the sums of each unit.
    fn chance_depends_on_denominator_alone(&self) -> bool;

    /// Whether a network publishes the mean size of one event of its numerator.
    fn has_event_size(&self) -> bool;

    /// The 95 % confidence interval of a unit's own ratio. `None` if the sums do not determine it.
    fn confidence(&self, units: IntegerUnits, own: &MeasureSums) -> Option<Ends>;

    /// Control limits around the target for a unit with these sums, as ratios. `None` if the sums do not determine them.
    fn control_limits(&self, target: &Target, own: &MeasureSums, limits: Limits) -> Option<Ends>;

    /// Variance by chance alone, on the kind's scale, of a unit at the target with these sums. `None` if they do not determine it.
    fn chance_variance(&self, target: &Target, own: &MeasureSums) -> Option<f64>;

    /// A ratio on the kind's scale, on which chance has nearly the same variance for all values. `None` outside the scale's domain.
    fn scaled(&self, target: &Target, ratio: f64) -> Option<f64>;

    /// The ratio at this position of the kind's scale. Positions beyond an end of the scale give the ratio at that end.
    fn unscaled(&self, target: &Target, position: f64) -> f64;
}

/// The value that units of one measure are compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    /// Units of the measure.
    pub units: IntegerUnits,
    /// The target as a ratio of integer units.
    pub ratio: f64,
    /// Mean size of one event of the network's numerator, in its integer unit; 0 for kinds without one.
    pub event_size: f64,
}

impl Target {
    /// The size of one event for a unit: the network's, or the unit's own if that is larger. `None` if both are 0.
    ///
    /// A unit without events has no size of its own. With the own size alone it would have no variance either.
    pub(crate) fn size_of_event(&self, own: &MeasureSums) -> Option<f64> {
        let own = if own.n > 0 { own.n_squares as f64 / own.n as f64 } else { 0.0 };
        let size = own.max(self.event_size);
        (size > 0.0).then_some(size)
    }
}

/// A unit's own ratio of integer units.
pub(crate) fn own_ratio(own: &MeasureSums) -> f64 {
    own.n as f64 / own.d as f64
}

//! The borders of the funnel picture. They follow the verdict's z: a value on a limit has at most the z of the limit.

use crate::statistics::falling_root::falling_root;
use crate::statistics::normal::upper_tail;
use crate::verdict::constants::{EXACT_UP_TO, FLOOR, LEAST_EVENTS};
use crate::verdict::placed_unit::{ChanceModel, PlacedUnit};
use crate::verdict::root::{count_of_root, share_of_root};
use crate::verdict::z_score::tail_of_count;

/// Limits of one unit's value, as ratios of integer units. They are not clipped to 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FunnelLimits {
    /// No value from here on up is below. `None` if no value of this unit is.
    pub lower: Option<f64>,
    /// No value up to here is above. `None` if no value of this unit is.
    pub upper: Option<f64>,
}

impl FunnelLimits {
    /// The limits at `z` of a unit around this centre. `gamma` counts as at least 0.1. `flipped` says that the unit counts the others.
    ///
    /// `z` is above 1.9: 1.96 for 95 % or 3.09 for 99.8 %. The unit's own numerator matters only for the size of an amount's event and for
    /// the number of facts.
    #[must_use]
    pub fn of(unit: &PlacedUnit, centre: f64, gamma: f64, z: f64, flipped: bool) -> FunnelLimits {
        if unit.few_facts {
            return FunnelLimits { lower: None, upper: None };
        }
        let scale = scale_limits(unit, centre, gamma, z);
        if unit.model == ChanceModel::Normal {
            return FunnelLimits { lower: Some(scale.0), upper: Some(scale.1) };
        }
        let chance = chance_limits(unit, centre, z);
        let limits =
            FunnelLimits { lower: Some(scale.0.min(chance.0)), upper: highest_unremarkable(unit, scale.1.max(chance.1)) };
        if flipped { limits.of_the_others() } else { limits }
    }

    fn of_the_others(self) -> FunnelLimits {
        FunnelLimits { lower: self.upper.map(|upper| 1.0 - upper), upper: self.lower.map(|lower| 1.0 - lower) }
    }
}

/// The upper limit, at least the value of four events, because fewer than 5 facts are never a finding on the high side.
///
/// `None` if the unit has fewer than 5 facts, and four events are not four facts: those of an effective count, or several of one fact.
fn highest_unremarkable(unit: &PlacedUnit, upper: f64) -> Option<f64> {
    let most_events = (LEAST_EVENTS - 1) as f64;
    if !unit.whole {
        return (!unit.few_events).then_some(upper);
    }
    let counted = !unit.few_events || unit.n <= most_events;
    counted.then(|| upper.max(most_events / unit.d))
}

/// Values at which the scale alone has -z and z.
#[must_use]
pub fn scale_limits(unit: &PlacedUnit, centre: f64, gamma: f64, z: f64) -> (f64, f64) {
    let (b, _) = unit.expectation(centre);
    let spread = unit.spread(gamma.max(FLOOR));
    let upper = libm::sinh(libm::asinh(spread * b) + z * spread / 2.0) / spread;
    let lower = b - z / 2.0 * (1.0 + spread * spread * b * b).sqrt();
    (value_of_root(unit, lower), value_of_root(unit, upper))
}

/// The value of a unit of this size with this root, in units of chance.
fn value_of_root(unit: &PlacedUnit, a: f64) -> f64 {
    let root = a * unit.phi.sqrt();
    match unit.model {
        ChanceModel::Poisson => count_of_root(root) / unit.d,
        ChanceModel::Binomial => share_of_root(root, unit.d),
        ChanceModel::Normal => 2.0 * a * unit.standard_error,
    }
}

/// Values of the smallest and of the largest count whose exact lower and upper tail exceeds that of z.
///
/// Beyond 20,000 expected events there is no exact tail, and both are the expected value. Effective counts of shares and amounts are
/// real numbers.
#[must_use]
pub fn chance_limits(unit: &PlacedUnit, centre: f64, z: f64) -> (f64, f64) {
    let expected = unit.expected_count(centre);
    let middle = expected * unit.phi;
    if expected > EXACT_UP_TO {
        return (middle / unit.d, middle / unit.d);
    }
    let (least, most) = (upper_tail(z), if unit.model == ChanceModel::Binomial { unit.d } else { f64::INFINITY });
    let excess =
        |count: f64, upper: bool| tail_of_count(unit, count / unit.phi, expected, upper).map_or(-1.0, |tail| tail - least);
    let above = |count: f64| if count > most { -1.0 } else { excess(count, true) };
    let below = |count: f64| excess(count, false);
    let (lowest, highest) = if unit.whole {
        (lowest_whole(|count| below(count) > 0.0, middle), highest_whole(|count| above(count) > 0.0, middle))
    } else {
        (lowest_real(below, middle), highest_real(above, middle, most))
    };
    (lowest / unit.d, highest / unit.d)
}

/// The largest whole count that holds. Counts hold up to one of them, and 0 does.
fn highest_whole(holds: impl Fn(f64) -> bool, middle: f64) -> f64 {
    let (mut inside, mut outside, mut step) = (0.0, middle.floor() + 1.0, 1.0);
    while holds(outside) {
        (inside, outside, step) = (outside, outside + step, 2.0 * step);
    }
    last_inside(holds, inside, outside)
}

/// The smallest whole count that holds. Counts hold from one of them on.
fn lowest_whole(holds: impl Fn(f64) -> bool, middle: f64) -> f64 {
    let (mut inside, mut step) = (middle.ceil(), 1.0);
    while !holds(inside) {
        (inside, step) = (inside + step, 2.0 * step);
    }
    last_inside(holds, inside, -1.0)
}

/// The whole count nearest to `outside`, which does not hold, that still holds, as `inside` does.
fn last_inside(holds: impl Fn(f64) -> bool, mut inside: f64, mut outside: f64) -> f64 {
    while (outside - inside).abs() > 1.0 {
        let middle = f64::midpoint(inside, outside).floor();
        if holds(middle) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside
}

/// The real count, at most `most`, at which the upper tail is the least.
fn highest_real(excess: impl Fn(f64) -> f64, middle: f64, most: f64) -> f64 {
    if most.is_finite() && excess(most) >= 0.0 {
        return most;
    }
    let mut high = (middle + 1.0).min(most);
    while excess(high) > 0.0 {
        high *= 2.0;
    }
    let ends = ((0.0, excess(0.0)), (high, excess(high)));
    falling_root(excess, ends.0, ends.1, 1.0)
}

/// The real count at which the lower tail is the least, or 0.
fn lowest_real(excess: impl Fn(f64) -> f64, middle: f64) -> f64 {
    let at_none = excess(0.0);
    if at_none >= 0.0 {
        return 0.0;
    }
    let at_middle = excess(middle);
    falling_root(|count| -excess(count), (0.0, -at_none), (middle, -at_middle), 1.0)
}

//! The verdict's z: how far a unit is from the typical clinician, in standard deviations of chance and of the usual differences
//! between clinicians.
//!
//! Sources: Anscombe 1948, Biometrika 35:246 (the scale); Ohlssen, Sharples and Spiegelhalter 2007, J R Stat Soc A 170:865 (an outlier
//! among providers that differ).

use crate::statistics::count_tail::{binomial_at_least, binomial_at_most, poisson_at_least, poisson_at_most};
use crate::statistics::normal::{upper_tail, z_of_upper_tail};
use crate::verdict::constants::{EXACT_FROM, EXACT_UP_TO, FEW_Z, FLOOR};
use crate::verdict::placed_unit::{ChanceModel, PlacedUnit, hyperbolic};

/// The z of one unit. All signs are those of the measure's numerator: above 0 means more of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZScore {
    /// By chance alone, without design effect: 2 (a - b).
    pub raw: f64,
    /// The verdict's z.
    pub adjusted: f64,
}

impl ZScore {
    /// The z of a unit around this centre. `gamma` counts as at least 0.1. `flipped` says that the unit counts the others.
    ///
    /// The smallest claim wins: of the scale and the exact tail of chance, the z nearer to 0. z is at most 1.9 above the centre with fewer
    /// than 5 facts in the rarer numerator, and at most 1.9 on either side for a mean or an amount of fewer than 20 facts.
    #[must_use]
    pub fn of(unit: &PlacedUnit, centre: f64, gamma: f64, flipped: bool) -> ZScore {
        let (expected_root, _) = unit.expectation(centre);
        let chance = 2.0 * (unit.root - expected_root) * unit.phi.sqrt();
        let scale = scale_z(unit, unit.root, expected_root, gamma);
        let z = with_few_facts(unit, no_surer_than_chance(unit, centre, scale));
        if flipped { ZScore { raw: -chance, adjusted: -z } } else { ZScore { raw: chance, adjusted: z } }
    }

    /// P of a z at least this high, for a unit like the typical clinician.
    #[must_use]
    pub fn p_high(&self) -> f64 {
        upper_tail(self.adjusted)
    }

    /// P of a z at least this low.
    #[must_use]
    pub fn p_low(&self) -> f64 {
        upper_tail(-self.adjusted)
    }
}

/// z of a unit at the root `a` where `b` is expected, without the exact tail. `gamma` counts as at least 0.1.
///
/// Below the centre it is the scale of roots, which is the one nearer to 0: on a log-normal scale, a low count would claim something
/// about zeros.
#[must_use]
pub fn scale_z(unit: &PlacedUnit, a: f64, b: f64, gamma: f64) -> f64 {
    let spread = unit.spread(gamma.max(FLOOR));
    if a >= b {
        return hyperbolic(a, b, spread);
    }
    2.0 * (a - b) / (1.0 + spread * spread * b * b).sqrt()
}

/// The z of the scale, or that of chance's exact tail if it is nearer to 0. No rare count is a finding that chance alone would not make
/// one.
fn no_surer_than_chance(unit: &PlacedUnit, centre: f64, scale: f64) -> f64 {
    if scale.abs() <= EXACT_FROM {
        return scale;
    }
    let upper = scale > 0.0;
    let Some(tail) = exact_tail(unit, centre, upper) else { return scale };
    let z = z_of_upper_tail(tail);
    nearer_to_0(scale, if upper { z } else { -z })
}

/// P by chance alone of a count at least as far out on the upper or the lower side. All counts are divided by the design effect.
///
/// `None` for a mean, and beyond 20,000 expected events, where the scale is always nearer to 0.
#[must_use]
pub fn exact_tail(unit: &PlacedUnit, centre: f64, upper: bool) -> Option<f64> {
    let (count, expected) = (unit.n / unit.phi, unit.expected_count(centre));
    tail_of_count(unit, count, expected, upper)
}

/// The same for any count, in units of chance.
pub(crate) fn tail_of_count(unit: &PlacedUnit, count: f64, expected: f64, upper: bool) -> Option<f64> {
    if expected > EXACT_UP_TO {
        return None;
    }
    let trials = unit.d / unit.phi;
    match (unit.model, upper) {
        (ChanceModel::Poisson, true) => Some(poisson_at_least(count, expected)),
        (ChanceModel::Poisson, false) => Some(poisson_at_most(count, expected)),
        (ChanceModel::Binomial, true) => Some(binomial_at_least(count, trials, expected / trials)),
        (ChanceModel::Binomial, false) => Some(binomial_at_most(count, trials, expected / trials)),
        (ChanceModel::Normal, _) => None,
    }
}

/// The one of two z that is nearer to 0; 0 if they disagree in sign.
pub(crate) fn nearer_to_0(a: f64, b: f64) -> f64 {
    if a > 0.0 {
        return b.clamp(0.0, a);
    }
    b.clamp(a, 0.0)
}

fn with_few_facts(unit: &PlacedUnit, z: f64) -> f64 {
    let lowest = if unit.few_facts { -FEW_Z } else { f64::NEG_INFINITY };
    let highest = if unit.few_facts || unit.few_events { FEW_Z } else { f64::INFINITY };
    z.clamp(lowest, highest)
}

//! The search for a network's centre, the typical clinician's value, at a given spread.

use crate::statistics::count_tail::poisson_below;
use crate::statistics::falling_root::falling_root;
use crate::verdict::placed_unit::{ChanceModel, PlacedUnit, weight};

/// The logarithms between which a network's centre lies. `None` if no unit has an event.
///
/// A proportion is at most 1, and its centre too, unless the centre is a ratio to standardised expectations.
pub(crate) fn bracket(units: &[PlacedUnit]) -> Option<(f64, f64)> {
    let first = units.first()?;
    let most = units.iter().map(|unit| unit.n).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    if first.model == ChanceModel::Normal {
        let least = units.iter().map(|unit| unit.n / unit.base).filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        let most = units.iter().map(|unit| unit.n / unit.base).fold(0.0, f64::max);
        return Some((libm::log(least) - 1.0, libm::log(most)));
    }
    let total: f64 = units.iter().map(|unit| unit.base).sum();
    let highest = libm::log(units.iter().map(|unit| (unit.n + 1.0) / unit.base).fold(0.0, f64::max));
    let crude = units.iter().all(|unit| unit.base == unit.d);
    let most = if first.model == ChanceModel::Binomial && crude { highest.min(0.0) } else { highest };
    Some((-libm::log(2.0 * total), most))
}

/// Logarithm of the centre at which the weighted z of these units, each limited to `bound`, add up to 0.
///
/// A giant has at most the weight 1 / gamma, and pulls at most `bound` times that.
///
/// Source: Huber 1964, Ann Math Stat 35:73.
pub(crate) fn centre(units: &[PlacedUnit], gamma: f64, bound: f64, bracket: (f64, f64)) -> f64 {
    let Some(spread) = units.first().map(|unit| unit.spread(gamma)) else { return bracket.0 };
    let own: Vec<f64> = units.iter().map(|unit| libm::asinh(spread * unit.root)).collect();
    let pull = |x: f64| {
        let centre = libm::exp(x);
        let one = |(unit, own): (&PlacedUnit, &f64)| {
            let (root, expected) = unit.expectation(centre);
            let z = 2.0 / spread * (own - libm::asinh(spread * root));
            weight(expected, gamma) * z.clamp(-bound, bound)
        };
        units.iter().zip(&own).map(one).sum()
    };
    root_between(pull, bracket)
}

/// The same for networks in which most units expect few events: the centre at which the weighted mid-p of these counts add up to half.
///
/// The mid-p of a count is unbiased however rare it is. By the root, the centre would be 6 % too low at 1 expected event, and 28 % at
/// 0.2. Trials count as exposure, because they are rare.
pub(crate) fn rare_centre(units: &[PlacedUnit], gamma: f64, bracket: (f64, f64)) -> f64 {
    let pull = |x: f64| {
        let centre = libm::exp(x);
        let one = |unit: &PlacedUnit| {
            let expected = centre * unit.base / unit.phi;
            let count = unit.n / unit.phi;
            let middle = f64::midpoint(poisson_below(count, expected), poisson_below(count + 1.0, expected));
            weight(expected, gamma) * (middle - 0.5)
        };
        units.iter().map(one).sum()
    };
    root_between(pull, bracket)
}

/// Root of a falling function in the bracket, or the end that is nearer to it.
fn root_between(f: impl Fn(f64) -> f64, (low, high): (f64, f64)) -> f64 {
    let (at_low, at_high) = (f(low), f(high));
    if at_low <= 0.0 {
        return low;
    }
    if at_high > 0.0 {
        return high;
    }
    falling_root(f, (low, at_low), (high, at_high), 1.0)
}

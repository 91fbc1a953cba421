//! The search for the spread between clinicians at a given centre.

use crate::statistics::falling_root::falling_root;
use crate::verdict::constants::{LEAST_ESTIMATING, LEAST_GAMMA, MOST_GAMMA, UNKNOWN_GAMMA};
use crate::verdict::placed_unit::hyperbolic;

/// The roots `a` and `b` of the units that tell the spread.
pub(crate) struct SpreadSearch {
    /// Roots of the units, each with at least 3 expected events.
    pub roots: Vec<(f64, f64)>,
    /// 2 for means, whose scale doubles the spread; else 1.
    pub doubling: f64,
}

impl SpreadSearch {
    /// The coefficient of variation between clinicians at which the squared z, each limited to `bound`^2, have `mean_square` per degree of
    /// freedom. From 0 to 3.
    ///
    /// `caution` makes it larger where few units tell it, in place of a t distribution: with 1, by about two fifths for 20 units and by an
    /// eighth for 200. With fewer than ten units the answer is 0.35.
    ///
    /// Sources: Paule and Mandel 1982, J Res Natl Bur Standards 87:377 (the equation); Huber 1964, proposal 2 (the bound).
    pub(crate) fn gamma(&self, bound: f64, mean_square: f64, caution: f64) -> f64 {
        if self.roots.len() < LEAST_ESTIMATING {
            return UNKNOWN_GAMMA;
        }
        let units = self.roots.len() as f64;
        let wanted = mean_square * (units - 1.0) * (1.0 - caution / units.sqrt());
        let most = bound * bound;
        let excess = |gamma: f64| {
            let spread = self.doubling * gamma.max(LEAST_GAMMA);
            let square = |&(a, b): &(f64, f64)| {
                let z = hyperbolic(a, b, spread);
                (z * z).min(most)
            };
            self.roots.iter().map(square).sum::<f64>() - wanted
        };
        let (at_nothing, at_most) = (excess(0.0), excess(MOST_GAMMA));
        if at_nothing <= 0.0 {
            return 0.0;
        }
        if at_most > 0.0 {
            return MOST_GAMMA;
        }
        falling_root(excess, (0.0, at_nothing), (MOST_GAMMA, at_most), 1.0)
    }
}

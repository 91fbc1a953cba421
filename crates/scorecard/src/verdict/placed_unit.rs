//! A unit on the scale on which units of one measure are compared.
//!
//! All kinds become events of a base. Chance then has one variance whatever the value, and differences between clinicians are
//! log-normal around the typical clinician's value, the centre.
//!
//! Sources: Anscombe 1948, Biometrika 35:246 (the hyperbolic scale); Freeman and Tukey 1950 (the roots).

use crate::verdict::constants::LEAST_GAMMA;
use crate::verdict::root::{expected_angle, expected_count_root};

/// How chance acts on the events of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChanceModel {
    /// Events of an exposure without an upper end: rates and amounts.
    Poisson,
    /// Events of trials: proportions and shares.
    Binomial,
    /// A mean of facts.
    Normal,
}

/// One unit of a network, in units of chance.
///
/// With a centre it has a root `a`, the root `b` that is expected of it at the centre, and its expected events E. All three are divided
/// by the design effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedUnit {
    /// How chance acts.
    pub model: ChanceModel,
    /// Events of the counted side, 0 or more; of a mean its value.
    pub n: f64,
    /// Exposure or trials, above 0; of a mean its facts.
    pub d: f64,
    /// Events expected at a centre of 1, above 0: `d`, or the standardised expectation of the unit. A mean has the value expected
    /// there: 1, or the standardised expectation over `d`.
    pub base: f64,
    /// Design effect, 1 or more.
    pub phi: f64,
    /// Factor from the scale of its kind to roots in units of chance, above 0.
    ///
    /// 1 / sqrt(phi) for a count, and sqrt(d + 1/2) times that for an angle. 1 / (2 s) for a mean with the standard error s, which holds the
    /// design effect.
    pub root_unit: f64,
    /// The root `a`.
    pub root: f64,
    /// Whether events are whole, as those of a rate or a proportion are. Effective counts of shares and amounts are real.
    pub whole: bool,
    /// Whether the rarer numerator has fewer than 5 facts.
    pub few_events: bool,
    /// Whether a mean or an amount has fewer than 20 facts in its denominator.
    pub few_facts: bool,
}

impl PlacedUnit {
    /// The root `b` and the expected events E at this centre, which is above 0.
    #[must_use]
    pub fn expectation(&self, centre: f64) -> (f64, f64) {
        let expected = centre * self.base;
        match self.model {
            ChanceModel::Poisson => (expected_count_root(expected) * self.root_unit, expected / self.phi),
            ChanceModel::Binomial => {
                let root = expected_angle(expected.min(self.d), self.d) * self.root_unit;
                (root, root * root)
            }
            ChanceModel::Normal => {
                let root = expected * self.root_unit;
                (root, 4.0 * root * root)
            }
        }
    }

    /// Events expected by chance at this centre, in units of chance: the mean of the count whose tail is exact.
    #[must_use]
    pub fn expected_count(&self, centre: f64) -> f64 {
        let expected = centre * self.base;
        let most = if self.model == ChanceModel::Binomial { self.d } else { f64::INFINITY };
        expected.min(most) / self.phi
    }

    /// Spread between clinicians on this unit's scale of roots. The root of a mean is half of its value in standard errors, so that the
    /// same formulas hold with a doubled spread.
    #[must_use]
    pub fn spread(&self, gamma: f64) -> f64 {
        let gamma = gamma.max(LEAST_GAMMA);
        if self.model == ChanceModel::Normal { 2.0 * gamma } else { gamma }
    }

    /// Distance from the centre in standard deviations of chance and of the variation between clinicians.
    #[must_use]
    pub fn z_scale(&self, centre: f64, gamma: f64) -> f64 {
        hyperbolic(self.root, self.expectation(centre).0, self.spread(gamma))
    }

    /// Part of the unit's variance that belongs to the clinician and not to chance, 0 to 1.
    #[must_use]
    pub fn reliability(&self, centre: f64, gamma: f64) -> f64 {
        let between = gamma * gamma * self.expectation(centre).1;
        between / (1.0 + between)
    }
}

/// Distance of the roots `a` and `b` on the scale that has the variance 1 for counts of variance E + g^2 E^2:
/// (2 / g) (asinh(g a) - asinh(g b)).
///
/// It is 2 (a - b) as g approaches 0, and a difference of logarithms over g where chance is small.
#[must_use]
pub fn hyperbolic(a: f64, b: f64, g: f64) -> f64 {
    2.0 / g * (libm::asinh(g * a) - libm::asinh(g * b))
}

/// Weight of a unit with these expected events in the centre: the inverse of its standard deviation on the scale of logarithms. At most
/// 1 / gamma.
#[must_use]
pub fn weight(expected: f64, gamma: f64) -> f64 {
    (expected / (1.0 + gamma * gamma * expected)).sqrt()
}

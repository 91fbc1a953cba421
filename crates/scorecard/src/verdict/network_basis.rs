//! The facts about a network that turn the sums of any of its units into events of a base.

use crate::measure::kind::kinds::Kind;
use crate::verdict::constants::{LEAST_EVENTS, LEAST_FACTS};
use crate::verdict::median::median;
use crate::verdict::placed_unit::{ChanceModel, PlacedUnit};
use crate::verdict::root::{count_root, trial_root};
use crate::verdict::unit_sums::UnitSums;

/// Least facts of a unit whose own variance says how a mean varies.
const LEAST_FOR_VARIANCE: i64 = 10;

/// Facts that the typical variance of a network is worth, next to a unit's own. An own variance alone makes small units with few long
/// values look sure.
const PRIOR_FACTS: f64 = 20.0;

/// How the units of one network become events of a base. It is frozen with the network, so that later revisions of a unit are placed
/// on the same scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkBasis {
    /// Kind of the measure.
    pub kind: Kind,
    /// Design effect, 1 or more.
    pub phi: f64,
    /// Whether the others are counted, because more than half are events of the numerator: n becomes d - n, and z changes its sign.
    pub flipped: bool,
    /// Median of the units' sizes of an event, of an amount; else 0. The median, so that no single account sets it.
    pub event_size: f64,
    /// Median of own variance over squared value, of units of a mean with at least 10 facts; else 0.
    pub relative_variance: f64,
    /// Median value of a mean; else 0.
    pub typical: f64,
}

impl NetworkBasis {
    /// The basis of these units, each with a denominator above 0.
    #[must_use]
    pub fn of(kind: Kind, phi: f64, units: &[UnitSums]) -> NetworkBasis {
        let values = || units.iter().map(|unit| unit.n as f64 / unit.d as f64);
        let median_value = || median(&mut values().collect::<Vec<_>>()).unwrap_or(0.0);
        let mut basis = NetworkBasis { kind, phi, flipped: false, event_size: 0.0, relative_variance: 0.0, typical: 0.0 };
        match kind {
            Kind::Rate => {}
            Kind::Proportion | Kind::Share => basis.flipped = median_value() > 0.5,
            Kind::Amount => {
                let mut sizes: Vec<f64> = units.iter().filter_map(UnitSums::event_size).collect();
                basis.event_size = median(&mut sizes).unwrap_or(0.0);
            }
            Kind::Mean => {
                let mut ratios: Vec<f64> = units.iter().filter_map(relative_variance).collect();
                basis.relative_variance = median(&mut ratios).unwrap_or(0.0);
                basis.typical = median_value();
            }
        }
        basis
    }

    /// The unit with these sums. `expected` is the standardised expectation of its numerator at the network's rates, if there is one.
    ///
    /// `None` without a denominator or an expectation above 0, and where the sums do not determine chance: an amount of a network
    /// without events, or a mean without any variance.
    #[must_use]
    pub fn place(&self, own: &UnitSums, expected: Option<f64>) -> Option<PlacedUnit> {
        if own.d <= 0 || own.n < 0 || expected.is_some_and(|expected| expected <= 0.0) {
            return None;
        }
        match self.kind {
            Kind::Mean => self.mean(own, expected),
            Kind::Proportion | Kind::Share => Some(self.counted(own, expected, ChanceModel::Binomial, self.event_unit(own)?)),
            Kind::Rate | Kind::Amount => Some(self.counted(own, expected, ChanceModel::Poisson, self.event_unit(own)?)),
        }
    }

    /// Integer units of one event of a unit with these sums.
    ///
    /// 1 for counts, sum of x^2 / sum of x for a share, and the larger of the own and the median size for an amount. `None` for a mean, and
    /// if there is none above 0.
    #[must_use]
    pub fn event_unit(&self, own: &UnitSums) -> Option<f64> {
        let size = match self.kind {
            Kind::Rate | Kind::Proportion => 1.0,
            Kind::Share => own.d_squares as f64 / own.d as f64,
            Kind::Amount => own.event_size().unwrap_or(0.0).max(self.event_size),
            Kind::Mean => 0.0,
        };
        (size > 0.0).then_some(size)
    }

    /// Events of `size` integer units each.
    fn counted(&self, own: &UnitSums, expected: Option<f64>, model: ChanceModel, size: f64) -> PlacedUnit {
        let others = own.d - own.n;
        let (events, base) =
            if self.flipped { (others, expected.map(|expected| own.d as f64 - expected)) } else { (own.n, expected) };
        let (n, d) = (events as f64 / size, own.d as f64 / size);
        let root = if model == ChanceModel::Poisson { count_root(n) } else { trial_root(n, d) };
        PlacedUnit {
            model,
            n,
            d,
            base: base.map_or(d, |base| base / size),
            phi: self.phi,
            standard_error: 1.0,
            root: root / self.phi.sqrt(),
            whole: matches!(self.kind, Kind::Rate | Kind::Proportion),
            few_events: self.facts_of_events(own) < LEAST_EVENTS,
            few_facts: self.kind == Kind::Amount && own.facts_d < LEAST_FACTS,
        }
    }

    /// Facts of the counted side.
    ///
    /// A fact of a proportion may hold several trials, some of them events and some not. The others of such a proportion are as many
    /// facts as trials of the mean size make up. A fact of a share is on one side.
    fn facts_of_events(&self, own: &UnitSums) -> i64 {
        if !self.flipped {
            return own.facts_n;
        }
        let apart = own.facts_d - own.facts_n;
        if self.kind == Kind::Share {
            return apart;
        }
        let of_mean_size = i128::from(own.d - own.n) * i128::from(own.facts_d) / i128::from(own.d);
        i64::try_from(of_mean_size).map_or(apart, |facts| facts.max(apart))
    }

    /// A mean with the variance of its own facts and of 20 typical ones.
    fn mean(&self, own: &UnitSums, expected: Option<f64>) -> Option<PlacedUnit> {
        let d = own.d as f64;
        let (value, variance) = (own.n as f64 / d, self.mean_variance(own));
        let standard_error = variance.sqrt();
        (variance > 0.0).then(|| PlacedUnit {
            model: ChanceModel::Normal,
            n: value,
            d,
            base: expected.map_or(1.0, |expected| expected / d),
            phi: self.phi,
            standard_error,
            root: value / (2.0 * standard_error),
            whole: false,
            few_events: false,
            few_facts: own.facts_d < LEAST_FACTS,
        })
    }

    /// Squared standard error of a mean by chance: phi v / d, where v holds the own variance and 20 facts of typical variance. `own.d` is
    /// above 0.
    #[must_use]
    pub fn mean_variance(&self, own: &UnitSums) -> f64 {
        let d = own.d as f64;
        let typical = PRIOR_FACTS * self.relative_variance * self.typical * self.typical;
        let variance = (own.squared_differences() + typical) / (d + PRIOR_FACTS - 1.0);
        self.phi * variance / d
    }
}

/// Own variance over squared value. `None` for fewer than ten facts or a value of 0.
fn relative_variance(unit: &UnitSums) -> Option<f64> {
    let value = unit.n as f64 / unit.d as f64;
    (unit.d >= LEAST_FOR_VARIANCE && unit.n > 0).then(|| unit.squared_differences() / (unit.d - 1) as f64 / (value * value))
}

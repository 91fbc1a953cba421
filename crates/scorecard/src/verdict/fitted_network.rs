//! A network with its basis and its fit: all that its verdicts need, frozen together.

use crate::measure::kind::kinds::Kind;
use crate::verdict::constants::{LEAST_NETWORK, MOST_FITTED};
use crate::verdict::network_basis::NetworkBasis;
use crate::verdict::network_fit::NetworkFit;
use crate::verdict::placed_unit::PlacedUnit;
use crate::verdict::unit_sums::UnitSums;
use crate::verdict::z_score::ZScore;

/// A unit of a network: its sums, and the standardised expectation of its numerator if there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkUnit {
    /// Sums of its window.
    pub sums: UnitSums,
    /// Events expected of it at the network's rates, from [`crate::verdict::roll_up`] or [`crate::verdict::case_mix`].
    pub expected: Option<f64>,
}

/// A network whose units have verdicts.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedNetwork {
    /// How its units become events of a base.
    pub basis: NetworkBasis,
    /// Centre and spread. Indexes of units left out are those of the slice that was fitted.
    pub fit: NetworkFit,
}

impl FittedNetwork {
    /// The network of these units, in the order of the peer table, with the design effect `phi`.
    ///
    /// Units without a denominator, or whose sums do not determine chance, are outside the fit. `None` for fewer than 20 units inside it,
    /// and if none of them has an event of the rarer side.
    #[must_use]
    pub fn of(kind: Kind, phi: f64, units: &[NetworkUnit]) -> Option<FittedNetwork> {
        let chosen: Vec<usize> = (0..units.len()).filter(|index| units[*index].sums.d > 0).collect();
        let chosen: Vec<usize> = thinned(chosen.len()).map(|place| chosen[place]).collect();
        let sums: Vec<UnitSums> = chosen.iter().map(|index| units[*index].sums).collect();
        let basis = NetworkBasis::of(kind, phi, &sums);
        let place = |index: &usize| Some((*index, basis.place(&units[*index].sums, units[*index].expected)?));
        let (indexes, placed): (Vec<usize>, Vec<PlacedUnit>) = chosen.iter().filter_map(place).unzip();
        if placed.len() < LEAST_NETWORK {
            return None;
        }
        let mut fit = NetworkFit::of(&placed)?;
        fit.left_out = fit.left_out.into_iter().map(|place| indexes[place]).collect();
        Some(FittedNetwork { basis, fit })
    }

    /// The z of a unit of this network. `None` where the network is mixed or the unit has no place.
    #[must_use]
    pub fn z_score(&self, unit: &NetworkUnit) -> Option<ZScore> {
        if self.fit.mixed {
            return None;
        }
        let placed = self.basis.place(&unit.sums, unit.expected)?;
        Some(ZScore::of(&placed, self.fit.centre(), self.fit.verdict_gamma(), self.basis.flipped))
    }

    /// Part of a unit's variance that belongs to the clinician. `None` where too few units tell the spread, or the unit has no place.
    #[must_use]
    pub fn reliability(&self, unit: &NetworkUnit) -> Option<f64> {
        let placed = self.basis.place(&unit.sums, unit.expected)?;
        self.fit.tells_spread().then(|| placed.reliability(self.fit.centre(), self.fit.gamma))
    }
}

/// Places of the units that a fit reads, of so many in the order of the peer table: all of up to 2,000, else 2,000 evenly spaced ones.
pub fn thinned(units: usize) -> impl Iterator<Item = usize> {
    let fitted = units.min(MOST_FITTED);
    (0..fitted).map(move |k| if units == fitted { k } else { (2 * k + 1) * units / (2 * MOST_FITTED) })
}

//! The network of one role in one measure, ready for the cards of its units. Everything comes from the published digits of its figures,
//! so that a restored group gives the same bits.

use std::cmp::Ordering;

use crate::card::peer_snapshot::{GroupFigures, Standardisation};
use crate::card::scorecard::Comparator;
use crate::measure::measure_set::{Direction, Kind, Measure};
use crate::peer_group::disclosed_figures::{comparator, counted_typical};
use crate::peer_group::peer_network::PeerNetwork;
use crate::peer_group::size_limits::LEAST_FOR_QUARTILES;
use crate::peer_group::standardisation::{PartOfUnit, expectation, expectation_of_cells, rates_of};
use crate::peer_group::unit::{MONTHS, UnitMonth, UnitPart, cells_of, window_index, windows_of};
use crate::statistics::percentile::{percentile, quantile};
use crate::sums::measure_sums::MeasureSums;
use crate::sums::ratio::by_value;
use crate::verdict::case_mix::{CaseMixRates, CellSums};
use crate::verdict::change::season::Season;
use crate::verdict::constants::LEAST_NETWORK;
use crate::verdict::fitted_network::{FittedNetwork, NetworkUnit};
use crate::verdict::network_basis::NetworkBasis;
use crate::verdict::network_fit::NetworkFit;
use crate::verdict::unit_sums::UnitSums;

/// Why a unit with a value is compared with nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonObstacle {
    /// The practice is closed, or its setting is not compared.
    OutOfScope,
    /// The network has fewer than 20 members, or there is none.
    FewColleagues,
    /// All members have the same value.
    AllAlike,
    /// The facts of too many members, or those of the unit, are all of one size, so that chance is unknown.
    UnknownChance,
}

/// The network of one role, with its fit.
#[derive(Debug)]
pub struct Network<'a> {
    measure: &'a Measure,
    /// The group and its members.
    pub peers: &'a PeerNetwork,
    /// The group of single practices that a roll-up is standardised with.
    practices: Option<&'a PeerNetwork>,
    /// The rates of case-mix cells, if it is adjusted for age and sex.
    rates: Option<CaseMixRates>,
    /// The figures of the quarter's points.
    quarter: Option<GroupFigures>,
    /// The part that its cards show.
    pub comparator: Option<Comparator>,
    /// Basis and fit; `None` below 20 members, or without any event.
    pub fitted: Option<FittedNetwork>,
    /// Basis and fit of the quarter's points, at the design effect of now.
    pub of_quarter: Option<FittedNetwork>,
    /// The change of the whole network.
    pub season: Season,
    /// Median and best decile as ratios of integer units, if the measure estimates a saving.
    saving_targets: Option<(f64, f64)>,
}

impl<'a> Network<'a> {
    /// A network from its group, the quarter's figures, and the group of single practices for roll-ups.
    #[must_use]
    pub fn new(
        measure: &'a Measure,
        peers: &'a PeerNetwork,
        quarter: Option<&PeerNetwork>,
        practices: Option<&'a PeerNetwork>,
    ) -> Network<'a> {
        let kind = measure.definition.kind;
        let phi = peers.figures.phi;
        Network {
            measure,
            peers,
            practices,
            rates: rates_of(&peers.figures),
            quarter: quarter.map(|quarter| quarter.figures.clone()),
            comparator: comparator(measure, peers),
            fitted: fitted(kind, &peers.figures, phi),
            of_quarter: quarter.and_then(|quarter| fitted(kind, &quarter.figures, phi)),
            season: Season::of(&peers.figures.season),
            saving_targets: measure.definition.saving.and_then(|_| saving_targets(measure, peers)),
        }
    }

    /// The members' median and best decile as ratios of integer units. `None` if the measure estimates no saving, or below 20 members.
    #[must_use]
    pub fn saving_targets(&self) -> Option<(f64, f64)> {
        self.saving_targets
    }

    /// Basis and fit, if it is large enough for comparisons.
    #[must_use]
    pub fn compared(&self) -> Option<&FittedNetwork> {
        self.fitted.as_ref().filter(|_| self.is_large() || self.peers.figures.reference.is_some())
    }

    fn is_large(&self) -> bool {
        self.peers.size() >= LEAST_NETWORK
    }

    /// Why a unit of this network is compared with nobody.
    #[must_use]
    pub fn obstacle(&self) -> ComparisonObstacle {
        match self.peers.values.first().zip(self.peers.values.last()) {
            Some((first, last)) if self.is_large() => {
                if by_value(*first, *last) == Ordering::Equal {
                    ComparisonObstacle::AllAlike
                } else {
                    ComparisonObstacle::UnknownChance
                }
            }
            _ => ComparisonObstacle::FewColleagues,
        }
    }

    /// Design effect of its facts; without one, as if all parts of a fact were of one mind.
    #[must_use]
    pub fn phi(network: Option<&Network<'_>>, own: &MeasureSums) -> f64 {
        let known = network.and_then(|network| network.peers.figures.phi);
        known.unwrap_or_else(|| {
            let of_one_mind = if own.d > 0 { own.d_squares as f64 / own.d as f64 } else { 1.0 };
            crate::verdict::design_effect::clamped(of_one_mind)
        })
    }

    /// The standardised expectation of a unit's numerator in the headline window.
    #[must_use]
    pub fn expected(&self, index: usize, unit: &UnitMonth) -> Option<f64> {
        match self.peers.figures.standardisation {
            Standardisation::Crude => None,
            Standardisation::AgeSex => expectation_of_cells(self.rates.as_ref()?, &self.cells(index, unit)),
            Standardisation::Practices | Standardisation::PracticesAgeSex => {
                let window = window_index(self.measure.definition.window);
                let cells = |part: &UnitPart| self.is_adjusted().then(|| cells_of(&part.windows[window], index));
                let cells: Vec<Option<CellSums>> = unit.parts.iter().map(cells).collect();
                let parts = unit.parts.iter().zip(&cells).map(|(part, cells)| PartOfUnit {
                    practice: &part.practice,
                    d: part.windows[window].measures[index].d,
                    cells: cells.as_ref(),
                });
                expectation(self.measure, self.practices?, parts)
            }
        }
    }

    fn is_adjusted(&self) -> bool {
        self.measure.definition.is_adjusted()
    }

    /// A unit's sums by case-mix cell in the headline window.
    #[must_use]
    pub fn cells(&self, index: usize, unit: &UnitMonth) -> CellSums {
        cells_of(&unit.windows[window_index(self.measure.definition.window)], index)
    }

    /// The expected numerators of the year before the last 12 months and of these, by the rates of now. `None` for a crude comparison, and
    /// unless both years or neither can be adjusted.
    #[must_use]
    pub fn expected_years(&self, index: usize, unit: &UnitMonth) -> Option<[f64; 2]> {
        let rates = self.rates.as_ref()?;
        let years = [&unit.months[..MONTHS / 2], &unit.months[MONTHS / 2..]];
        let [before, now] = years.map(|year| cells_of(&windows_of(year)[2], index));
        let same = before.is_known() == now.is_known();
        let expected = |year: &CellSums| expectation_of_cells(rates, year);
        same.then(|| Some([expected(&before)?, expected(&now)?])).flatten()
    }

    /// The unit as the quarter's figures see it: with an expectation where these are standardised, by their own rates. `None` if they are
    /// standardised and nothing is known to expect.
    #[must_use]
    pub fn unit_of_quarter(&self, index: usize, unit: &UnitMonth, now: &NetworkUnit) -> Option<NetworkUnit> {
        let Some(quarter) = &self.quarter else { return Some(*now) };
        let expected = match quarter.standardisation {
            Standardisation::Crude => None,
            Standardisation::AgeSex => Some(expectation_of_cells(&rates_of(quarter)?, &self.cells(index, unit))?),
            Standardisation::Practices | Standardisation::PracticesAgeSex => Some(now.expected?),
        };
        Some(NetworkUnit { expected, ..*now })
    }

    /// The typical value of the quarter's network as a ratio of integer units of the counted side, where its centre is a ratio to
    /// expectations.
    #[must_use]
    pub fn typical_of_quarter(&self) -> Option<f64> {
        counted_typical(self.quarter.as_ref().filter(|quarter| quarter.practice_centre.is_some())?)
    }

    /// A unit of this network.
    #[must_use]
    pub fn unit(&self, index: usize, unit: &UnitMonth) -> NetworkUnit {
        let own = &unit.windows[window_index(self.measure.definition.window)].measures[index];
        NetworkUnit { sums: UnitSums::from(own), expected: self.expected(index, unit) }
    }

    /// Percentage of members with a lower value; of roll-ups, with a lower ratio to their expectation. `None` below 20 members.
    #[must_use]
    pub fn percentile(&self, unit: &NetworkUnit) -> Option<f64> {
        if !self.is_large() {
            return None;
        }
        percentile(&self.peers.values, crate::peer_group::network_builder::ranked_ratio(unit))
    }
}

/// Basis and fit from the published digits.
fn fitted(kind: Kind, figures: &GroupFigures, phi: Option<f64>) -> Option<FittedNetwork> {
    let centre = figures.centre.filter(|centre| *centre > 0.0)?;
    let basis = NetworkBasis {
        kind,
        phi: phi?,
        flipped: figures.flipped,
        event_size: figures.event_size.unwrap_or(0.0),
        relative_variance: figures.relative_variance.unwrap_or(0.0),
        typical: figures.typical_mean.unwrap_or(0.0),
    };
    let fit = NetworkFit {
        ln_centre: libm::log(centre),
        gamma_cautious: figures.gamma_cautious?,
        gamma: figures.gamma.unwrap_or(0.0),
        estimating: figures.estimating as usize,
        left_out: Vec::new(),
        passes: 0,
        rare: figures.rare,
        mixed: figures.mixed,
    };
    Some(FittedNetwork { basis, fit })
}

fn saving_targets(measure: &Measure, peers: &PeerNetwork) -> Option<(f64, f64)> {
    if peers.size() < LEAST_FOR_QUARTILES {
        return None;
    }
    let best = if measure.definition.direction == Direction::High { 90 } else { 10 };
    let scale = peers.value_scale();
    quantile(&peers.values, 50).map(|q| q * scale).zip(quantile(&peers.values, best).map(|q| q * scale))
}

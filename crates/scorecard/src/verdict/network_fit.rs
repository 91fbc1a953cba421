//! The fit of a network: the typical clinician's value and the spread between clinicians, which neither a giant account nor a fifth of
//! the network can move.
//!
//! Sources:
//! * Huber 1964, Ann Math Stat 35:73 (bounded pull).
//! * Paule and Mandel 1982, J Res Natl Bur Standards 87:377 (the spread).
//! * Rousseeuw and Leroy 1987, Robust Regression and Outlier Detection (a start that half of the units cannot break, then reweighting).

use crate::verdict::centre_search::{bracket, centre, rare_centre};
use crate::verdict::constants::{
    CUT, FIRST_BOUND, FIRST_MEAN_SQUARE, FLOOR, LATER_BOUND, LATER_MEAN_SQUARE, LEAST_ESTIMATING, LEAST_EXPECTED,
};
use crate::verdict::placed_unit::{ChanceModel, PlacedUnit};
use crate::verdict::spread_search::SpreadSearch;

/// Spread from which the search starts.
const START_GAMMA: f64 = 0.2;

/// Most passes of a fit.
const MOST_PASSES: u32 = 6;

/// Caution of later passes and of the published cautious spread.
const CAUTION: f64 = 1.0;

/// Bound, mean square, rounds and caution of one pass.
#[derive(Clone, Copy, Debug)]
struct Pass {
    bound: f64,
    mean_square: f64,
    rounds: u32,
    caution: f64,
}

const FIRST: Pass = Pass { bound: FIRST_BOUND, mean_square: FIRST_MEAN_SQUARE, rounds: 4, caution: 0.0 };
const LATER: Pass = Pass { bound: LATER_BOUND, mean_square: LATER_MEAN_SQUARE, rounds: 3, caution: CAUTION };

/// Centre and spread of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkFit {
    /// Logarithm of the centre, the median clinician's value; about 0 if units have standardised expectations.
    pub ln_centre: f64,
    /// Coefficient of variation between clinicians, larger where few units tell it. Verdicts use this one.
    pub gamma_cautious: f64,
    /// The same without caution. Reliability, points and shrunk values use this one.
    pub gamma: f64,
    /// Units that show the spread: inside the fit, with at least 3 expected events.
    pub estimating: usize,
    /// Indexes of the units outside the last fit, ascending.
    pub left_out: Vec<usize>,
    /// Passes of the fit, 2 to 6.
    pub passes: u32,
    /// Whether fewer than half of the units expect 3 events, so that mid-p found the centre.
    pub rare: bool,
    /// Whether more than a third of the units are far out: they are not one kind of colleagues, and nobody gets a verdict or points.
    pub mixed: bool,
}

impl NetworkFit {
    /// The fit of these units, in the order of the peer table. `None` without units or without any event.
    #[must_use]
    pub fn of(units: &[PlacedUnit]) -> Option<NetworkFit> {
        let mut search = FitSearch::new(units, bracket(units)?);
        search.run();
        Some(search.finish())
    }

    /// The centre.
    #[must_use]
    pub fn centre(&self) -> f64 {
        libm::exp(self.ln_centre)
    }

    /// The spread that verdicts assume: the cautious one, at least 0.1.
    #[must_use]
    pub fn verdict_gamma(&self) -> f64 {
        self.gamma_cautious.max(FLOOR)
    }

    /// Whether enough units tell the spread. If not, it is assumed to be 0.35, and neither reliability nor points are published.
    #[must_use]
    pub fn tells_spread(&self) -> bool {
        self.estimating >= LEAST_ESTIMATING
    }
}

/// A fit in progress.
struct FitSearch<'a> {
    units: &'a [PlacedUnit],
    bracket: (f64, f64),
    keep: Vec<bool>,
    kept: Vec<PlacedUnit>,
    ln_centre: f64,
    gamma: f64,
    passes: u32,
}

impl FitSearch<'_> {
    fn new(units: &[PlacedUnit], bracket: (f64, f64)) -> FitSearch<'_> {
        let keep = vec![true; units.len()];
        FitSearch { units, bracket, keep, kept: units.to_vec(), ln_centre: 0.0, gamma: START_GAMMA, passes: 0 }
    }

    fn run(&mut self) {
        loop {
            self.pass(if self.passes == 0 { FIRST } else { LATER });
            self.passes += 1;
            let keep = self.next_keep();
            let settled = self.passes > 1 && keep == self.keep;
            if settled || self.passes == MOST_PASSES {
                return;
            }
            self.kept = self.units.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(unit, _)| *unit).collect();
            self.keep = keep;
        }
    }

    fn pass(&mut self, pass: Pass) {
        for _ in 0..pass.rounds {
            self.ln_centre = centre(&self.kept, self.gamma.max(FLOOR), pass.bound, self.bracket);
            self.gamma = self.spread_search().gamma(pass.bound, pass.mean_square, pass.caution);
        }
    }

    /// The kept units with at least 3 expected events at the current centre.
    fn spread_search(&self) -> SpreadSearch {
        let centre = libm::exp(self.ln_centre);
        let roots = self.kept.iter().map(|unit| (unit.root, unit.expectation(centre)));
        let roots = roots.filter(|(_, (_, expected))| *expected >= LEAST_EXPECTED).map(|(a, (b, _))| (a, b)).collect();
        let mean = self.units.first().is_some_and(|unit| unit.model == ChanceModel::Normal);
        SpreadSearch { roots, doubling: if mean { 2.0 } else { 1.0 } }
    }

    /// Sizes of z of all units at the current centre and spread.
    fn sizes(&self) -> Vec<f64> {
        let centre = libm::exp(self.ln_centre);
        self.units.iter().map(|unit| unit.z_scale(centre, self.gamma.max(FLOOR)).abs()).collect()
    }

    /// The units that the next pass keeps: those within the cut, or the least extreme three quarters if more would leave.
    fn next_keep(&self) -> Vec<bool> {
        let sizes = self.sizes();
        let keep: Vec<bool> = sizes.iter().map(|size| *size <= CUT).collect();
        let leaving = keep.iter().filter(|keep| !**keep).count();
        if 4 * leaving <= sizes.len() { keep } else { least_extreme(&sizes) }
    }

    fn finish(mut self) -> NetworkFit {
        let rare = self.is_rare();
        if rare {
            self.ln_centre = rare_centre(&self.kept, self.gamma.max(FLOOR), self.bracket);
        }
        let search = self.spread_search();
        if rare {
            self.gamma = search.gamma(LATER.bound, LATER.mean_square, CAUTION);
        }
        let far = self.sizes().iter().filter(|size| **size > CUT).count();
        NetworkFit {
            ln_centre: self.ln_centre,
            gamma_cautious: self.gamma,
            gamma: search.gamma(LATER.bound, LATER.mean_square, 0.0),
            estimating: search.roots.len(),
            left_out: (0..self.units.len()).filter(|index| !self.keep[*index]).collect(),
            passes: self.passes,
            rare,
            mixed: 3 * far > self.units.len(),
        }
    }

    /// Whether fewer than half of all units expect 3 events.
    fn is_rare(&self) -> bool {
        let centre = libm::exp(self.ln_centre);
        let counted = self.units.iter().filter(|unit| unit.model != ChanceModel::Normal);
        let rare = counted.filter(|unit| unit.expectation(centre).1 < LEAST_EXPECTED).count();
        2 * rare > self.units.len()
    }
}

/// Three quarters of the units, rounded up: those with the smallest sizes, ties by order.
fn least_extreme(sizes: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|a, b| sizes[*a].total_cmp(&sizes[*b]));
    let mut keep = vec![false; sizes.len()];
    for index in order.into_iter().take((3 * sizes.len()).div_ceil(4)) {
        keep[index] = true;
    }
    keep
}

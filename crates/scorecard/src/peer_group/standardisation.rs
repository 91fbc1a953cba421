//! The expected numerators of a standardised group: from its practices, from age and sex of the patients, or from both.

use crate::card::peer_snapshot::{CellRate, GroupFigures, Level, PlaceSums, Standardisation};
use crate::card::round::published;
use crate::measure::measure_set::{Kind, Measure};
use crate::peer_group::disclosed_figures::typical_ratio;
use crate::peer_group::peer_network::{MILLIONTHS, PeerNetwork};
use crate::peer_group::size_limits::LEAST_FOR_QUARTILES;
use crate::verdict::case_mix::{CaseMixRates, CellSums, EventCount};
use crate::verdict::median::median;
use crate::verdict::network_basis::NetworkBasis;
use crate::verdict::roll_up::{AdjustedPart, PracticePart, RollUpPrior, adjusted_numerator, expected_numerator};
use crate::verdict::unit_sums::UnitSums;

/// The work of a roll-up's person in one practice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartOfUnit<'a> {
    pub practice: &'a str,
    pub d: i64,
    /// Sums by case-mix cell, of a measure with `adjust`.
    pub cells: Option<&'a CellSums>,
}

/// The rates of the case-mix cells of these units, with the digits that figures publish.
///
/// `None` for fewer than 20 units, where less than 80 % of the denominator is of known cells, and without any event.
pub(crate) fn case_mix_rates(kind: Kind, units: &[(UnitSums, &CellSums)]) -> Option<CaseMixRates> {
    if units.len() < LEAST_FOR_QUARTILES {
        return None;
    }
    let sums: Vec<UnitSums> = units.iter().map(|(sums, _)| *sums).collect();
    let cells: Vec<CellSums> = units.iter().map(|(_, cells)| (*cells).clone()).collect();
    let basis = NetworkBasis::of(kind, 1.0, &sums);
    let events = match kind {
        Kind::Rate | Kind::Proportion => EventCount::Numerator(1.0),
        Kind::Mean => EventCount::Denominator,
        Kind::Share | Kind::Amount => {
            let mut sizes: Vec<f64> = sums.iter().filter_map(|own| basis.event_unit(own)).collect();
            EventCount::Numerator(median(&mut sizes)?)
        }
    };
    let rates = CaseMixRates::of(&cells, events, basis.flipped)?;
    Some(CaseMixRates { cells: rates.cells.map(|rate| published(rate).unwrap_or(0.0)), all: published(rates.all)? })
}

/// These rates as figures of a group.
pub(crate) fn with_rates(rates: &CaseMixRates, figures: GroupFigures) -> GroupFigures {
    let cells = (0..).zip(rates.cells).map(|(cell, rate)| CellRate { cell, rate }).collect();
    GroupFigures { standardisation: Standardisation::AgeSex, practice_centre: Some(rates.all), cells, ..figures }
}

/// The rates of the case-mix cells of a group; `None` if it is not adjusted for age and sex.
pub(crate) fn rates_of(figures: &GroupFigures) -> Option<CaseMixRates> {
    let all = figures.practice_centre.filter(|_| figures.standardisation == Standardisation::AgeSex)?;
    let rate = |cell: usize| figures.cells.iter().find(|rate| usize::from(rate.cell) == cell).map_or(all, |rate| rate.rate);
    Some(CaseMixRates { cells: std::array::from_fn(rate), all })
}

/// The expected numerator of a unit with these sums by case-mix cell. `None` if it is 0 in its digits.
pub(crate) fn expectation_of_cells(rates: &CaseMixRates, cells: &CellSums) -> Option<f64> {
    in_millionths(rates.expected(cells))
}

/// The expected numerator of a person with this work by practice. `None` without a fitted group of single practices.
pub(crate) fn expectation<'p>(
    measure: &Measure,
    practices: &PeerNetwork,
    parts: impl Iterator<Item = PartOfUnit<'p>>,
) -> Option<f64> {
    // Sums of the practices of a small network would show single colleagues.
    let known = practices.figures.reference.is_none();
    let centre =
        typical_ratio(practices).filter(|centre| known && *centre > 0.0 && (*centre < 1.0 || !practices.figures.flipped))?;
    let parts: Vec<PartOfUnit<'_>> = parts.collect();
    let prior = RollUpPrior { kind: measure.definition.kind, centre, flipped: practices.figures.flipped };
    let crude = |part: &PartOfUnit<'_>| crude_part(practices.place(Level::Practice, part.practice), part.d);
    let expected = match rates_of(&practices.figures) {
        None => expected_numerator(prior, &parts.iter().map(crude).collect::<Vec<_>>()),
        Some(rates) => {
            let is_known = is_known(&parts);
            let adjusted = |part: &PartOfUnit<'_>| adjusted_part(practices, &rates, part, is_known);
            adjusted_numerator(prior, &parts.iter().map(adjusted).collect::<Vec<_>>())
        }
    };
    in_millionths(expected)
}

/// Whether enough of the denominator of all parts together is of known cells.
fn is_known(parts: &[PartOfUnit<'_>]) -> bool {
    let mut cells = parts.iter().filter_map(|part| part.cells);
    let Some(mut total) = cells.next().cloned() else { return false };
    cells.for_each(|part| total.add(part));
    total.is_known()
}

fn crude_part(practice: Option<&PlaceSums>, d: i64) -> PracticePart {
    PracticePart {
        d,
        practice_n: practice.map_or(0, |sums| sums.n),
        practice_d: practice.map_or(0, |sums| sums.d),
        practice_facts: practice.map_or(0, |sums| sums.facts),
    }
}

fn adjusted_part(practices: &PeerNetwork, rates: &CaseMixRates, part: &PartOfUnit<'_>, is_known: bool) -> AdjustedPart {
    let (figures, practice) = (&practices.figures, practices.place(Level::Practice, part.practice));
    let crude = crude_part(practice, part.d);
    let own = part.cells.map_or(rates.all * part.d as f64, |cells| rates.expected_of(cells, is_known));
    let of_practice = practice.and_then(|sums| sums.expected).map_or(0.0, |millionths| millionths as f64 / MILLIONTHS);
    AdjustedPart {
        crude,
        typical: typical_numerator(figures, part.d, own),
        practice_typical: typical_numerator(figures, crude.practice_d, of_practice),
    }
}

/// The numerator of the typical colleague of a group, where the group's rates expect this one.
fn typical_numerator(figures: &GroupFigures, d: i64, expected: f64) -> f64 {
    let centre = figures.centre.unwrap_or(1.0);
    if figures.flipped { d as f64 - centre * (d as f64 - expected) } else { centre * expected }
}

/// The digits that a rank of standardised units sees.
fn in_millionths(expected: f64) -> Option<f64> {
    Some((expected * MILLIONTHS).round() / MILLIONTHS).filter(|expected| *expected > 0.0)
}

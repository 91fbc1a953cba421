//! Forms the group of one measure among the units of one role: ranks them, fits them, and sums their months and places.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::card::peer_snapshot::{GroupFigures, Level, PlaceSums, Standardisation};
use crate::card::public_group::PeerKey;
use crate::card::round::published;
use crate::measure::measure_set::{Kind, Measure};
use crate::measure::reference_network::ReferenceGroup;
use crate::peer_group::disclosed_figures::typical_ratio;
use crate::peer_group::peer_member::{PeerMember, role_of_parts};
use crate::peer_group::peer_network::{MILLIONTHS, PeerNetwork, no_figures};
use crate::peer_group::reference_figures::applied;
use crate::peer_group::size_limits::LEAST_FOR_QUARTILES;
use crate::peer_group::standardisation::{PartOfUnit, case_mix_rates, expectation, expectation_of_cells, with_rates};
use crate::peer_group::unit::MONTHS;
use crate::statistics::percentile::rank;
use crate::sums::measure_sums::MeasureSums;
use crate::sums::ratio::Ratio;
use crate::time::calendar::{Month, Timestamp};
use crate::verdict::case_mix::CaseMixRates;
use crate::verdict::change::unlike_units::unlike_units;
use crate::verdict::design_effect::design_effect;
use crate::verdict::fitted_network::{FittedNetwork, NetworkUnit};
use crate::verdict::month_dispersion::MonthDispersion;
use crate::verdict::network_basis::NetworkBasis;
use crate::verdict::placed_unit::ChanceModel;
use crate::verdict::sign_dispersion::{SIGNS, SignDispersion, UnitSigns};
use crate::verdict::unit_sums::UnitSums;

/// A member and its unit.
type RankedMember<'m> = (&'m PeerMember, NetworkUnit);

/// One measure among the units of one role.
pub(crate) struct NetworkBuilder<'a> {
    pub measure: &'a Measure,
    /// Index of the measure in its set.
    pub index: usize,
    pub role: &'a Arc<str>,
    pub month: Month,
    pub as_of: Timestamp,
    /// The network of the same role elsewhere, for a group that is too small for a fit of its own, and its name.
    pub reference: Option<(&'a ReferenceGroup, &'a Arc<str>)>,
    /// The group of single practices that roll-ups are standardised with.
    pub practices: Option<&'a PeerNetwork>,
}

impl NetworkBuilder<'_> {
    /// The group of these units, which are in order of their keys. `None` if none has a value.
    pub(crate) fn network(&self, members: &[PeerMember]) -> Option<PeerNetwork> {
        let valued: Vec<&PeerMember> = members.iter().filter(|member| self.sums(member).d > 0).collect();
        let rates = self.rates(&valued);
        let units: Vec<NetworkUnit> = valued.iter().map(|member| self.unit(member, rates.as_ref())).collect();
        // All of them, or none: a crude value and a ratio to an expectation have no common order.
        let standardised = units.iter().all(|unit| unit.expected.is_some());
        let rates = rates.filter(|_| standardised);
        let expected = |unit: &NetworkUnit| NetworkUnit { expected: unit.expected.filter(|_| standardised), ..*unit };
        let units: Vec<NetworkUnit> = units.iter().map(expected).collect();
        let order = rank(units.iter().map(ranked_ratio));
        let ranked: Vec<RankedMember<'_>> =
            order.into_iter().map(|place| (valued[place as usize], units[place as usize])).collect();
        if ranked.is_empty() {
            return None;
        }
        let key = PeerKey {
            measure: self.measure.name().into(),
            window: self.measure.definition.window,
            role: self.role.clone(),
            month: self.month,
        };
        let values = ranked.iter().map(|(_, unit)| ranked_ratio(unit)).collect();
        let figures = self.figures(&ranked, rates.as_ref());
        Some(PeerNetwork::new(key, self.as_of, figures, self.places(&valued, rates.as_ref()), values))
    }

    /// The rates of case-mix cells of single practices, of a measure with `adjust`.
    fn rates(&self, valued: &[&PeerMember]) -> Option<CaseMixRates> {
        if !self.measure.definition.is_adjusted() || role_of_parts(self.role).is_some() {
            return None;
        }
        let units = valued.iter().filter_map(|member| Some((UnitSums::from(self.sums(member)), member.cells.get(&self.index)?)));
        case_mix_rates(self.measure.definition.kind, &units.collect::<Vec<_>>())
    }

    fn sums<'m>(&self, member: &'m PeerMember) -> &'m MeasureSums {
        &member.sums[self.index]
    }

    fn months<'m>(&self, member: &'m PeerMember) -> &'m [Ratio] {
        &member.months[self.index * MONTHS..][..MONTHS]
    }

    fn figures(&self, ranked: &[RankedMember<'_>], rates: Option<&CaseMixRates>) -> GroupFigures {
        let total =
            |field: fn(&MeasureSums) -> i64| ranked.iter().map(|(member, _)| i128::from(field(self.sums(member)))).sum::<i128>();
        let figures = GroupFigures {
            members: u32::try_from(ranked.len()).unwrap_or(u32::MAX),
            numerator: saturated(total(|sums| sums.n)),
            denominator: saturated(total(|sums| sums.d)),
            ..no_figures()
        };
        let figures = self.with_standardisation(figures, ranked, rates);
        let figures = self.with_prices(figures, total);
        if ranked.len() < LEAST_FOR_QUARTILES {
            return match self.reference {
                Some((group, name)) => applied(group, name, figures),
                None => figures,
            };
        }
        self.with_fit(figures, ranked)
    }

    /// The substitutes of the denominators of the members, for a group of any size.
    fn with_standardisation(
        &self,
        figures: GroupFigures,
        ranked: &[RankedMember<'_>],
        rates: Option<&CaseMixRates>,
    ) -> GroupFigures {
        if let Some(rates) = rates {
            return with_rates(rates, figures);
        }
        if ranked.iter().all(|(_, unit)| unit.expected.is_none()) {
            return figures;
        }
        let practice_centre = self.practices.and_then(typical_ratio).and_then(published);
        let patients = self.practices.is_some_and(|practices| practices.figures.standardisation == Standardisation::AgeSex);
        let standardisation = if patients { Standardisation::PracticesAgeSex } else { Standardisation::Practices };
        GroupFigures { standardisation, practice_centre, ..figures }
    }

    /// Prices of one unit of quantity over all members, if the measure estimates a saving.
    fn with_prices(&self, figures: GroupFigures, total: impl Fn(fn(&MeasureSums) -> i64) -> i128) -> GroupFigures {
        if self.measure.definition.saving.is_none() {
            return figures;
        }
        let (n_cost, n_quantity) = (total(|sums| sums.n_cost_pence), total(|sums| sums.n_quantity_milli));
        let (d_cost, d_quantity) = (total(|sums| sums.d_cost_pence), total(|sums| sums.d_quantity_milli));
        GroupFigures {
            numerator_price_pence: price(n_cost, n_quantity),
            other_price_pence: price(d_cost - n_cost, d_quantity - n_quantity),
            ..figures
        }
    }

    fn with_fit(&self, figures: GroupFigures, ranked: &[RankedMember<'_>]) -> GroupFigures {
        let units: Vec<NetworkUnit> = ranked.iter().map(|(_, unit)| *unit).collect();
        let phi = self.design_effect(ranked, &units);
        let Some(FittedNetwork { basis, fit }) = FittedNetwork::of(self.measure.definition.kind, phi, &units) else {
            return GroupFigures { phi: published(phi), ..figures };
        };
        let of_kind = |kind: Kind, value: f64| published(value).filter(|_| basis.kind == kind);
        GroupFigures {
            centre: published(fit.centre()),
            gamma_cautious: published(fit.gamma_cautious),
            gamma: published(fit.gamma).filter(|_| fit.tells_spread()),
            phi: published(phi),
            mixed: fit.mixed,
            flipped: basis.flipped,
            rare: fit.rare,
            estimating: u32::try_from(fit.estimating).unwrap_or(u32::MAX),
            left_out: u32::try_from(fit.left_out.len()).unwrap_or(u32::MAX),
            event_size: of_kind(Kind::Amount, basis.event_size),
            relative_variance: of_kind(Kind::Mean, basis.relative_variance),
            typical_mean: of_kind(Kind::Mean, basis.typical),
            season: self.season(ranked, &basis, &fit.left_out),
            ..figures
        }
    }

    /// A unit with its standardised expectation: of a roll-up, or at the rates of its patients' cells.
    fn unit(&self, member: &PeerMember, rates: Option<&CaseMixRates>) -> NetworkUnit {
        let parts = member.parts.iter().map(|part| PartOfUnit {
            practice: &part.practice,
            d: part.denominators[self.index],
            cells: part.cells.get(&self.index),
        });
        let expected = match rates {
            Some(rates) => self.expected_of_cells(member, rates),
            None => self.practices.and_then(|practices| expectation(self.measure, practices, parts)),
        };
        NetworkUnit { sums: UnitSums::from(self.sums(member)), expected }
    }

    fn expected_of_cells(&self, member: &PeerMember, rates: &CaseMixRates) -> Option<f64> {
        expectation_of_cells(rates, member.cells.get(&self.index)?)
    }

    fn signs(&self, member: &PeerMember) -> UnitSigns {
        let [numerator, denominator] = member.signs[self.index].map(|side| side.0.map(i128::from));
        UnitSigns { sums: UnitSums::from(self.sums(member)), numerator, denominator }
    }

    fn design_effect(&self, ranked: &[RankedMember<'_>], units: &[NetworkUnit]) -> f64 {
        let kind = self.measure.definition.kind;
        let window = usize::from(self.measure.definition.window);
        let model = match kind {
            Kind::Rate => Some(ChanceModel::Poisson),
            Kind::Proportion => Some(ChanceModel::Binomial),
            Kind::Mean | Kind::Share | Kind::Amount => None,
        };
        let months: Vec<&[Ratio]> = ranked.iter().map(|(member, _)| &self.months(member)[MONTHS - window..]).collect();
        let dispersion = model.and_then(|model| MonthDispersion::of(model, &months));
        let signed: Vec<UnitSigns> = ranked.iter().map(|(member, _)| self.signs(member)).collect();
        // Rows of events without signs have none: their zeros say nothing.
        let known = signed.iter().any(|unit| unit.denominator != [0; SIGNS]);
        let signs = known.then(|| SignDispersion::of(kind, &signed)).flatten();
        design_effect(kind, signs, dispersion, units.iter().map(|unit| unit.sums))
    }

    /// The sums of each month over the units that the fit kept and that changed as the others did; none below 20 of them.
    fn season(&self, ranked: &[RankedMember<'_>], basis: &NetworkBasis, left_out: &[usize]) -> Vec<Ratio> {
        let months: Vec<(UnitSums, &[Ratio])> = ranked.iter().map(|(member, unit)| (unit.sums, self.months(member))).collect();
        let unlike = unlike_units(basis, &months);
        let kept = || {
            let all = ranked.iter().enumerate();
            all.filter(|(place, _)| left_out.binary_search(place).is_err() && !unlike.contains(place))
        };
        if kept().count() < LEAST_FOR_QUARTILES {
            return Vec::new();
        }
        let sum = |month: usize, side: fn(Ratio) -> i64| {
            saturated(kept().map(|(_, (member, _))| i128::from(side(self.months(member)[month]))).sum())
        };
        (0..MONTHS).map(|month| (sum(month, |ratio| ratio.0), sum(month, |ratio| ratio.1))).collect()
    }

    /// Sums of all units of a place, in order of level and code.
    fn places(&self, valued: &[&PeerMember], rates: Option<&CaseMixRates>) -> Vec<PlaceSums> {
        let mut places: BTreeMap<(Level, Arc<str>), PlaceSums> = BTreeMap::new();
        for member in valued {
            let sums = self.sums(member);
            let expected = rates.and_then(|rates| self.expected_of_cells(member, rates)).map(millionths);
            for (level, code) in &member.places {
                let (level, code) = (*level, code.clone());
                let empty = || PlaceSums { level, code: code.clone(), members: 0, facts: 0, n: 0, d: 0, expected: None };
                let place = places.entry((level, code.clone())).or_insert_with(empty);
                place.members += 1;
                place.facts = place.facts.saturating_add(sums.facts_d);
                place.n = place.n.saturating_add(sums.n);
                place.d = place.d.saturating_add(sums.d);
                place.expected = place.expected.or(expected.map(|_| 0)).map(|sum| sum.saturating_add(expected.unwrap_or(0)));
            }
        }
        places.into_values().collect()
    }
}

/// The ratio by which a unit is ranked: its value, or its numerator over its expectation in millionths.
#[must_use]
pub(crate) fn ranked_ratio(unit: &NetworkUnit) -> Ratio {
    (unit.sums.n, unit.expected.map_or(unit.sums.d, |expected| millionths(expected).max(1)))
}

#[expect(clippy::cast_possible_truncation, reason = "an expectation is of the size of a numerator")]
fn millionths(expected: f64) -> i64 {
    (expected * MILLIONTHS).round() as i64
}

fn price(cost_pence: i128, quantity_milli: i128) -> Option<f64> {
    if quantity_milli == 0 { None } else { published(1000.0 * cost_pence as f64 / quantity_milli as f64) }
}

/// A sum at most as large as 64 bits. No month reaches that bound.
fn saturated(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}

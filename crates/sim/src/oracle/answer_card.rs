//! The content of one revision: the numbers that a published card must show. Verdicts, change and points are judged by another oracle:
//! `crates/scorecard/reference`.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::calendar::Month;
use crate::oracle::colleagues::{Group, Groups, LEAST, LEAST_NETWORK, Member, adjusted_member, headline, suppressed};
use crate::oracle::measure_file::{Measure, real};
use crate::oracle::registry::{SubjectRole, Unit};
use crate::oracle::sendings::MissingData;
use crate::oracle::sums::{
    D, ENCOUNTERS, FACTS_D, FACTS_N, ITEMS, MINUTES, N, NOSHOW_PLANNED, PCA, RESPONSES, UNKNOWN, UNKNOWN_FACTS, UNMAPPED,
    WITHOUT_COST, WITHOUT_QUANTITY,
};
use crate::oracle::unit_months::{UnitMonth, WINDOWS};

/// A clinician's work in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Months of the window: 1, 3 or 12.
    pub window: i32,
    /// Attended encounters.
    pub encounters: i128,
    /// Minutes of these encounters.
    pub minutes: i128,
    /// Items prescribed.
    pub items: i128,
    /// Feedback responses.
    pub responses: i128,
}

/// The colleagues of a unit, from 10 members on. Reals are not rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct OracleComparison {
    /// Members.
    pub size: usize,
    /// Lower quartile, median and upper quartile of their values, in the measure's unit.
    pub quartiles: [f64; 3],
    /// Percentile of the unit.
    pub percentile: f64,
}

/// One measure in its headline window. Reals are not rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureAnswer {
    /// The id.
    pub id: String,
    /// Months of the headline window.
    pub window: i32,
    /// Months of it in which the unit has a fact.
    pub held: usize,
    /// Numerator in its integer units.
    pub n: i128,
    /// Denominator in its integer units.
    pub d: i128,
    /// Facts in the numerator.
    pub facts_n: i128,
    /// Facts in the denominator.
    pub facts_d: i128,
    /// Facts that the measure leaves out because the patient is adjusted.
    pub pca: i128,
    /// Facts that lack a value that the measure needs.
    pub unknown: i128,
    /// Numerator and denominator of each of the 24 months, oldest first.
    pub months: Vec<(i128, i128)>,
    /// The reason for a missing value, in the words of the card.
    pub suppressed: Option<&'static str>,
    /// Value in the measure's unit.
    pub value: Option<f64>,
    /// The colleagues.
    pub peers: Option<OracleComparison>,
    /// Saving at the network's median and at its best decile in pence; from 20 members on.
    pub saving: Option<[f64; 2]>,
    /// The adjustment for age and sex, of a measure that asks for it.
    pub mix: Option<OracleMix>,
}

/// The adjustment of one measure for age and sex of the patients.
#[derive(Clone, Debug, PartialEq)]
pub struct OracleMix {
    /// The denominator of patients of unknown age or sex.
    pub unknown: i128,
    /// Expected numerator and adjusted value in the measure's unit; `None` where nothing is adjusted. Those of a roll-up need the rates of
    /// its practices, which the oracle does not know.
    pub adjusted: Option<[f64; 2]>,
}

/// The content of a card. A withdrawn card has only its subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OracleContent {
    /// Role on the month's last day.
    pub role: String,
    /// Whether the role is a locum's.
    pub locum: bool,
    /// Primary care network of the practice.
    pub pcn: Option<String>,
    /// Locality of the practice.
    pub locality: Option<String>,
    /// The clinician's work by window.
    pub exposure: Vec<Workload>,
    /// The measures with any fact in 24 months, in order of their ids.
    pub measures: Vec<MeasureAnswer>,
    /// Planned minutes of the no-shows of 12 months.
    pub noshow_minutes: i128,
    /// Unknown values of 12 months: the kind, their number, and the number of all values of it.
    pub unknown: Vec<(&'static str, i128, i128)>,
    /// Missing data of its 12 months.
    pub missing: BTreeMap<Month, MissingData>,
    hidden: Vec<UnpublishedFigures>,
}

/// The numbers behind the comparisons of a measure that the card does not show. Verdicts depend on them, so contents are equal only
/// when these are equal.
#[derive(Clone, Debug, PartialEq)]
struct UnpublishedFigures {
    own: Option<Member>,
    /// The network, where the card shows anything of it.
    network: Option<Rc<Group>>,
}

impl OracleContent {
    /// The content of a withdrawn card.
    pub(crate) fn withdrawn() -> OracleContent {
        OracleContent { role: "unknown".to_owned(), ..OracleContent::default() }
    }

    /// The content of a unit's card with these groups.
    pub(crate) fn of(unit: &UnitMonth, measures: &[Measure], groups: &Groups) -> OracleContent {
        let SubjectRole { role, locum, pcn, locality } = unit.standing.clone();
        let year = &unit.windows[2].sums;
        OracleContent {
            role,
            locum,
            pcn,
            locality,
            exposure: exposure(unit),
            measures: (0..).zip(measures).filter_map(|(i, m)| measure_answer(unit, i, m, groups)).collect(),
            noshow_minutes: year.base(NOSHOW_PLANNED),
            unknown: unknown(unit),
            missing: unit.missing.clone(),
            hidden: (0..).zip(measures).map(|(i, m)| hidden(unit, i, m, groups)).collect(),
        }
    }
}

fn exposure(unit: &UnitMonth) -> Vec<Workload> {
    let work = |(window, row): (i32, &crate::oracle::fold::Row)| Workload {
        window,
        encounters: row.sums.base(ENCOUNTERS),
        minutes: row.sums.base(MINUTES),
        items: row.sums.base(ITEMS),
        responses: row.sums.base(RESPONSES),
    };
    WINDOWS.into_iter().zip(&unit.windows).map(work).collect()
}

fn unknown(unit: &UnitMonth) -> Vec<(&'static str, i128, i128)> {
    let year = &unit.windows[2].sums;
    let statuses = year.base(UNKNOWN);
    let items = year.base(ITEMS);
    let counts = [
        ("codes", year.base(UNMAPPED), items),
        ("costs", year.base(WITHOUT_COST), items),
        ("quantities", year.base(WITHOUT_QUANTITY), items),
        ("statuses", statuses, statuses + year.base(ENCOUNTERS)),
    ];
    counts.into_iter().filter(|(_, unknown, _)| *unknown > 0).collect()
}

fn hidden(unit: &UnitMonth, index: usize, measure: &Measure, groups: &Groups) -> UnpublishedFigures {
    let own = own_member(unit, index, measure, groups);
    let network = groups.network(index, unit);
    UnpublishedFigures { network: network.filter(|network| own.is_some() && network.size >= LEAST), own }
}

/// The answer for one measure. `None` if the unit has no fact of it in 24 months.
fn measure_answer(unit: &UnitMonth, index: usize, measure: &Measure, groups: &Groups) -> Option<MeasureAnswer> {
    let facts = |row: &crate::oracle::fold::Row| [FACTS_N, FACTS_D, PCA, UNKNOWN_FACTS].map(|place| row.sums.of(index, place));
    let is_left_out = unit.left_out.get(&index).is_some_and(|out| out.any);
    if unit.months.iter().all(|row| facts(row) == [0; 4]) && !is_left_out {
        return None;
    }
    let sums = &unit.windows[headline(measure)].sums;
    let own = own_member(unit, index, measure, groups);
    let network = groups.network(index, unit);
    let last = &unit.months[unit.months.len() - usize::try_from(measure.window).expect("3 or 12")..];
    Some(MeasureAnswer {
        id: measure.id.clone(),
        window: measure.window,
        held: last.iter().filter(|row| row.sums.base(crate::oracle::sums::FACTS) > 0).count(),
        n: sums.of(index, N),
        d: sums.of(index, D),
        facts_n: sums.of(index, FACTS_N),
        facts_d: sums.of(index, FACTS_D),
        pca: sums.of(index, PCA),
        unknown: sums.of(index, UNKNOWN_FACTS),
        months: unit.months.iter().map(|row| (row.sums.of(index, N), row.sums.of(index, D))).collect(),
        suppressed: suppressed(measure, index, unit),
        value: own.as_ref().map(|own| measure.value(own.n, own.d)),
        mix: own.as_ref().and_then(|own| mix(measure, index, unit, own, network.as_deref())),
        peers: own.as_ref().and_then(|own| shown(measure, network.as_ref()?, own)),
        saving: own.as_ref().and_then(|own| saving(measure, own, network.as_ref()?)),
    })
}

fn mix(measure: &Measure, index: usize, unit: &UnitMonth, own: &Member, network: Option<&Group>) -> Option<OracleMix> {
    let sums = unit.windows[headline(measure)].sums.by_patient(index);
    let adjusted = || {
        let (expected, all) = (real(own.expected?) / 1e6, network?.rates.as_ref()?.all);
        Some([expected, measure.value_of_ratio(all * real(own.n) / expected)])
    };
    measure.adjusts().then(|| OracleMix { unknown: sums.unknown.1, adjusted: adjusted().filter(|_| sums.is_known()) })
}

/// The member that a unit is in its network.
fn own_member(unit: &UnitMonth, index: usize, measure: &Measure, groups: &Groups) -> Option<Member> {
    let network = groups.network(index, unit);
    adjusted_member(measure, index, unit, network.and_then(|network| network.rates.clone()).as_ref())
}

fn shown(measure: &Measure, group: &Group, own: &Member) -> Option<OracleComparison> {
    let quantile = |percent| measure.value_of_ratio(group.quantile(percent).expect("a group has members"));
    (group.size >= LEAST).then(|| OracleComparison {
        size: group.size,
        quartiles: [25, 50, 75].map(quantile),
        percentile: group.percentile(own).expect("ten members"),
    })
}

/// Saving at the network's median and at its best decile.
fn saving(measure: &Measure, own: &Member, network: &Group) -> Option<[f64; 2]> {
    if network.size < LEAST_NETWORK {
        return None;
    }
    let best = if measure.direction == "high" { 90 } else { 10 };
    let at = |percent| saving_at(measure, own, network, network.quantile(percent)?);
    Some([at(50)?, at(best)?])
}

pub(crate) fn saving_at(measure: &Measure, own: &Member, network: &Group, target: f64) -> Option<f64> {
    match measure.saving.as_deref()? {
        "per_exposure" => Some(real(own.n) - target * real(own.d)),
        "price_per_unit" => Some((real(own.n) - target * real(own.d)).max(0.0)),
        _ => {
            let [n_quantity, n_cost, d_quantity, d_cost] = own.money;
            let [all_n_quantity, all_n_cost, all_d_quantity, all_d_cost] = [0, 1, 2, 3].map(|i| network.total(|m| m.money[i]));
            if d_quantity == 0 {
                return Some(0.0);
            }
            let price = |quantity, cost, all_quantity, all_cost| match (quantity, all_quantity) {
                (0, 0) => 0.0,
                (0, _) => real(all_cost) / real(all_quantity),
                _ => real(cost) / real(quantity),
            };
            let n_price = price(n_quantity, n_cost, all_n_quantity, all_n_cost);
            let rest = (d_quantity - n_quantity, d_cost - n_cost);
            let other_price = price(rest.0, rest.1, all_d_quantity - all_n_quantity, all_d_cost - all_n_cost);
            let wanted = target * real(d_quantity);
            Some(real(d_cost) - (wanted * n_price + (real(d_quantity) - wanted) * other_price))
        }
    }
}

/// The subject of a card.
pub(crate) fn key(unit: &Unit) -> (String, String) {
    (unit.person.clone(), unit.practice.clone())
}

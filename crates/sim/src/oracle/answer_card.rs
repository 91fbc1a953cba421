//! The content of one revision: the numbers that a published card must show.

use std::rc::Rc;

use crate::oracle::colleagues::{Group, Groups, LEAST_NETWORK, Member, Thresholds, measured, member, suppressed};
use crate::oracle::dispersion::{Network, NetworkPosition as Place, OracleTrend, moved};
use crate::oracle::measure_file::{Measure, real};
use crate::oracle::registry::{SubjectRole, Unit};
use crate::oracle::sums::{D, ENCOUNTERS, FACTS_D, FACTS_N, ITEMS, MINUTES, N, NOSHOW_PLANNED, PCA, RESPONSES};
use crate::oracle::unit_months::{UnitMonth, WINDOWS};

/// Attended encounters in 12 months below which a card has no composite.
const LEAST_ENCOUNTERS: i128 = 20;

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

/// The peer group of a window. Reals are not rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct OracleComparison {
    /// `practice`, `pcn`, `locality` or `network`.
    pub level: &'static str,
    /// Code of the group.
    pub group: String,
    /// Members.
    pub size: usize,
    /// Value of the members' sums, in the measure's unit.
    pub mean: f64,
    /// First decile, median and ninth decile of their values, in the measure's unit.
    pub deciles: [f64; 3],
    /// Percentile of the unit.
    pub percentile: f64,
}

/// One window of one measure. Reals are not rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowAnswer {
    /// Months of the window: 1, 3 or 12.
    pub window: i32,
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
    /// The reason for a missing value, in the words of the card.
    pub suppressed: Option<&'static str>,
    /// Value in the measure's unit.
    pub value: Option<f64>,
    /// The peer group.
    pub peer: Option<OracleComparison>,
    /// Points; headline window only.
    pub points: Option<f64>,
    /// Saving at the network's median and at its best decile in pence; headline window only.
    pub saving: Option<[f64; 2]>,
    /// Position of the unit in its network; headline window only.
    pub place: Option<Place>,
    /// Trend of its months; headline window only.
    pub moved: Option<OracleTrend>,
}

/// One measure.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureAnswer {
    /// The id.
    pub id: String,
    /// The windows in order of their length.
    pub windows: Vec<WindowAnswer>,
}

/// Points of all measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OracleComposite {
    /// 100 x points / available, when enough measures are applicable.
    pub percent: Option<f64>,
    /// Points that the clinician has.
    pub points: f64,
    /// Points of all applicable measures.
    pub available: f64,
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
    /// The measures in order of their ids.
    pub measures: Vec<MeasureAnswer>,
    /// Points of all measures.
    pub composite: Option<OracleComposite>,
    /// Planned minutes of the no-shows of 12 months.
    pub noshow_minutes: i128,
    hidden: Vec<UnpublishedFigures>,
}

/// The numbers behind the comparisons of a measure that the card does not show. Control limits, spreads and savings of a card
/// depend on them, so contents are equal only when these are equal.
#[derive(Clone, Debug, PartialEq)]
struct UnpublishedFigures {
    own: Vec<Option<Member>>,
    shown: Vec<Option<Rc<Group>>>,
    /// The network of the headline window, where it is large enough for control limits.
    network: Option<Rc<Group>>,
    /// Numerator and denominator of each of the 12 months.
    months: Vec<(i128, i128)>,
}

impl OracleContent {
    /// The content of a withdrawn card.
    pub(crate) fn withdrawn() -> OracleContent {
        OracleContent { role: "unknown".to_owned(), ..OracleContent::default() }
    }

    /// The content of a unit's card with these groups and the thresholds of its quarter.
    pub(crate) fn of(unit: &UnitMonth, measures: &[Measure], groups: &Groups, thresholds: &Thresholds) -> OracleContent {
        let groups = &ComparisonContext { groups, thresholds };
        let SubjectRole { role, locum, pcn, locality } = unit.standing.clone();
        let year = &unit.windows[2].sums;
        let answers: Vec<MeasureAnswer> = (0..).zip(measures).map(|(i, m)| measure_answer(unit, i, m, groups)).collect();
        OracleContent {
            role,
            locum,
            pcn,
            locality,
            exposure: exposure(unit),
            composite: (year.base(ENCOUNTERS) >= LEAST_ENCOUNTERS).then(|| composite(measures, &answers)),
            measures: answers,
            noshow_minutes: year.base(NOSHOW_PLANNED),
            hidden: (0..).zip(measures).map(|(i, m)| hidden(unit, i, m, groups.groups)).collect(),
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

fn headline(measure: &Measure) -> usize {
    WINDOWS.iter().position(|window| *window == measure.window).expect("a measure file says 3 or 12")
}

fn hidden(unit: &UnitMonth, index: usize, measure: &Measure, groups: &Groups) -> UnpublishedFigures {
    let own: Vec<Option<Member>> = unit.windows.iter().map(|row| member(measure, index, &row.sums)).collect();
    let shown = |window: usize| own[window].and_then(|_| groups.shown(index, window, &unit.unit, &unit.standing));
    let headline = headline(measure);
    let there = own[headline].is_some();
    UnpublishedFigures {
        shown: (0..WINDOWS.len()).map(shown).collect(),
        network: groups
            .network(index, headline, &unit.unit, &unit.standing)
            .filter(|network| there && network.members.len() >= LEAST_NETWORK),
        months: months(unit, index),
        own,
    }
}

/// Numerator and denominator of each of a unit's months.
fn months(unit: &UnitMonth, index: usize) -> Vec<(i128, i128)> {
    unit.months.iter().map(|row| (row.sums.of(index, N), row.sums.of(index, D))).collect()
}

/// The comparison data of a month's cards.
struct ComparisonContext<'a> {
    groups: &'a Groups,
    thresholds: &'a Thresholds,
}

fn measure_answer(unit: &UnitMonth, index: usize, measure: &Measure, groups: &ComparisonContext<'_>) -> MeasureAnswer {
    let windows = (0..WINDOWS.len()).map(|window| window_answer(unit, (index, window), measure, groups)).collect();
    MeasureAnswer { id: measure.id.clone(), windows }
}

fn window_answer(
    unit: &UnitMonth,
    (index, window): (usize, usize),
    measure: &Measure,
    of: &ComparisonContext<'_>,
) -> WindowAnswer {
    let groups = of.groups;
    let sums = &unit.windows[window].sums;
    let own = member(measure, index, sums);
    let peers = |own: Member| groups.shown(index, window, &unit.unit, &unit.standing).map(|group| shown(measure, &group, &own));
    let value = own.map(|own| measure.value(own.n, own.d));
    let at_headline = own.filter(|_| window == headline(measure));
    let quarters = of.thresholds.get(&(index, unit.unit.is_roll_up(), unit.standing.role.clone())).copied();
    let network = || groups.network(index, window, &unit.unit, &unit.standing);
    WindowAnswer {
        window: WINDOWS[window],
        n: sums.of(index, N),
        d: sums.of(index, D),
        facts_n: sums.of(index, FACTS_N),
        facts_d: sums.of(index, FACTS_D),
        pca: sums.of(index, PCA),
        suppressed: suppressed(measure, index, sums),
        value,
        peer: own.and_then(peers),
        points: at_headline.and_then(|own| points(measure, measure.value(own.n, own.d), network().and(quarters))),
        saving: at_headline.and_then(|own| saving(measure, &own, &*network()?)),
        place: at_headline.and_then(|own| place(measure, &own, sums.of(index, FACTS_D), &*network()?)),
        moved: at_headline.and_then(|_| {
            let year = measured(measure, index, &unit.windows[2].sums);
            moved(measure, &months(unit, index), &year)
        }),
    }
}

/// The position that the card shows; `None` without control limits.
fn place(measure: &Measure, own: &Member, facts: i128, network: &Group) -> Option<Place> {
    let place = Network::of(measure, network)?.standing(measure, own, facts);
    let limits = place.z.is_some() || measure.kind == "rate";
    limits.then_some(place)
}

fn shown(measure: &Measure, group: &Group, own: &Member) -> OracleComparison {
    let decile = |n| measure.value_of_ratio(group.decile(n).expect("a group that is shown has members"));
    OracleComparison {
        level: group.level,
        group: group.code.clone(),
        size: group.members.len(),
        mean: measure.value(group.total(|m| m.n), group.total(|m| m.d)),
        deciles: [decile(1), decile(5), decile(9)],
        percentile: group.percentile(own).expect("a group that is shown has more than one member"),
    }
}

/// Points by the file's own thresholds, else by those of the quarter.
fn points(measure: &Measure, value: f64, quarters: Option<(f64, f64)>) -> Option<f64> {
    let points = measure.points?;
    let (lower, upper) = points.lower.zip(points.upper).or(quarters)?;
    Some(points.available * ((value - lower) / (upper - lower)).clamp(0.0, 1.0))
}

/// Saving at the network's median and at its best decile.
fn saving(measure: &Measure, own: &Member, network: &Group) -> Option<[f64; 2]> {
    let best = if measure.direction == "high" { 9 } else { 1 };
    let at = |decile| saving_at(measure, own, network, network.decile(decile)?);
    Some([at(5)?, at(best)?])
}

fn saving_at(measure: &Measure, own: &Member, network: &Group, target: f64) -> Option<f64> {
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

/// Points of the reliable measures that have any. The share exists only when 60 % of all points are applicable.
fn composite(measures: &[Measure], answers: &[MeasureAnswer]) -> OracleComposite {
    let offered: f64 = measures.iter().filter_map(|m| m.points).map(|p| p.available).sum();
    let (mut had, mut applicable) = ((0.0, 0.0), 0.0);
    for (measure, answer) in measures.iter().zip(answers) {
        let window = &answer.windows[headline(measure)];
        let (Some(points), Some(all)) = (window.points, measure.points) else { continue };
        applicable += all.available;
        if window.place.is_some_and(|place| ["moderate", "good"].contains(&place.grade)) {
            had = (had.0 + points, had.1 + all.available);
        }
    }
    let enough = had.1 > 0.0 && applicable >= 0.6 * offered - 1e-9;
    OracleComposite { percent: enough.then(|| 100.0 * had.0 / had.1), points: had.0, available: had.1 }
}

/// The subject of a card.
pub(crate) fn key(unit: &Unit) -> (String, String) {
    (unit.person.clone(), unit.practice.clone())
}

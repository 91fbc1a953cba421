//! One measure of one card before the card-wide decisions: sums, value, comparison, change and points.

use crate::card::peer_snapshot::Standardisation;
use crate::card::round::{published, short};
use crate::card::scorecard::{CardMeasure, CaseMix, CaseMixState, Grade, StandardCheck};
use crate::chance::confidence::confidence;
use crate::measure::measure_set::{Direction, Kind, Measure};
use crate::measure::suppression::Suppression;
use crate::peer_group::unit::{UnitMonth, cells_of, window_index};
use crate::scoring::benchmark::Benchmark;
use crate::scoring::change_draft::{ChangeDraft, change_draft};
use crate::scoring::network::{ComparisonObstacle, Network};
use crate::scoring::points_draft::{PointsDraft, ScoredUnit, points_draft};
use crate::scoring::saving::saving_estimate;
use crate::sums::measure_sums::MeasureSums;
use crate::verdict::case_mix::CellSums;
use crate::verdict::change::season::Season;
use crate::verdict::detection::{Supposition, Undetectable, undetectable};
use crate::verdict::fitted_network::{FittedNetwork, NetworkUnit};
use crate::verdict::network_basis::NetworkBasis;
use crate::verdict::roll_up::{standardised_by_others, standardised_value};
use crate::verdict::unit_sums::UnitSums;
use crate::verdict::z_score::ZScore;

/// Reliability from which a place is published.
pub(crate) const LEAST_FOR_PLACE: f64 = 0.5;
/// Reliability from which a value is good.
const GOOD: f64 = 0.7;
/// Facts in the denominator from which a value can be reliable.
const LEAST_FACTS: i64 = 10;

/// One measure of a card, and the figures that the card-wide decisions read.
#[derive(Debug)]
pub(crate) struct MeasureDraft<'a> {
    pub measure: &'a Measure,
    /// The card's measure. Verdict, change, points and sentence are filled last.
    pub card: CardMeasure,
    pub suppression: Option<Suppression>,
    /// Encounters with an unknown status in the window.
    pub unknown_status: i64,
    /// The comparison; `None` if the unit is suppressed or not compared.
    pub comparison: Option<Comparison>,
    /// Whether colleagues differ in kind, so that nobody is compared.
    pub mixed: bool,
    /// Why there is no comparison, if there is none.
    pub obstacle: ComparisonObstacle,
    pub change: Option<ChangeDraft>,
    pub points: Option<PointsDraft>,
}

/// The comparison of a unit with its network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison {
    pub z: ZScore,
    /// Why twice or half of the typical value would not show.
    pub undetectable: Option<(Undetectable, Supposition)>,
    /// Whether the supposed value is exactly twice or half of the typical one that the card shows.
    pub is_exact: bool,
}

impl MeasureDraft<'_> {
    /// P towards the adverse and towards the favourable side. `None` without a comparison or a better side.
    pub(crate) fn sides(&self) -> Option<(f64, f64)> {
        let z = self.comparison?.z;
        match self.measure.definition.direction {
            Direction::Low => Some((z.p_high(), z.p_low())),
            Direction::High => Some((z.p_low(), z.p_high())),
            Direction::None => None,
        }
    }
}

/// The draft of one measure. `None` if the unit has no fact of it in 24 months.
pub(crate) fn draft<'a>(benchmark: &Benchmark<'a>, unit: &UnitMonth, network: Option<&Network<'_>>) -> Option<MeasureDraft<'a>> {
    let (measure, index) = (benchmark.measure, benchmark.index);
    let is_empty = |sums: &MeasureSums| sums.facts_n == 0 && sums.facts_d == 0 && sums.pca == 0 && sums.unknown == 0;
    if unit.months_of(index).all(is_empty) && is_empty(&unit.left_out(index).sums) {
        return None;
    }
    let window = &unit.windows[window_index(measure.definition.window)];
    let own = &window.measures[index];
    let suppression = unit.suppression(measure, index);
    let mut draft = MeasureDraft {
        measure,
        card: bare(benchmark, unit, own),
        suppression,
        unknown_status: window.base.unknown_status,
        comparison: None,
        mixed: false,
        obstacle: ComparisonObstacle::FewColleagues,
        change: None,
        points: None,
    };
    draft.card.suppressed = suppression.map(|suppression| suppression.name().to_owned());
    if suppression.is_some() {
        draft.card.grade = Some(Grade::Insufficient);
    } else if own.d > 0 {
        fill(&mut draft, benchmark, unit, own, network);
    }
    Some(draft)
}

/// The measure with only its sums.
fn bare(benchmark: &Benchmark<'_>, unit: &UnitMonth, own: &MeasureSums) -> CardMeasure {
    let definition = &benchmark.measure.definition;
    CardMeasure {
        id: benchmark.id.clone(),
        version: definition.version,
        name: benchmark.name.clone(),
        kind: definition.kind,
        domain: definition.domain,
        direction: definition.direction,
        trial: definition.trial,
        unit: benchmark.unit.clone(),
        n_unit: benchmark.n_unit.clone(),
        d_unit: benchmark.d_unit.clone(),
        window: definition.window,
        held: unit.months_held(definition.window),
        n: own.n,
        d: own.d,
        facts_n: own.facts_n,
        facts_d: own.facts_d,
        unknown: own.unknown,
        pca: own.pca,
        months_n: unit.months_of(benchmark.index).map(|month| month.n).collect(),
        months_d: unit.months_of(benchmark.index).map(|month| month.d).collect(),
        suppressed: None,
        value: None,
        ci95: None,
        comparator: None,
        verdict: None,
        z: None,
        z_raw: None,
        phi: None,
        reliability: None,
        grade: None,
        place: None,
        change: None,
        points: None,
        saving: None,
        case_mix: None,
        standard: None,
        sentence: String::new(),
    }
}

fn fill(
    draft: &mut MeasureDraft<'_>,
    benchmark: &Benchmark<'_>,
    unit: &UnitMonth,
    own: &MeasureSums,
    network: Option<&Network<'_>>,
) {
    let measure = benchmark.measure;
    let card = &mut draft.card;
    card.value = measure.value(own.n, own.d).and_then(published);
    card.ci95 = confidence(measure, own, Network::phi(network, own));
    card.standard = standard(card, measure);
    let months: Vec<UnitSums> = unit.months_of(benchmark.index).map(UnitSums::from).collect();
    draft.change = change(measure, own, network, &months);
    card.case_mix = case_mix(benchmark, unit, None);
    let Some(network) = network else { return };
    card.comparator.clone_from(&network.comparator);
    draft.obstacle = network.obstacle();
    card.saving = saving_estimate(measure, own, network);
    let member = network.unit(benchmark.index, unit);
    card.case_mix = case_mix(benchmark, unit, Some((network, &member)));
    card.phi = network.peers.figures.phi.map(short);
    let Some(fitted) = network.compared() else { return };
    draft.mixed = fitted.fit.mixed;
    compare(draft, fitted, network, &member);
    let scored = ScoredUnit { index: benchmark.index, unit, member: &member, months: &months };
    draft.points = points_draft(measure, network, &scored);
}

/// The change of a unit, which has one without colleagues, too. Nothing is then known to have changed for everybody.
fn change(measure: &Measure, own: &MeasureSums, network: Option<&Network<'_>>, months: &[UnitSums]) -> Option<ChangeDraft> {
    match network.and_then(|network| Some((network, network.compared()?))) {
        Some((network, fitted)) => change_draft(measure, &fitted.basis, &network.season, months),
        None => {
            let basis = NetworkBasis::of(measure.definition.kind, Network::phi(network, own), &[UnitSums::of_all(months)]);
            change_draft(measure, &basis, &Season::default(), months)
        }
    }
}

/// Fills z, reliability, grade and place.
fn compare(draft: &mut MeasureDraft<'_>, fitted: &FittedNetwork, network: &Network<'_>, member: &NetworkUnit) {
    let reliability = fitted.reliability(member);
    let card = &mut draft.card;
    card.reliability = reliability.map(short);
    card.grade = Some(grade(card.facts_d, reliability));
    let Some(z) = fitted.z_score(member) else { return };
    card.z = Some(short(z.adjusted));
    card.z_raw = Some(short(z.raw));
    card.place = network.percentile(member).filter(|_| reliability.is_some_and(|r| r >= LEAST_FOR_PLACE)).map(short);
    let whole = whole(fitted, member);
    let undetectable = cannot_show(draft.measure.definition.direction, fitted, member, whole);
    // Less than twice a large proportion is supposed, because a part of the whole has an upper end.
    let capped = measure_is_part(draft.measure) && 3.0 * fitted.fit.centre() > whole;
    let halved = undetectable.is_some_and(|(_, supposed)| supposed == Supposition::Half);
    let is_exact = !fitted.basis.flipped && (halved || !capped);
    draft.comparison = Some(Comparison { z, undetectable, is_exact });
}

/// The centre at which everything would be an event: d over its expectation, which is 1 for a unit without an expectation.
fn whole(fitted: &FittedNetwork, member: &NetworkUnit) -> f64 {
    fitted.basis.place(&member.sums, member.expected).map_or(1.0, |placed| placed.d / placed.base)
}

/// Whether a value is a part of the whole, so that it has an upper end.
fn measure_is_part(measure: &Measure) -> bool {
    matches!(measure.definition.kind, Kind::Proportion | Kind::Share)
}

/// Why the difference that matters would not show: twice the typical value where the adverse side is above, half of it where it is
/// below, both without a better side.
fn cannot_show(
    direction: Direction,
    fitted: &FittedNetwork,
    member: &NetworkUnit,
    whole: f64,
) -> Option<(Undetectable, Supposition)> {
    let placed = fitted.basis.place(&member.sums, member.expected)?;
    let of = |supposed: Supposition| {
        let why = undetectable(&placed, fitted.fit.centre(), whole, fitted.fit.gamma_cautious, supposed)?;
        Some((why, supposed))
    };
    match (direction, fitted.basis.flipped) {
        (Direction::Low, false) | (Direction::High, true) => of(Supposition::Twice),
        (Direction::High, false) | (Direction::Low, true) => of(Supposition::Half),
        (Direction::None, _) => of(Supposition::Twice).filter(|_| of(Supposition::Half).is_some()),
    }
}

/// The grade of a value.
fn grade(facts_d: i64, reliability: Option<f64>) -> Grade {
    match reliability {
        _ if facts_d < LEAST_FACTS => Grade::Insufficient,
        Some(reliability) if reliability >= GOOD => Grade::Good,
        Some(reliability) if reliability >= LEAST_FOR_PLACE => Grade::Moderate,
        _ => Grade::Low,
    }
}

/// How the expected value is adjusted, with the figures of an adjustment. `None` for a crude comparison of a measure without `adjust`.
fn case_mix(benchmark: &Benchmark<'_>, unit: &UnitMonth, compared: Option<(&Network<'_>, &NetworkUnit)>) -> Option<CaseMix> {
    let definition = &benchmark.measure.definition;
    let cells = || cells_of(&unit.windows[window_index(definition.window)], benchmark.index);
    let cells = definition.is_adjusted().then(cells);
    let is_known = cells.as_ref().is_some_and(CellSums::is_known);
    let unknown = cells.map(|cells| cells.unknown.1);
    let bare = CaseMix { state: CaseMixState::NotAdjusted, expected: None, standardised: None, ratio: None, unknown };
    let adjusted = compared.and_then(|(network, member)| {
        let state = match network.peers.figures.standardisation {
            Standardisation::AgeSex if is_known => CaseMixState::AgeSex,
            Standardisation::PracticesAgeSex if is_known => CaseMixState::PracticesAgeSex,
            Standardisation::Practices | Standardisation::PracticesAgeSex => CaseMixState::Practices,
            Standardisation::Crude | Standardisation::AgeSex => return None,
        };
        standardised(benchmark.measure, network, member, CaseMix { state, ..bare })
    });
    adjusted.or(unknown.map(|_| bare))
}

/// The same with the figures of the adjustment.
fn standardised(measure: &Measure, network: &Network<'_>, member: &NetworkUnit, mix: CaseMix) -> Option<CaseMix> {
    let expected = member.expected?;
    let figures = &network.peers.figures;
    let centre = figures.practice_centre?;
    let sums = &member.sums;
    let ratio = if figures.flipped {
        standardised_by_others(centre, sums, expected)
    } else {
        standardised_value(centre, sums.n, expected)
    };
    Some(CaseMix {
        expected: published(expected),
        standardised: published(measure.value_of_ratio(if measure_is_part(measure) { ratio.clamp(0.0, 1.0) } else { ratio })),
        ratio: published(sums.n as f64 / expected),
        ..mix
    })
}

/// Whether the whole interval is on the adverse side of the measure file's standard.
fn standard(card: &CardMeasure, measure: &Measure) -> Option<StandardCheck> {
    let standard = measure.definition.standard?;
    let interval = card.ci95?;
    let beyond = match measure.definition.direction {
        Direction::Low => interval.lower > standard,
        Direction::High => interval.upper < standard,
        Direction::None => false,
    };
    Some(StandardCheck { standard: published(standard)?, beyond })
}

//! Explains one number of a card: the contribution of each event, verified against the card.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::card::scorecard::{CardMeasure, Scorecard};
use crate::completeness::month_flags::MonthFlags;
use crate::event::{Codes, Detail, Encounter, Event, Feedback, Order, Prescription};
use crate::fold::case_mix_cell::CaseMixCell;
use crate::fold::share::Share;
use crate::measure::definition::Definition;
use crate::measure::measure_set::MeasureSet;
use crate::measure::needed_kinds::NeededKinds;
use crate::peer_group::unit::WINDOWS;
use crate::sums::measure_sums::MeasureSums;
use crate::time::calendar::{Day, Month, Timestamp};

/// A share with its event from the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedShare {
    /// The event's contributions and its row.
    pub share: Share,
    /// Its id within its feed.
    pub id: String,
    /// `encounter`, `prescription`, `feedback`, `order`, `observation`.
    pub kind: &'static str,
    /// Its content in words, without the patient.
    pub what: String,
}

impl LocatedShare {
    /// Combines a share with its event.
    #[must_use]
    pub fn new(share: Share, event: &Event<'_>) -> LocatedShare {
        let (kind, what) = described(&event.detail);
        LocatedShare { share, id: event.id.to_string(), kind, what }
    }
}

/// The effect of an event on a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It counts as the measure file defines.
    Counts,
    /// It is left out because its patient is adjusted for this measure.
    Adjusted,
    /// It is left out as an administrative entry or a test patient.
    Excluded,
    /// It is left out because it lacks a field that a side counts.
    Unknown,
    /// It is left out because the feeds do not send a kind of data that the measure needs in its month.
    NotSent,
}

impl Effect {
    /// The word for this effect in outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Effect::Counts => "counts",
            Effect::Adjusted => "adjusted",
            Effect::Excluded => "excluded",
            Effect::Unknown => "unknown",
            Effect::NotSent => "not_sent",
        }
    }
}

/// One side of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureSide {
    /// The counted events.
    Numerator,
    /// The events in the denominator.
    Denominator,
}

/// One event of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its feed.
    pub feed: String,
    /// Its id within the feed.
    pub id: String,
    /// Its newest version, which counts.
    pub version: u64,
    /// Its own civil day.
    pub day: Option<Day>,
    /// The month in which it counts.
    pub month: Month,
    /// `system|value` as the row has it.
    pub clinician: String,
    /// Practice as the row has it.
    pub practice: String,
    /// `encounter`, `prescription`, `feedback`, `order`, `observation`.
    pub kind: &'static str,
    /// Its content in words.
    pub what: String,
    /// Its effect on the measure.
    pub effect: Effect,
    /// Its amount in the numerator, in integer units; `None` if it is not part of it.
    pub numerator: Option<i64>,
    /// Its amount in the denominator, in integer units; `None` if it is not part of it.
    pub denominator: Option<i64>,
}

/// All events behind one measure and window of one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The card's person.
    pub clinician: String,
    /// The card's practice, empty on a roll-up.
    pub practice: String,
    /// The card's month.
    pub month: Month,
    /// The card's revision.
    pub revision: u32,
    /// The cut that published it.
    pub cut: Timestamp,
    /// `id@version` of the measure.
    pub measure: String,
    /// Months of the window: 1, 3 or 12.
    pub window: u8,
    /// The card's numerator: the sum over the lines.
    pub n: i64,
    /// The card's denominator: the sum over the lines.
    pub d: i64,
    /// Integer unit of the numerator.
    pub n_unit: String,
    /// Integer unit of the denominator.
    pub d_unit: String,
    /// The events in order of day, feed and id.
    pub lines: Vec<Line>,
}

impl Explanation {
    /// Keeps only the events of one side.
    pub fn keep(&mut self, side: MeasureSide) {
        self.lines.retain(|line| match side {
            MeasureSide::Numerator => line.numerator.is_some(),
            MeasureSide::Denominator => line.denominator.is_some(),
        });
    }
}

/// The reason why a number cannot be explained.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplanationError {
    /// The revision has no numbers.
    #[error("revision {0} withdraws the card and has no number to explain; request the revision before it")]
    Withdrawn(u32),
    /// The card has another version of the measure than the measure files.
    #[error(
        "the card has {carded:?}, but the measure files define {here:?}; set option `measures` to the measure files that the card was \
         computed with"
    )]
    OtherDefinition {
        /// `id@version` on the card, or "no such measure".
        carded: String,
        /// `id@version` of the measure files.
        here: String,
    },
    /// Cards have no such window.
    #[error("cards have no window of {0} months; request 1, 3 or 12")]
    NoWindow(u8),
    /// The events do not add up to the card's numbers.
    #[error(
        "{measure}, {window} months: the events of the log add up to {lines}, but the card has {card}{}",
        if *incomplete { "; the card marks this window as missing a month" } else { "; report this with the card" }
    )]
    Differs {
        /// The measure.
        measure: String,
        /// Months of the window.
        window: u8,
        /// Totals of the events.
        lines: Totals,
        /// Totals of the card.
        card: Totals,
        /// Whether the card marks the window as missing a month.
        incomplete: bool,
    },
}

/// The numbers that must be equal between a card and its events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Numerator.
    pub n: i64,
    /// Denominator.
    pub d: i64,
    /// Events in the numerator.
    pub facts_n: i64,
    /// Events in the denominator.
    pub facts_d: i64,
    /// Events left out because the patient is adjusted.
    pub pca: i64,
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Totals { n, d, facts_n, facts_d, pca } = self;
        write!(f, "{n} over {d} ({facts_n} events over {facts_d}, {pca} adjusted)")
    }
}

/// Explains one measure and window of a card. `known` may include shares of other months and measures.
///
/// # Errors
/// [`ExplanationError::Differs`] if the events do not add up to the card's numbers. Other variants if the card has no such number.
pub fn explain(
    card: &Scorecard,
    measures: &MeasureSet,
    measure: usize,
    window: u8,
    known: &[LocatedShare],
) -> Result<Explanation, ExplanationError> {
    let name = measures.measures()[measure].name();
    if card.content.measures.is_empty() {
        return Err(ExplanationError::Withdrawn(card.revision));
    }
    let definition = &measures.measures()[measure].definition;
    let carded = card.content.measures.iter().find(|carded| *carded.id == *definition.id);
    if let Some(other) = carded.filter(|carded| carded.version != definition.version) {
        return Err(ExplanationError::OtherDefinition { carded: format!("{}@{}", other.id, other.version), here: name });
    }
    let month = card.content.period.month;
    let first = month.plus(1 - i32::from(window));
    let (mut total, mut lines) = (MeasureSums::default(), Vec::new());
    let line = |known: &LocatedShare, sums: &MeasureSums| {
        let line = line(known, sums);
        if definition.is_adjusted() { with_patient(line, known.share.cell) } else { line }
    };
    let left_out = LeftOutRows::of(card, carded, definition, measure, known);
    for known in known.iter().filter(|known| (first..=month).contains(&known.share.row.month)) {
        let sums = known.share.of(measure);
        if sums.is_zero() {
            continue;
        }
        if is_counted(&sums) && left_out.holds(known) {
            lines.push(Line { effect: Effect::NotSent, ..line(known, &MeasureSums::default()) });
            continue;
        }
        total += &sums;
        lines.push(line(known, &sums));
    }
    // A card leaves out a measure without a fact.
    let value = match carded {
        Some(carded) => totals(carded, window, &total),
        None => (WINDOWS.contains(&window) || window == definition.window).then(Totals::default),
    };
    let value = value.ok_or(ExplanationError::NoWindow(window))?;
    let incomplete = card.content.coverage.iter().any(|gaps| gaps.missing && (first..=month).contains(&gaps.month));
    check(&name, window, incomplete, value, &total)?;
    lines.sort_by(|a, b| (a.day, &a.feed, &a.id, a.month).cmp(&(b.day, &b.feed, &b.id, b.month)));
    Ok(Explanation {
        clinician: card.content.subject.clinician.clone(),
        practice: card.content.subject.practice.clone(),
        month,
        revision: card.revision,
        cut: card.cut,
        measure: name,
        window,
        n: value.n,
        d: value.d,
        n_unit: measures.measures()[measure].numerator.definition.amount.unit_name().to_owned(),
        d_unit: measures.measures()[measure].denominator.definition.amount.unit_name().to_owned(),
        lines,
    })
}

/// The rows that a measure leaves out, because feeds do not send what it needs: by month, practice codes of the rows.
struct LeftOutRows(BTreeMap<Month, BTreeSet<Arc<str>>>);

impl LeftOutRows {
    fn of(
        card: &Scorecard,
        carded: Option<&CardMeasure>,
        definition: &Definition,
        measure: usize,
        known: &[LocatedShare],
    ) -> LeftOutRows {
        let needed = NeededKinds::of(definition);
        let leaving = card.content.coverage.iter().filter(|gaps| MonthFlags::of(gaps).leaves_out(needed));
        let rows = leaving.map(|gaps| {
            let practices = numbers_by_practice(known, measure, gaps.month);
            let counted = carded.and_then(|carded| numbers_of(carded, card.content.period.month, gaps.month)).unwrap_or_default();
            let all = || practices.keys().cloned().collect();
            let is_roll_up = card.content.subject.practice.is_empty();
            (gaps.month, if is_roll_up { silent_practices(&practices, counted) } else { all() })
        });
        LeftOutRows(rows.collect())
    }

    fn holds(&self, known: &LocatedShare) -> bool {
        self.0.get(&known.share.row.month).is_some_and(|practices| practices.contains(&known.share.row.practice))
    }
}

fn is_counted(sums: &MeasureSums) -> bool {
    sums.facts_n > 0 || sums.facts_d > 0
}

/// Numerator and denominator of a month's events at each practice.
fn numbers_by_practice(known: &[LocatedShare], measure: usize, month: Month) -> BTreeMap<Arc<str>, (i64, i64)> {
    let mut practices: BTreeMap<Arc<str>, (i64, i64)> = BTreeMap::new();
    for known in known.iter().filter(|known| known.share.row.month == month) {
        let sums = known.share.of(measure);
        if is_counted(&sums) {
            let (n, d) = practices.entry(known.share.row.practice.clone()).or_default();
            (*n, *d) = (*n + sums.n, *d + sums.d);
        }
    }
    practices
}

/// Numerator and denominator that a card shows for a month.
fn numbers_of(carded: &CardMeasure, last: Month, month: Month) -> Option<(i64, i64)> {
    let back = usize::try_from(last.0 - month.0).ok()?;
    let place = carded.months_n.len().checked_sub(back + 1)?;
    Some((*carded.months_n.get(place)?, *carded.months_d.get(place)?))
}

/// The practices that a roll-up leaves out of a month. Its card shows the flags of all its practices together, but its numbers of the month
/// show which ones count: all but the fewest practices without which the others add up to them.
fn silent_practices(practices: &BTreeMap<Arc<str>, (i64, i64)>, counted: (i64, i64)) -> BTreeSet<Arc<str>> {
    /// Practices of one person in one month. More are not tried.
    const MOST_PRACTICES: usize = 12;
    let left_out = |choice: u32| practices.iter().enumerate().filter(move |(at, _)| choice >> at & 1 == 1).map(|(_, row)| row);
    let total = practices.values().fold((0, 0), |(n, d), (of_n, of_d)| (n + of_n, d + of_d));
    let fits = |choice: &u32| left_out(*choice).fold(total, |(n, d), (_, (of_n, of_d))| (n - of_n, d - of_d)) == counted;
    let choices = 0..1u32 << practices.len().min(MOST_PRACTICES);
    let fewest = choices.filter(fits).min_by_key(|choice| choice.count_ones());
    fewest.into_iter().flat_map(left_out).map(|(practice, _)| practice.clone()).collect()
}

/// The card's numbers of a window. Other windows than the headline one have n and d alone; the events' own counts give the rest.
/// `None` for a window that no card has.
fn totals(measure: &CardMeasure, window: u8, events: &MeasureSums) -> Option<Totals> {
    if window == measure.window {
        let CardMeasure { n, d, facts_n, facts_d, pca, .. } = *measure;
        return Some(Totals { n, d, facts_n, facts_d, pca });
    }
    let last = |months: &[i64]| Some(months.get(months.len().checked_sub(usize::from(window))?..)?.iter().sum());
    let (n, d) = (last(&measure.months_n)?, last(&measure.months_d)?);
    WINDOWS.contains(&window).then_some(Totals { n, d, facts_n: events.facts_n, facts_d: events.facts_d, pca: events.pca })
}

fn check(measure: &str, window: u8, incomplete: bool, card: Totals, total: &MeasureSums) -> Result<(), ExplanationError> {
    let MeasureSums { n, d, facts_n, facts_d, pca, .. } = *total;
    let lines = Totals { n, d, facts_n, facts_d, pca };
    if lines == card {
        return Ok(());
    }
    Err(ExplanationError::Differs { measure: measure.to_owned(), window, lines, card, incomplete })
}

fn line(known: &LocatedShare, sums: &MeasureSums) -> Line {
    let LocatedShare { share, id, kind, what } = known;
    let effect = match (sums.excluded, sums.unknown, sums.pca) {
        (0, 0, 0) => Effect::Counts,
        (0, 0, _) => Effect::Adjusted,
        (0, ..) => Effect::Unknown,
        _ => Effect::Excluded,
    };
    Line {
        feed: share.row.feed.to_string(),
        id: id.clone(),
        version: share.version,
        day: share.day,
        month: share.row.month,
        clinician: share.row.clinician.to_string(),
        practice: share.row.practice.to_string(),
        kind,
        what: what.clone(),
        effect,
        numerator: (sums.facts_n > 0).then_some(sums.n),
        denominator: (sums.facts_d > 0).then_some(sums.d),
    }
}

/// Adds the patient to the content of an event, for a measure that adjusts for its patients.
fn with_patient(line: Line, cell: Option<CaseMixCell>) -> Line {
    let patient = cell.map_or_else(|| "age or sex unknown".to_owned(), CaseMixCell::words);
    Line { what: if line.what.is_empty() { patient } else { format!("{}; {patient}", line.what) }, ..line }
}

/// Kind and content of an event in words.
fn described(detail: &Detail<'_>) -> (&'static str, String) {
    match detail {
        Detail::Encounter(encounter) => ("encounter", encounter.as_ref().map(encountered).unwrap_or_default()),
        Detail::Prescription(drug) => ("prescription", drug.as_ref().map(prescribed).unwrap_or_default()),
        Detail::Feedback(feedback) => ("feedback", feedback.as_ref().map(answered).unwrap_or_default()),
        Detail::Order(order) => ("order", order.as_ref().map(ordered).unwrap_or_default()),
        Detail::Observation(observation) => ("observation", observation.as_ref().map(|o| listed(&o.code)).unwrap_or_default()),
    }
}

fn encountered(encounter: &Encounter<'_>) -> String {
    let minutes = encounter.minutes.map(|minutes| format!(", {minutes} minutes")).unwrap_or_default();
    format!("{}, {}{minutes}", word(&encounter.status), word(&encounter.mode))
}

fn prescribed(drug: &Prescription<'_>) -> String {
    let code = match &drug.reference {
        Some(reference) if drug.drug.is_empty() => reference.to_string(),
        _ => listed(&drug.drug),
    };
    let repeat = if drug.repeat { ", repeat" } else { "" };
    let quantity = drug.quantity_milli.map_or_else(|| "unknown".to_owned(), thousandths);
    let cost = drug.cost_pence.map_or_else(|| "unknown cost".to_owned(), |pence| format!("{pence} pence"));
    format!("{code}, quantity {quantity} in {}, {cost}{repeat}", counted(drug.items))
}

/// The codings of a concept, `no code` where the source sent none.
fn listed(codes: &Codes<'_>) -> String {
    if codes.is_empty() {
        return "no code".to_owned();
    }
    codes.iter().map(|code| code.strip_prefix("bnf|").unwrap_or(code)).collect::<Vec<_>>().join(" ")
}

fn thousandths(milli: u32) -> String {
    let (whole, rest) = (milli / 1000, milli % 1000);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:03}").trim_end_matches('0').to_owned() }
}

fn counted(items: u16) -> String {
    if items == 1 { "1 item".to_owned() } else { format!("{items} items") }
}

fn answered(feedback: &Feedback<'_>) -> String {
    let overall = feedback.answer.iter().map(word);
    let items = feedback.items.iter().map(|(question, answer)| format!("{question} {answer}"));
    overall.chain(items).collect::<Vec<_>>().join(", ")
}

fn ordered(order: &Order<'_>) -> String {
    let code = if order.code.is_empty() { String::new() } else { format!(", {}", listed(&order.code)) };
    let category = order.category.iter().map(|category| category.strip_prefix("plumbline|").unwrap_or(category));
    format!("{}{code}", category.collect::<Vec<_>>().join(" "))
}

/// The word of an enum in the published format.
fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).expect("a word can be written");
    value.as_str().expect("these enums are words").to_owned()
}

//! The answer of the oracle: every card that must be published, computed from the log alone by brute force.
//!
//! The oracle keeps every version and computes groups and contents of every cut from all rows again. It shares no code with the
//! engine. A card has a new content when one of these fields differs; all other fields follow from them:
//!
//! - status (a final card with the same content stays final), role, locum, network and locality
//! - attended encounters, minutes, items and responses of each window
//! - n, d, facts in both, pca and suppression of each measure's headline window, n and d of each of its 24 months
//! - the unit's own sum of squares (kinds mean, amount, share), quantities and costs (measures with a saving)
//! - the network of the role where it has 10 members: the groups of a provisional month change at the first cut of each week, once
//!   enough members differ
//! - the planned minutes of no-shows, the unmapped items and the encounters of unknown status of 12 months

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::calendar::{London, Month};
use crate::oracle::answer_card::key;
use crate::oracle::colleagues::Groups;
use crate::oracle::delivery_reader::Version;
use crate::oracle::fold::{Fold, Row};
use crate::oracle::measure_file::Measure;
use crate::oracle::month_state::{MonthState, MonthStates};
use crate::oracle::registry::{Staff, Unit};
use crate::oracle::sendings::{MissingData, PracticeTraffic};
use crate::oracle::sums::FACTS;
use crate::oracle::unit_gaps::UnitGaps;
use crate::oracle::unit_months::{Books, UnitMonth};

pub use crate::oracle::answer_card::{MeasureAnswer, OracleComparison, OracleContent, Workload};
pub use crate::oracle::delivery_reader::BadDelivery;
pub use crate::oracle::fold::OracleOutcomes;
pub use crate::oracle::measure_file::BadMeasureFile;
pub use crate::oracle::registry::BadRegistry;

/// One feed and its events.
#[derive(Clone, Debug)]
pub struct FeedLog {
    /// The name.
    pub feed: String,
    /// The practice of its declaration.
    pub practice: Option<String>,
    /// Accepted native events as JSON, in the order of the log. Append times only decide which facts a tally may forget, and
    /// forgetting must change no card.
    pub events: Vec<String>,
    /// Four signs of the patient of each event, as intake wrote them: a set bit is +1. An event without an entry has the bits 0.
    pub signs: Vec<u8>,
}

/// The outcome of a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutOutcome {
    /// The cut published cards.
    Published,
    /// The cut only sealed months.
    Skipped,
}

/// One cut.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The instant, milliseconds since 1970-01-01T00:00Z.
    pub at: i64,
    /// Number of events of each feed before the tick of the cut, in the order of the feeds.
    pub before: Vec<usize>,
    /// Published or skipped.
    pub outcome: CutOutcome,
}

/// The input of the oracle.
#[derive(Clone, Debug)]
pub struct CutQuestion<'a> {
    /// Every feed.
    pub feeds: &'a [FeedLog],
    /// The registry as NDJSON. It applies from the first cut on.
    pub registry: &'a str,
    /// Name and text of each measure file.
    pub measures: &'a [(String, String)],
    /// The deployment's first publication instant, milliseconds since 1970-01-01T00:00Z.
    pub first: i64,
    /// All counting ticks in order.
    pub cuts: &'a [Cut],
}

/// One revision that must be published.
#[derive(Clone, Debug, PartialEq)]
pub struct OracleCard {
    /// Id of the person.
    pub clinician: String,
    /// Practice code; empty for a roll-up.
    pub practice: String,
    /// The month.
    pub month: Month,
    /// 1, 2, 3...
    pub revision: u32,
    /// `provisional`, `final`, `restated` or `withdrawn`.
    pub status: &'static str,
    /// Causes in the words of the card, each with its number of events.
    pub reasons: Vec<(&'static str, i64)>,
    /// The content.
    pub content: OracleContent,
}

/// The revisions of one published cut.
#[derive(Clone, Debug, PartialEq)]
pub struct CutAnswer {
    /// The cut.
    pub at: i64,
    /// New revisions, by month, then clinician, then practice.
    pub cards: Vec<OracleCard>,
}

/// The answer of the oracle.
#[derive(Clone, Debug, PartialEq)]
pub struct OracleAnswer {
    /// The published cuts, in order.
    pub cuts: Vec<CutAnswer>,
    /// Outcomes of the events before the last cut, of a fold that forgets nothing. A tally may have forgotten an event whose
    /// months are all sealed. It then counts as sealed or accepted what counts here as duplicate, stale or conflict.
    pub outcomes: OracleOutcomes,
}

/// Input that the oracle cannot read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// A measure file.
    #[error(transparent)]
    Measure(#[from] BadMeasureFile),
    /// A line of the registry.
    #[error(transparent)]
    Registry(#[from] BadRegistry),
    /// An event.
    #[error(transparent)]
    Delivery(#[from] BadDelivery),
}

/// The last revision of a card.
#[derive(Debug)]
struct Last {
    revision: u32,
    status: &'static str,
    content: OracleContent,
    month: Row,
}

/// The published state before a cut.
struct Publisher<'a> {
    measures: &'a [Measure],
    states: &'a MonthStates,
    last_cut: Option<i64>,
    cards: BTreeMap<Month, BTreeMap<Unit, Last>>,
    /// The groups of each month: those of its week, or the frozen ones.
    groups: BTreeMap<Month, Groups>,
    /// The events of each practice by kind and day, at this cut.
    traffic: Rc<BTreeMap<String, PracticeTraffic>>,
}

/// The state of a month at a cut and at the published cut before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    before: MonthState,
    now: MonthState,
}

impl Step {
    fn is_final(self) -> bool {
        self.now >= MonthState::Final
    }

    fn was_final(self) -> bool {
        self.before >= MonthState::Final
    }

    fn becomes_final(self) -> bool {
        self.is_final() && !self.was_final()
    }
}

/// Computes the cards of every published cut.
///
/// # Errors
/// [`Unreadable`] names the first malformed measure file, registry line or event.
pub fn answer(question: &CutQuestion<'_>) -> Result<OracleAnswer, Unreadable> {
    let mut measures: Vec<Measure> =
        question.measures.iter().map(|(name, text)| Measure::read(name, text)).collect::<Result<_, _>>()?;
    measures.sort_by(|a, b| a.id.cmp(&b.id));
    let staff = Staff::read(question.registry)?;
    let states = MonthStates { london: London::default(), first: question.first };
    let declared = question.feeds.iter().map(|feed| (feed.feed.clone(), feed.practice.clone())).collect();
    let mut fold = Fold::new(&measures, &states, &declared);
    let mut publisher = Publisher {
        measures: &measures,
        states: &states,
        last_cut: None,
        cards: BTreeMap::new(),
        groups: BTreeMap::new(),
        traffic: Rc::default(),
    };
    let mut cuts = Vec::new();
    let mut last: Option<&Cut> = None;
    for cut in question.cuts {
        for (index, log) in question.feeds.iter().enumerate() {
            let from = last.map_or(0, |last| last.before[index]);
            for (place, json) in (from..).zip(&log.events[from..cut.before[index]]) {
                let signs = log.signs.get(place).copied().unwrap_or(0);
                let version = Version::read(json, &states.london)?.with_signs(signs);
                fold.deliver(&log.feed, version, last.map(|last| last.at));
            }
        }
        if cut.outcome == CutOutcome::Published {
            let books = Books { rows: &fold.rows, staff: &staff, measures: &measures };
            let tick = last.map(|last| last.at);
            publisher.traffic = Rc::new(fold.traffic(&staff, tick));
            cuts.push(CutAnswer { at: cut.at, cards: publisher.publish(cut.at, tick, &books) });
        }
        last = Some(cut);
    }
    Ok(OracleAnswer { cuts, outcomes: fold.outcomes })
}

impl Publisher<'_> {
    fn publish(&mut self, at: i64, tick: Option<i64>, books: &Books<'_>) -> Vec<OracleCard> {
        let mut cards = Vec::new();
        for month in books.months() {
            if self.states.at(month, at) >= MonthState::Provisional && !self.states.sealed(month, self.last_cut) {
                cards.extend(self.publish_month(month, at, tick, books));
            }
        }
        self.last_cut = Some(at);
        cards
    }

    /// The missing data that the cards of a month show, where they are frozen.
    fn frozen(&self, month: Month, is_frozen: bool) -> BTreeMap<Unit, BTreeMap<Month, MissingData>> {
        let cards = self.cards.get(&month).into_iter().flatten();
        let shown = cards.filter(|(unit, last)| is_frozen && !unit.is_roll_up() && last.status != "withdrawn");
        shown.map(|(unit, last)| (unit.clone(), last.content.missing.clone())).collect()
    }

    fn publish_month(&mut self, month: Month, at: i64, tick: Option<i64>, books: &Books<'_>) -> Vec<OracleCard> {
        let before = self.last_cut.map_or(MonthState::Running, |last| self.states.at(month, last));
        let step = Step { before, now: self.states.at(month, at) };
        let everybody = before < MonthState::Provisional || step.becomes_final();
        let rows = books.month(month);
        let states = self.states;
        let known = move |month: Month| !states.sealed(month, tick);
        let traffic = self.traffic.clone();
        let frozen = self.frozen(month, step.was_final());
        let gaps = UnitGaps { card: month, traffic: &traffic, known: &known, frozen, observed: RefCell::default() };
        let mut due = self.due(month, &rows, everybody);
        due.extend(self.covered_otherwise(month, step, books, &gaps));
        let is_summed = |unit: &&Unit| books.staff.rolls_up(&unit.person, &unit.practice, month);
        let roll_ups: Vec<Unit> =
            due.iter().filter(is_summed).map(|unit| Unit { practice: String::new(), ..unit.clone() }).collect();
        due.extend(roll_ups);
        let week = self.last_cut.is_none_or(|last| self.states.week(month, last).max(-1) < self.states.week(month, at));
        let known = self.groups.contains_key(&month);
        let new_groups = step.becomes_final() || (!step.is_final() && (week || !known));
        if due.is_empty() && !everybody && !new_groups {
            return Vec::new();
        }
        let units = books.units(month, &gaps);
        if new_groups {
            let formed = Groups::form(self.measures, &units);
            let published = self.groups.get(&month).map(|last| formed.clone().after(last));
            self.groups.insert(month, published.unwrap_or(formed));
        }
        // A month that had no card when it became final has no peers.
        let groups = self.groups.get(&month).cloned().unwrap_or_default();
        let units: BTreeMap<&Unit, &UnitMonth> = units.iter().map(|unit| (&unit.unit, unit)).collect();
        let cards = self.cards.entry(month).or_default();
        let nothing = Row::zero(self.measures.len());
        let mut published = Vec::new();
        for unit in due {
            let content = units.get(&unit).map(|of| OracleContent::of(of, self.measures, &groups));
            let row = rows.get(&unit).unwrap_or(&nothing);
            let Some((status, content)) = revised(content, step, cards.get(&unit)) else { continue };
            let reasons = reasons(step, row, status, &content, cards.get(&unit));
            let revision = cards.get(&unit).map_or(1, |last| last.revision + 1);
            let (clinician, practice) = key(&unit);
            published.push(OracleCard { clinician, practice, month, revision, status, reasons, content: content.clone() });
            cards.insert(unit, Last { revision, status, content, month: row.clone() });
        }
        published
    }

    /// The units whose last revision of a provisional month shows other missing data.
    fn covered_otherwise(&self, month: Month, step: Step, books: &Books<'_>, gaps: &UnitGaps<'_>) -> Vec<Unit> {
        let cards = self.cards.get(&month).into_iter().flatten();
        let shown = cards.filter(|(_, last)| !step.is_final() && last.status != "withdrawn");
        let year = books.year(month);
        shown
            .filter(|(unit, last)| books.missing(unit, &year, gaps) != last.content.missing)
            .map(|(unit, _)| unit.clone())
            .collect()
    }

    /// The units whose cards the cut computes. All units are due when the month is provisional, or final, for the first time.
    ///
    /// Otherwise a unit is due when its own month differs from its last revision. Without a revision a unit at a practice is due
    /// when it has facts. A roll-up is also due when one of the person's practices is; the caller adds those.
    fn due(&self, month: Month, rows: &BTreeMap<Unit, Row>, everybody: bool) -> BTreeSet<Unit> {
        let none = BTreeMap::new();
        let cards = self.cards.get(&month).unwrap_or(&none);
        let differs = |unit: &Unit| match cards.get(unit) {
            Some(last) => rows.get(unit).map(|row| &row.sums) != Some(&last.month.sums),
            None => !unit.is_roll_up() && rows[unit].sums.base(FACTS) > 0,
        };
        rows.keys().chain(cards.keys()).filter(|unit| everybody || differs(unit)).cloned().collect()
    }
}

/// Status and content of a new revision; `None` when the last one has the same.
fn revised(content: Option<OracleContent>, step: Step, last: Option<&Last>) -> Option<(&'static str, OracleContent)> {
    let Some(content) = content else {
        return last.filter(|last| last.status != "withdrawn").map(|_| ("withdrawn", OracleContent::withdrawn()));
    };
    let status = match last {
        _ if !step.is_final() => "provisional",
        Some(_) if step.was_final() => "restated",
        _ => "final",
    };
    let same = |last: &Last| {
        let stays = last.status == status || (last.status, status) == ("final", "restated");
        stays && last.content == content
    };
    (!last.is_some_and(same)).then_some((status, content))
}

fn reasons(step: Step, row: &Row, status: &str, content: &OracleContent, last: Option<&Last>) -> Vec<(&'static str, i64)> {
    let Some(last) = last else {
        return vec![(if step.was_final() { "late" } else { "first" }, row.recorded)];
    };
    let mut reasons = Vec::new();
    if step.becomes_final() {
        reasons.push(("final", 0));
    }
    let both_published = status != "withdrawn" && last.status != "withdrawn";
    if both_published && content.missing != last.content.missing {
        reasons.push(("coverage", 0));
    }
    let grown = [
        ("late", row.recorded - last.month.recorded),
        ("amended", row.amended - last.month.amended),
        ("retracted", row.retracted - last.month.retracted),
    ];
    reasons.extend(grown.into_iter().filter(|(_, events)| *events > 0));
    // A definition arrived later than its event, or the missing data of one practice of a roll-up changed without those of all.
    if reasons.is_empty() {
        reasons.push(("coverage", 0));
    }
    reasons
}

#[cfg(test)]
mod tests;

//! The brute-force answer: every card that must be published, computed from the log alone, the naive way.
//!
//! Every version is kept and nothing forgotten; at every cut groups and contents are computed anew from all rows. Nothing is shared
//! with the code that is judged. What is compared to decide whether a card has a new content: status (a final card that says the
//! same stays final), role, locum, network and locality; attended encounters, minutes, items and responses of each window; of each
//! measure and window n, d, facts in both, pca, suppression, the unit's own sum of squares (kinds mean, amount, share), quantities
//! and costs (measures with a saving), and the shown peer group with all its members and theirs; points and saving of the headline
//! window, numerator and denominator of its 12 months, and the whole network of the role where it is large enough for control
//! limits; composite; planned minutes of no-shows.
//! Everything else on a card follows from these.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::{London, Month};
use crate::oracle::answer_card::key;
use crate::oracle::colleagues::{Groups, Thresholds};
use crate::oracle::delivery_reader::Version;
use crate::oracle::fold::{Fold, Row};
use crate::oracle::measure_file::Measure;
use crate::oracle::month_age::{Age, Ages};
use crate::oracle::registry::{Staff, Unit};
use crate::oracle::sums::FACTS;
use crate::oracle::unit_months::{Books, UnitMonth};

pub use crate::oracle::answer_card::{MeasureAnswer, OracleComparison, OracleComposite, OracleContent, WindowAnswer, Workload};
pub use crate::oracle::delivery_reader::BadDelivery;
pub use crate::oracle::dispersion::{NetworkPosition, OracleTrend};
pub use crate::oracle::fold::OracleOutcomes;
pub use crate::oracle::measure_file::BadMeasureFile;
pub use crate::oracle::registry::BadRegistry;

/// One feed, as its log was written.
#[derive(Clone, Debug)]
pub struct FeedLog {
    /// Its name.
    pub feed: String,
    /// The practice that its declaration names.
    pub practice: Option<String>,
    /// Accepted native events as JSON, in the order of the log. When they were appended decides only what a tally may forget, and
    /// forgetting must change no card.
    pub events: Vec<String>,
}

/// Whether a cut was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Cards went out.
    Published,
    /// It only sealed months for the tally.
    Skipped,
}

/// One cut.
#[derive(Clone, Debug)]
pub struct Cut {
    /// Its instant, milliseconds since 1970-01-01T00:00Z.
    pub at: i64,
    /// How many events of each feed lie before its tick, by the feed's place in the list of logs.
    pub before: Vec<usize>,
    /// Whether it was published.
    pub fate: Fate,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct CutQuestion<'a> {
    /// Every feed.
    pub feeds: &'a [FeedLog],
    /// The registry as NDJSON, as it is from the first cut on.
    pub registry: &'a str,
    /// Name and text of each measure file.
    pub measures: &'a [(String, String)],
    /// The deployment's first publication instant, milliseconds since 1970-01-01T00:00Z.
    pub first: i64,
    /// All counting ticks in order.
    pub cuts: &'a [Cut],
}

/// One revision that must have been published.
#[derive(Clone, Debug, PartialEq)]
pub struct OracleCard {
    /// Id of the person.
    pub clinician: String,
    /// Practice code; empty on a roll-up.
    pub practice: String,
    /// The month.
    pub month: Month,
    /// 1, 2, 3...
    pub revision: u32,
    /// `provisional`, `final`, `restated` or `withdrawn`.
    pub status: &'static str,
    /// Cause, as the card names it, and number of events.
    pub reasons: Vec<(&'static str, i64)>,
    /// What it says.
    pub content: OracleContent,
}

/// What one published cut must have published.
#[derive(Clone, Debug, PartialEq)]
pub struct CutAnswer {
    /// The cut.
    pub at: i64,
    /// New revisions, by month, then clinician, then practice.
    pub cards: Vec<OracleCard>,
}

/// The whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct OracleAnswer {
    /// One for each cut that was published, in order.
    pub cuts: Vec<CutAnswer>,
    /// What became of the events before the last cut, had nothing been forgotten: of an event whose months are all sealed a tally
    /// may count as sealed or accepted what counts here as duplicate, stale or conflict.
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

/// What was published up to a cut.
struct Publisher<'a> {
    measures: &'a [Measure],
    ages: &'a Ages,
    last_cut: Option<i64>,
    cards: BTreeMap<Month, BTreeMap<Unit, Last>>,
    frozen: BTreeMap<Month, Groups>,
    /// By the first month of their quarter.
    thresholds: BTreeMap<Month, Thresholds>,
}

/// The phase in which a month is at a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    Freezing,
    Frozen,
}

/// Answers a question.
///
/// # Errors
/// [`Unreadable`] names the first measure file, line of the registry or event that is none.
pub fn answer(question: &CutQuestion<'_>) -> Result<OracleAnswer, Unreadable> {
    let mut measures: Vec<Measure> =
        question.measures.iter().map(|(name, text)| Measure::read(name, text)).collect::<Result<_, _>>()?;
    measures.sort_by(|a, b| a.id.cmp(&b.id));
    let staff = Staff::read(question.registry)?;
    let ages = Ages { london: London::default(), first: question.first };
    let declared = question.feeds.iter().map(|feed| (feed.feed.clone(), feed.practice.clone())).collect();
    let mut fold = Fold::new(&measures, &ages, &declared);
    let mut publisher = Publisher {
        measures: &measures,
        ages: &ages,
        last_cut: None,
        cards: BTreeMap::new(),
        frozen: BTreeMap::new(),
        thresholds: BTreeMap::new(),
    };
    let mut cuts = Vec::new();
    let mut last: Option<&Cut> = None;
    for cut in question.cuts {
        for (place, log) in question.feeds.iter().enumerate() {
            let from = last.map_or(0, |last| last.before[place]);
            for json in &log.events[from..cut.before[place]] {
                fold.deliver(&log.feed, Version::read(json, &ages.london)?, last.map(|last| last.at));
            }
        }
        if cut.fate == Fate::Published {
            let books = Books { rows: &fold.rows, staff: &staff, measures: measures.len() };
            cuts.push(CutAnswer { at: cut.at, cards: publisher.publish(cut.at, &books) });
        }
        last = Some(cut);
    }
    Ok(OracleAnswer { cuts, outcomes: fold.outcomes })
}

impl Publisher<'_> {
    fn publish(&mut self, at: i64, books: &Books<'_>) -> Vec<OracleCard> {
        let mut cards = Vec::new();
        for month in books.months() {
            self.begin_quarter(month, at, books);
        }
        for month in books.months() {
            if self.ages.at(month, at) >= Age::Provisional && !self.ages.sealed(month, self.last_cut) {
                cards.extend(self.publish_month(month, at, books));
            }
        }
        self.last_cut = Some(at);
        cards
    }

    /// The first time that a quarter's first month is provisional its thresholds are taken from the month before.
    fn begin_quarter(&mut self, before: Month, at: i64, books: &Books<'_>) {
        let quarter = before.plus(1);
        let begins = quarter.quarter() == quarter
            && self.ages.at(quarter, at) >= Age::Provisional
            && self.last_cut.is_none_or(|last| self.ages.at(quarter, last) < Age::Provisional);
        if begins && !self.ages.sealed(before, self.last_cut) {
            let live = || Groups::form(self.measures, &books.units(before));
            let groups = self.frozen.get(&before).cloned().unwrap_or_else(live);
            self.thresholds.insert(quarter, groups.thresholds(self.measures));
        }
    }

    fn publish_month(&mut self, month: Month, at: i64, books: &Books<'_>) -> Vec<OracleCard> {
        let age_before = self.last_cut.map_or(Age::Running, |last| self.ages.at(month, last));
        let phase = match self.ages.at(month, at) >= Age::Final {
            false => Phase::Open,
            true if age_before < Age::Final => Phase::Freezing,
            true => Phase::Frozen,
        };
        let everybody = age_before < Age::Provisional || phase == Phase::Freezing;
        let rows = books.month(month);
        let due = self.due(month, &rows, everybody);
        if due.is_empty() && !everybody {
            return Vec::new();
        }
        let units = books.units(month);
        if phase == Phase::Freezing {
            self.frozen.insert(month, Groups::form(self.measures, &units));
        }
        let groups = match phase {
            Phase::Open => Groups::form(self.measures, &units),
            // Where nobody had a card when the month became final there is nobody to compare with.
            Phase::Freezing | Phase::Frozen => self.frozen.get(&month).cloned().unwrap_or_default(),
        };
        let units: BTreeMap<&Unit, &UnitMonth> = units.iter().map(|unit| (&unit.unit, unit)).collect();
        let none = Thresholds::new();
        let thresholds = self.thresholds.get(&month.quarter()).unwrap_or(&none);
        let cards = self.cards.entry(month).or_default();
        let nothing = Row::zero(self.measures.len());
        let mut published = Vec::new();
        for unit in due {
            let content = units.get(&unit).map(|of| OracleContent::of(of, self.measures, &groups, thresholds));
            let row = rows.get(&unit).unwrap_or(&nothing);
            let Some((status, content)) = revised(content, phase, cards.get(&unit)) else { continue };
            let reasons = reasons(phase, row, cards.get(&unit));
            let revision = cards.get(&unit).map_or(1, |last| last.revision + 1);
            let (clinician, practice) = key(&unit);
            published.push(OracleCard { clinician, practice, month, revision, status, reasons, content: content.clone() });
            cards.insert(unit, Last { revision, status, content, month: row.clone() });
        }
        published
    }

    /// The units whose cards are computed: everybody the first time that the month is provisional and the first time that it is
    /// final; else whose own month holds something else than it did for their last revision. Without one a unit at a practice is
    /// due when it holds facts, and a roll-up when one of the person's practices is.
    fn due(&self, month: Month, rows: &BTreeMap<Unit, Row>, everybody: bool) -> BTreeSet<Unit> {
        let none = BTreeMap::new();
        let cards = self.cards.get(&month).unwrap_or(&none);
        let differs = |unit: &Unit| match cards.get(unit) {
            Some(last) => rows.get(unit).map(|row| &row.sums) != Some(&last.month.sums),
            None => !unit.is_roll_up() && rows[unit].sums.base(FACTS) > 0,
        };
        let moved: BTreeSet<&str> =
            rows.keys().filter(|unit| !unit.is_roll_up() && differs(unit)).map(|unit| unit.person.as_str()).collect();
        let begins = |unit: &Unit| unit.is_roll_up() && !cards.contains_key(unit) && moved.contains(unit.person.as_str());
        rows.keys().chain(cards.keys()).filter(|unit| everybody || differs(unit) || begins(unit)).cloned().collect()
    }
}

/// Status and content of a new revision; `None` when there is nothing new to say.
fn revised(content: Option<OracleContent>, phase: Phase, last: Option<&Last>) -> Option<(&'static str, OracleContent)> {
    let Some(content) = content else {
        return last.filter(|last| last.status != "withdrawn").map(|_| ("withdrawn", OracleContent::withdrawn()));
    };
    let status = match (phase, last) {
        (Phase::Open, _) => "provisional",
        (Phase::Frozen, Some(_)) => "restated",
        (Phase::Freezing, _) | (Phase::Frozen, None) => "final",
    };
    let same = |last: &Last| {
        let stays = last.status == status || (last.status, status) == ("final", "restated");
        stays && last.content == content
    };
    (!last.is_some_and(same)).then_some((status, content))
}

fn reasons(phase: Phase, row: &Row, last: Option<&Last>) -> Vec<(&'static str, i64)> {
    let Some(last) = last else {
        return vec![(if phase == Phase::Frozen { "late" } else { "first" }, row.recorded)];
    };
    let mut reasons = Vec::new();
    if phase == Phase::Freezing {
        reasons.push(("final", 0));
    }
    let grown = [
        ("late", row.recorded - last.month.recorded),
        ("amended", row.amended - last.month.amended),
        ("retracted", row.retracted - last.month.retracted),
    ];
    reasons.extend(grown.into_iter().filter(|(_, events)| *events > 0));
    reasons
}

#[cfg(test)]
mod tests;

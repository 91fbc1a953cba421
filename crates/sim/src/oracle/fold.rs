//! Deliveries into rows. The fold keeps every version in the order of the log and forgets nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Month;
use crate::oracle::delivery_reader::{Kind, Version};
use crate::oracle::measure_file::Measure;
use crate::oracle::month_state::MonthStates;
use crate::oracle::registry::Staff;
use crate::oracle::sendings::PracticeTraffic;
use crate::oracle::sums::{FACTS, Sums, contribution};

/// The key of a row: month, number of the clinician, practice. The oracle adds up the rows of several feeds, and counts the facts of each.
pub(crate) type RowKey = (Month, String, String);

/// The content of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub sums: Sums,
    /// Number of facts of each feed.
    pub feeds: BTreeMap<String, i128>,
    /// Counters that only grow: events that entered the row, amendments of its events, retractions of its events.
    pub recorded: i64,
    pub amended: i64,
    pub retracted: i64,
}

impl Row {
    pub(crate) fn zero(measures: usize) -> Row {
        Row { sums: Sums::zero(measures), feeds: BTreeMap::new(), recorded: 0, amended: 0, retracted: 0 }
    }

    /// The feeds with facts.
    pub(crate) fn sources(&self) -> BTreeSet<&str> {
        self.feeds.iter().filter(|(_, facts)| **facts > 0).map(|(feed, _)| feed.as_str()).collect()
    }

    pub(crate) fn add(&mut self, other: &Row) {
        self.sums.add(&other.sums);
        other.feeds.iter().for_each(|(feed, facts)| *self.feeds.entry(feed.clone()).or_default() += facts);
        self.recorded += other.recorded;
        self.amended += other.amended;
        self.retracted += other.retracted;
    }
}

/// Outcomes of the deliveries of all feeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OracleOutcomes {
    /// Newest versions that record or retract.
    pub accepted: u64,
    /// Versions that the log has already, with the same content.
    pub duplicate: u64,
    /// Versions below the newest one.
    pub stale: u64,
    /// Versions that the log has already, with another content.
    pub conflict: u64,
    /// Newest versions whose month is sealed, and retractions of an event in a sealed month.
    pub sealed: u64,
}

type EventKey = (String, String);

struct Fact {
    /// All versions in the order of the log.
    versions: Vec<Version>,
    /// The index of the newest version.
    newest: usize,
    row: Option<RowKey>,
    /// The cell of its patient: its own, else that of its encounter.
    cell: Option<usize>,
    adds: Sums,
}

impl Fact {
    fn version(&self) -> &Version {
        &self.versions[self.newest]
    }
}

/// The fold of all feeds.
pub(crate) struct Fold<'a> {
    measures: &'a [Measure],
    states: &'a MonthStates,
    /// The declared practice of each feed.
    declared: &'a BTreeMap<String, Option<String>>,
    facts: BTreeMap<EventKey, Fact>,
    /// The events that ever linked an event, by the linked event.
    named_by: BTreeMap<EventKey, BTreeSet<String>>,
    pub rows: BTreeMap<RowKey, Row>,
    pub outcomes: OracleOutcomes,
}

impl<'a> Fold<'a> {
    pub(crate) fn new(
        measures: &'a [Measure],
        states: &'a MonthStates,
        declared: &'a BTreeMap<String, Option<String>>,
    ) -> Fold<'a> {
        Fold {
            measures,
            states,
            declared,
            facts: BTreeMap::new(),
            named_by: BTreeMap::new(),
            rows: BTreeMap::new(),
            outcomes: OracleOutcomes::default(),
        }
    }

    /// Applies the next delivery of a feed, between the cut `last` and the next one.
    pub(crate) fn deliver(&mut self, feed: &str, version: Version, last: Option<i64>) {
        let key = (feed.to_owned(), version.id.clone());
        let Some(fact) = self.facts.get_mut(&key) else {
            return self.begin(key, version, last);
        };
        let newest = fact.version();
        if version.version <= newest.version {
            if version.version < newest.version {
                self.outcomes.stale += 1;
            } else if version == *newest {
                self.outcomes.duplicate += 1;
            } else {
                self.outcomes.conflict += 1;
            }
            fact.versions.push(version);
            return;
        }
        fact.versions.push(version);
        fact.newest = fact.versions.len() - 1;
        let was_sealed = fact.row.as_ref().is_some_and(|row| self.states.sealed(row.0, last));
        let before = self.leave(&key, last);
        self.win(&key, before, was_sealed, last);
    }

    /// The events of each practice by feed, kind and day, of months that are not sealed after the cut `last`.
    pub(crate) fn traffic(&self, staff: &Staff, last: Option<i64>) -> BTreeMap<String, PracticeTraffic> {
        let mut traffic: BTreeMap<String, PracticeTraffic> = BTreeMap::new();
        for ((feed, _), fact) in &self.facts {
            let (Some((month, _, practice)), version) = (&fact.row, fact.version()) else { continue };
            if version.excluded.is_some() || self.states.sealed(*month, last) {
                continue;
            }
            let practice = staff.practice_of(practice, month.last_day());
            let day = version.day.filter(|day| Month::of(*day) == *month).unwrap_or(month.first_day());
            let of_practice = traffic.entry(practice).or_default();
            kinds(&version.kind).into_iter().for_each(|kind| of_practice.count(feed, kind, day));
        }
        traffic
    }

    fn begin(&mut self, key: EventKey, version: Version, last: Option<i64>) {
        let adds = Sums::zero(self.measures.len());
        self.facts.insert(key.clone(), Fact { versions: vec![version], newest: 0, row: None, cell: None, adds });
        self.win(&key, None, false, last);
    }

    /// Moves the newest version of an event to its row, then resolves every link to the event again.
    fn win(&mut self, key: &EventKey, before: Option<RowKey>, was_sealed: bool, last: Option<i64>) {
        let (retraction, link) = (self.facts[key].version().retraction, self.facts[key].version().link.clone());
        // A version whose day is in a sealed month restores no event that is in no row, even through a link.
        let own = self.facts[key].version().day.map(Month::of);
        let past = before.is_none() && !retraction && own.is_some_and(|month| self.states.sealed(month, last));
        let (place, sealed) = if past { (None, true) } else { self.place(key, last) };
        if sealed || (retraction && was_sealed) {
            self.outcomes.sealed += 1;
        } else {
            self.outcomes.accepted += 1;
        }
        self.count_move(before.as_ref(), place.as_ref());
        self.stand(key, place, last);
        if let Some(link) = link {
            self.named_by.entry((key.0.clone(), link)).or_default().insert(key.1.clone());
        }
        for id in self.named_by.get(key).cloned().unwrap_or_default() {
            self.look_again(&(key.0.clone(), id), last);
        }
    }

    /// Moves an event whose link has changed. An event stays where the month of its row is sealed, or the month of its own day
    /// when it is in no row.
    fn look_again(&mut self, key: &EventKey, last: Option<i64>) {
        let stands = self.facts[key].row.clone();
        let own = self.facts[key].version().day.map(Month::of);
        let month = stands.as_ref().map(|row| row.0).or(own);
        if month.is_some_and(|month| self.states.sealed(month, last)) {
            return;
        }
        let (place, _) = self.place(key, last);
        if place == stands && !self.is_of_another_cell(key, last) {
            return;
        }
        let before = self.leave(key, last);
        self.count_move(before.as_ref(), place.as_ref());
        self.stand(key, place, last);
    }

    /// Removes an event from its row and returns the row. A row of a sealed month does not change and counts as no row.
    fn leave(&mut self, key: &EventKey, last: Option<i64>) -> Option<RowKey> {
        let fact = self.facts.get_mut(key).expect("only known events leave");
        let row = fact.row.take().filter(|row| !self.states.sealed(row.0, last))?;
        let stood = self.rows.get_mut(&row).expect("it stood there");
        stood.sums.take(&fact.adds);
        *stood.feeds.entry(key.0.clone()).or_default() -= fact.adds.base(FACTS);
        Some(row)
    }

    /// Whether the patient of an event is now in another cell, and a measure that counts such events adjusts.
    fn is_of_another_cell(&self, key: &EventKey, last: Option<i64>) -> bool {
        let fact = &self.facts[key];
        let kind = match fact.version().kind {
            Kind::Encounter { .. } => "encounter",
            Kind::Prescription { .. } => "prescription",
            Kind::Feedback { .. } => "feedback",
            Kind::Order { .. } => "order",
            Kind::Nothing(_) => return false,
        };
        fact.cell != self.cell(key, last) && self.measures.iter().any(|measure| measure.adjusts_kind(kind))
    }

    /// The cell of an event's patient: its own, else that of the encounter that it links.
    fn cell(&self, key: &EventKey, last: Option<i64>) -> Option<usize> {
        let version = self.facts[key].version();
        version.patient.cell.or_else(|| self.target(&key.0, version, last)?.patient.cell)
    }

    fn stand(&mut self, key: &EventKey, place: Option<RowKey>, last: Option<i64>) {
        let cell = self.cell(key, last);
        let fact = self.facts.get_mut(key).expect("only known events have a row");
        fact.row.clone_from(&place);
        fact.cell = cell;
        if let Some(row) = place {
            fact.adds = contribution(fact.version(), self.measures, cell);
            let stands = self.rows.entry(row).or_insert_with(|| Row::zero(self.measures.len()));
            stands.sums.add(&fact.adds);
            *stands.feeds.entry(key.0.clone()).or_default() += fact.adds.base(FACTS);
        }
    }

    fn count_move(&mut self, before: Option<&RowKey>, after: Option<&RowKey>) {
        let mut row = |key: &RowKey, count: fn(&mut Row)| {
            count(self.rows.entry(key.clone()).or_insert_with(|| Row::zero(self.measures.len())));
        };
        match (before, after) {
            (None, Some(new)) => row(new, |r| r.recorded += 1),
            (Some(old), None) => row(old, |r| r.retracted += 1),
            (Some(old), Some(new)) => {
                // An event from two or more months earlier is new in its row.
                let is_new = old.0.plus(2) <= new.0;
                row(new, if is_new { |r| r.recorded += 1 } else { |r| r.amended += 1 });
                if old != new {
                    row(old, |r| r.amended += 1);
                }
            }
            (None, None) => {}
        }
    }

    /// The row of the newest version of an event, and whether its month is sealed, so that the event has no row.
    fn place(&self, key: &EventKey, last: Option<i64>) -> (Option<RowKey>, bool) {
        let version = self.facts[key].version();
        if version.retraction {
            return (None, false);
        }
        let target = self.target(&key.0, version, last);
        let linked_day = target.filter(|_| matches!(version.kind, Kind::Feedback { .. })).and_then(|t| t.day);
        let Some(month) = linked_day.or(version.day).map(Month::of) else { return (None, false) };
        if self.states.sealed(month, last) {
            return (None, true);
        }
        let clinician = version.clinician.clone().or_else(|| target?.clinician.clone());
        let declared = || self.declared.get(&key.0).cloned().flatten();
        let practice = version.practice.clone().or_else(|| target?.practice.clone()).or_else(declared);
        let practice = practice.unwrap_or_else(|| "unknown".to_owned());
        (clinician.map(|clinician| (month, clinician, practice)), false)
    }

    /// The encounter that an event links, if it is recorded and its month is not sealed.
    fn target(&self, feed: &str, version: &Version, last: Option<i64>) -> Option<&Version> {
        let named = (feed.to_owned(), version.link.clone()?);
        let target = self.facts.get(&named)?.version();
        let open = target.day.is_some_and(|day| !self.states.sealed(Month::of(day), last));
        (matches!(target.kind, Kind::Encounter { .. }) && open).then_some(target)
    }
}

/// The kinds of data that an event carries.
fn kinds(kind: &Kind) -> Vec<&'static str> {
    let sent = |fields: &[(&'static str, bool)]| fields.iter().filter(|(_, sent)| *sent).map(|(kind, _)| *kind).collect();
    match kind {
        Kind::Encounter { minutes, lag_days, .. } => {
            sent(&[("attendance", true), ("minutes", minutes.is_some()), ("booking", lag_days.is_some())])
        }
        Kind::Prescription { quantity, cost, .. } => {
            sent(&[("prescriptions", true), ("quantities", quantity.is_some()), ("costs", cost.is_some())])
        }
        Kind::Feedback { .. } => vec!["feedback"],
        Kind::Order { category, .. } => match category.as_str() {
            "referral" => vec!["referrals"],
            "test" => vec!["tests"],
            _ => vec!["imaging"],
        },
        Kind::Nothing(_) => Vec::new(),
    }
}

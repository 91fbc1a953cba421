//! Deliveries into rows, by the rules and nothing else: every version is kept, in the order of the log, and nothing forgotten.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Month;
use crate::oracle::delivery_reader::{Kind, Version};
use crate::oracle::measure_file::Measure;
use crate::oracle::month_age::Ages;
use crate::oracle::sums::{Sums, contribution};

/// Whose month a row is: (month, number of the clinician, practice). Rows of several feeds are added up: nothing asks for them
/// singly.
pub(crate) type RowKey = (Month, String, String);

/// What a row holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub sums: Sums,
    /// Cumulative: events that came to stand here, amendments of what stands here, events taken back.
    pub recorded: i64,
    pub amended: i64,
    pub retracted: i64,
}

impl Row {
    pub(crate) fn zero(measures: usize) -> Row {
        Row { sums: Sums::zero(measures), recorded: 0, amended: 0, retracted: 0 }
    }

    pub(crate) fn add(&mut self, other: &Row) {
        self.sums.add(&other.sums);
        self.recorded += other.recorded;
        self.amended += other.amended;
        self.retracted += other.retracted;
    }
}

/// What became of the deliveries of all feeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OracleOutcomes {
    /// Newest versions that count or take back.
    pub accepted: u64,
    /// Versions that were there with the same content.
    pub duplicate: u64,
    /// Lower versions than the one that was there.
    pub stale: u64,
    /// Versions that were there with another content.
    pub conflict: u64,
    /// Newest versions whose month is sealed, and retractions of what stands in one.
    pub sealed: u64,
}

type EventKey = (String, String);

struct Fact {
    /// All versions in the order of the log.
    versions: Vec<Version>,
    /// Which of them is the newest.
    newest: usize,
    row: Option<RowKey>,
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
    ages: &'a Ages,
    /// The declared practice of each feed.
    declared: &'a BTreeMap<String, Option<String>>,
    facts: BTreeMap<EventKey, Fact>,
    /// By the event that is named, those that ever named it.
    named_by: BTreeMap<EventKey, BTreeSet<String>>,
    pub rows: BTreeMap<RowKey, Row>,
    pub outcomes: OracleOutcomes,
}

impl<'a> Fold<'a> {
    pub(crate) fn new(measures: &'a [Measure], ages: &'a Ages, declared: &'a BTreeMap<String, Option<String>>) -> Fold<'a> {
        Fold {
            measures,
            ages,
            declared,
            facts: BTreeMap::new(),
            named_by: BTreeMap::new(),
            rows: BTreeMap::new(),
            outcomes: OracleOutcomes::default(),
        }
    }

    /// Takes the next delivery of a feed, after the cut `last` and before the next.
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
        let was_sealed = fact.row.as_ref().is_some_and(|row| self.ages.sealed(row.0, last));
        let before = self.leave(&key, last);
        self.win(&key, before, was_sealed, last);
    }

    fn begin(&mut self, key: EventKey, version: Version, last: Option<i64>) {
        let adds = Sums::zero(self.measures.len());
        self.facts.insert(key.clone(), Fact { versions: vec![version], newest: 0, row: None, adds });
        self.win(&key, None, false, last);
    }

    /// The newest version of an event stands where it belongs; whatever names the event is looked at again.
    fn win(&mut self, key: &EventKey, before: Option<RowKey>, was_sealed: bool, last: Option<i64>) {
        let (retraction, link) = (self.facts[key].version().retraction, self.facts[key].version().link.clone());
        // A version of a day in a sealed month brings nothing back that stood nowhere, whatever it links.
        let own = self.facts[key].version().day.map(Month::of);
        let past = before.is_none() && !retraction && own.is_some_and(|month| self.ages.sealed(month, last));
        let (place, sealed) = if past { (None, true) } else { self.place(key, last) };
        if sealed || (retraction && was_sealed) {
            self.outcomes.sealed += 1;
        } else {
            self.outcomes.accepted += 1;
        }
        self.count_move(before.as_ref(), place.as_ref());
        self.stand(key, place);
        if let Some(link) = link {
            self.named_by.entry((key.0.clone(), link)).or_default().insert(key.1.clone());
        }
        for id in self.named_by.get(key).cloned().unwrap_or_default() {
            self.look_again(&(key.0.clone(), id), last);
        }
    }

    /// An event whose link has changed moves if it belongs elsewhere now, unless the month in which it stands, or of its own day
    /// when it stands nowhere, is sealed: then it stays as it is.
    fn look_again(&mut self, key: &EventKey, last: Option<i64>) {
        let stands = self.facts[key].row.clone();
        let own = self.facts[key].version().day.map(Month::of);
        let month = stands.as_ref().map(|row| row.0).or(own);
        if month.is_some_and(|month| self.ages.sealed(month, last)) {
            return;
        }
        let (place, _) = self.place(key, last);
        if place == stands {
            return;
        }
        let before = self.leave(key, last);
        self.count_move(before.as_ref(), place.as_ref());
        self.stand(key, place);
    }

    /// Takes an event out of its row, which is returned. A row of a sealed month is not touched and counts as nowhere.
    fn leave(&mut self, key: &EventKey, last: Option<i64>) -> Option<RowKey> {
        let fact = self.facts.get_mut(key).expect("only known events leave");
        let row = fact.row.take().filter(|row| !self.ages.sealed(row.0, last))?;
        self.rows.get_mut(&row).expect("it stood there").sums.take(&fact.adds);
        Some(row)
    }

    fn stand(&mut self, key: &EventKey, place: Option<RowKey>) {
        let fact = self.facts.get_mut(key).expect("only known events stand");
        fact.row.clone_from(&place);
        if let Some(row) = place {
            fact.adds = contribution(fact.version(), self.measures);
            self.rows.entry(row).or_insert_with(|| Row::zero(self.measures.len())).sums.add(&fact.adds);
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
                // What comes from two months before or earlier is new in its row.
                let is_new = old.0.plus(2) <= new.0;
                row(new, if is_new { |r| r.recorded += 1 } else { |r| r.amended += 1 });
                if old != new {
                    row(old, |r| r.amended += 1);
                }
            }
            (None, None) => {}
        }
    }

    /// Where the newest version of an event belongs, and whether it belongs to a sealed month and so nowhere.
    fn place(&self, key: &EventKey, last: Option<i64>) -> (Option<RowKey>, bool) {
        let version = self.facts[key].version();
        if version.retraction {
            return (None, false);
        }
        let target = self.target(&key.0, version, last);
        let linked_day = target.filter(|_| matches!(version.kind, Kind::Feedback { .. })).and_then(|t| t.day);
        let Some(month) = linked_day.or(version.day).map(Month::of) else { return (None, false) };
        if self.ages.sealed(month, last) {
            return (None, true);
        }
        let clinician = version.clinician.clone().or_else(|| target?.clinician.clone());
        let declared = || self.declared.get(&key.0).cloned().flatten();
        let practice = version.practice.clone().or_else(|| target?.practice.clone()).or_else(declared);
        let practice = practice.unwrap_or_else(|| "unknown".to_owned());
        (clinician.map(|clinician| (month, clinician, practice)), false)
    }

    /// The encounter that an event names, while that is there, recorded, and of a month that is not sealed.
    fn target(&self, feed: &str, version: &Version, last: Option<i64>) -> Option<&Version> {
        let named = (feed.to_owned(), version.link.clone()?);
        let target = self.facts.get(&named)?.version();
        let open = target.day.is_some_and(|day| !self.ages.sealed(Month::of(day), last));
        (matches!(target.kind, Kind::Encounter { .. }) && open).then_some(target)
    }
}

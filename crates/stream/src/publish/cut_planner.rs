//! What a cut publishes, month by month: which cards are computed, against which peers, and which of them become revisions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scorecard::card::fingerprint::month_sums;
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::roster::Roster;
use scorecard::peer_group::thresholds::{Thresholds, quarter_of};
use scorecard::peer_group::unit::UnitKey;
use scorecard::record::log_record::{FeedCoverage, Mark};
use scorecard::registry::directory::Directory;
use scorecard::scoring::scorer::Scorer;
use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::schedule::Age;

use crate::deployment::Deployment;
use crate::log::LogError;
use crate::publish::month_cards::{MonthCut, Phase, RunHeader};
use crate::publish::published::{LastRevision, PublishedState};
use crate::publish::rosters::{Rosters, whole};
use crate::publish::run::RunWriter;
use crate::rows::ledger::Ground;
use crate::rows::month_units::MonthUnits;
use crate::rows::row_versions::RowVersionStore;

/// Units whose month differs from what their last revision says, by month.
pub(crate) type StaleUnits = BTreeMap<Month, BTreeSet<UnitKey>>;

/// All that a cut's cards depend on.
#[derive(Debug)]
pub(crate) struct CutPlanner<'a> {
    pub deployment: &'a Deployment,
    pub published: &'a PublishedState,
    pub rows: &'a RowVersionStore,
    pub directory: &'a Directory,
    /// The directory at the cut before, if it was another.
    pub before: Option<&'a Directory>,
    /// Sealed months of which rows are missing.
    pub missing: &'a BTreeSet<Month>,
}

impl CutPlanner<'_> {
    /// Publishes everything that this cut does, month by month.
    pub(crate) fn draft(
        &self,
        cut: Timestamp,
        ground: &Ground,
        unsettled: &mut StaleUnits,
        rosters: &mut Rosters,
        draft: &mut RunWriter<'_, '_>,
    ) -> Result<(), LogError> {
        let measures = &self.deployment.measures;
        let before = self.before;
        let feeds = feeds_of(&ground.marks);
        let last_run = self.published.last_run.as_ref();
        let redefined = last_run.is_some_and(|run| run.measure_set != measures.hash());
        let reattributed = before.filter(|_| last_run.is_some()).map(|before| self.reattributed(before)).unwrap_or_default();
        let edition = RunHeader {
            cut,
            engine_version: &self.deployment.engine_version,
            measure_set: measures.hash(),
            redefined,
            reattributed: &reattributed,
            feeds: &feeds,
        };
        let scorer = self.scorer(self.directory);
        let mut units = None;
        for (quarter, before) in self.quarters(cut, redefined) {
            let units = &*units.get_or_insert_with(|| self.units());
            draft.thresholds(quarter, self.thresholds(quarter, before, redefined, units))?;
        }
        for month in self.open_months() {
            let Some(phase) = self.phase(month, cut) else { continue };
            let whole = redefined || self.first_time(month, cut);
            let waiting = unsettled.entry(month).or_default();
            for changed in ground.changed.iter().filter(|changed| changed.month == month) {
                waiting.extend(MonthUnits::concerned(self.directory, &changed.place));
            }
            waiting.extend(self.reattributed_units(month, &reattributed, before));
            if !whole && waiting.is_empty() {
                continue;
            }
            let units = &*units.get_or_insert_with(|| self.units());
            let month_draft = MonthDraft { month, phase, whole, redefined, scorer: &scorer, units, edition: &edition };
            *waiting = self.draft_month(&month_draft, waiting, rosters, draft)?;
        }
        unsettled.retain(|_, waiting| !waiting.is_empty());
        Ok(())
    }

    fn units(&self) -> MonthUnits<'_> {
        MonthUnits::new(self.rows, self.directory, self.missing, self.deployment.measures.measures().len())
    }

    /// The quarters whose thresholds are frozen at this cut, each with the month before it: those whose first month is provisional
    /// for the first time; under a new measure set those that began earlier too.
    fn quarters(&self, cut: Timestamp, redefined: bool) -> Vec<(Month, Month)> {
        let schedule = &self.deployment.schedule;
        let begun = |quarter| schedule.age(quarter, cut) >= Age::Provisional;
        let begins = |quarter| self.last_age(quarter) < Age::Provisional;
        let months = self.open_months().into_iter().map(|before| (before.plus(1), before));
        let quarters = months.filter(|(quarter, _)| quarter_of(*quarter) == *quarter && begun(*quarter));
        quarters.filter(|(quarter, _)| redefined || begins(*quarter)).collect()
    }

    /// What a month was after the last published cut.
    fn last_age(&self, month: Month) -> Age {
        let schedule = &self.deployment.schedule;
        self.published.last_run.as_ref().map_or(Age::Running, |run| schedule.age(month, run.at))
    }

    /// A quarter's thresholds, from the peers of the month before it as they are at this cut, or were frozen.
    fn thresholds(&self, quarter: Month, before: Month, redefined: bool, units: &MonthUnits<'_>) -> Thresholds {
        let scorer = self.scorer(self.directory);
        let live = || whole(before, &scorer, units, Thresholds::default()).into_table();
        let peers = match self.published.frozen.get(&before) {
            Some(frozen) if redefined => frozen.clone().completed_by(live()),
            Some(frozen) => frozen.clone(),
            None => live(),
        };
        let known = self.published.thresholds.get(&quarter).cloned().unwrap_or_default();
        known.completed_by(scorer.thresholds(quarter, &peers))
    }

    fn scorer<'s>(&'s self, directory: &'s Directory) -> Scorer<'s> {
        Scorer { measures: &self.deployment.measures, schedule: &self.deployment.schedule, directory }
    }

    /// Computes the cards of one month that have to be. Returns the units that still differ from their last revision.
    fn draft_month(
        &self,
        cut: &MonthDraft<'_>,
        waiting: &BTreeSet<UnitKey>,
        rosters: &mut Rosters,
        draft: &mut RunWriter<'_, '_>,
    ) -> Result<BTreeSet<UnitKey>, LogError> {
        let month = cut.month;
        let none = BTreeMap::new();
        let last = self.published.cards.get(&month).unwrap_or(&none);
        let quarter = quarter_of(month);
        let thresholds = draft.news.thresholds.get(&quarter).or_else(|| self.published.thresholds.get(&quarter)).cloned();
        let peers = self.peers(cut, &thresholds.unwrap_or_default(), rosters);
        let yardsticks = cut.scorer.benchmarks(month, peers.table());
        let month_cut = MonthCut {
            month,
            phase: cut.phase,
            scorer: cut.scorer,
            units: cut.units,
            yardsticks: &yardsticks,
            edition: cut.edition,
        };
        let keys: BTreeSet<UnitKey> = match cut.whole {
            true => cut.units.of_month(self.directory, month).into_iter().chain(last.keys().cloned()).collect(),
            false => due(cut, waiting, last),
        };
        let mut left = BTreeSet::new();
        for key in keys {
            match month_cut.revise(&key, cut.units.unit(&key, month).as_ref(), last.get(&key)) {
                Some(card) => draft.card(card)?,
                None if last.get(&key).is_some_and(|last| differs(cut.units, &key, month, last)) => {
                    left.insert(key);
                }
                None => {}
            }
        }
        match peers {
            Peers::Before(_) => {}
            Peers::Live(roster) => draft.peers(roster, &self.published.groups)?,
            Peers::Frozen(table) => draft.freeze(month, table)?,
        }
        Ok(left)
    }

    /// The peers of a month at this cut.
    fn peers<'p>(&'p self, cut: &MonthDraft<'_>, thresholds: &Thresholds, rosters: &'p mut Rosters) -> Peers<'p> {
        let frozen = self.published.frozen.get(&cut.month).filter(|_| cut.phase == Phase::Frozen);
        if let Some(frozen) = frozen.filter(|_| !cut.whole) {
            return Peers::Before(frozen);
        }
        let mut last = || rosters.last(cut.month, cut.scorer, cut.units, thresholds).frozen();
        match (frozen, cut.phase) {
            (Some(frozen), _) if cut.redefined => Peers::Frozen(frozen.clone().completed_by(last())),
            (Some(frozen), _) => Peers::Before(frozen),
            (None, Phase::Open) => Peers::Live(rosters.current(cut.month, cut.scorer, cut.units, thresholds)),
            (None, Phase::Freezing) => Peers::Frozen(last()),
            (None, Phase::Frozen) if cut.redefined => Peers::Frozen(last()),
            // Nobody had a card when the month became final: there is nobody to compare with.
            (None, Phase::Frozen) => Peers::Frozen(PeerTable::default()),
        }
    }

    /// Months with rows or cards that were open after the last cut.
    fn open_months(&self) -> BTreeSet<Month> {
        let open_from = self.published.open_from(&self.deployment.schedule);
        let mut months = self.rows.months_from(open_from);
        months.extend(self.published.cards.range(open_from..).map(|(month, _)| *month));
        months
    }

    fn phase(&self, month: Month, cut: Timestamp) -> Option<Phase> {
        match self.deployment.schedule.age(month, cut) {
            Age::Running => None,
            Age::Provisional => Some(Phase::Open),
            Age::Final | Age::Sealed if self.was_final(month) => Some(Phase::Frozen),
            Age::Final | Age::Sealed => Some(Phase::Freezing),
        }
    }

    fn was_final(&self, month: Month) -> bool {
        self.last_age(month) >= Age::Final
    }

    /// Whether this is the first published cut at which the month is provisional, or final.
    fn first_time(&self, month: Month, cut: Timestamp) -> bool {
        self.last_age(month) < self.deployment.schedule.age(month, cut).min(Age::Final)
    }

    /// Persons for whom the registry says something else than it said before.
    fn reattributed(&self, before: &Directory) -> BTreeSet<String> {
        let moved = self.rows.places().filter_map(|place| {
            let (old, new) = (before.person_of(&place.0), self.directory.person_of(&place.0));
            (old != new).then(|| [old.to_owned(), new.to_owned()])
        });
        let mut persons: BTreeSet<String> = moved.flatten().collect();
        let scorer = self.scorer(self.directory);
        for (month, cards) in &self.published.cards {
            for (key, last) in cards {
                if scorer.subject(key, *month) != last.subject {
                    persons.insert(key.person.clone());
                }
            }
        }
        persons
    }

    /// The units of these persons in a month, those included that they had before.
    fn reattributed_units(&self, month: Month, persons: &BTreeSet<String>, before: Option<&Directory>) -> Vec<UnitKey> {
        if persons.is_empty() {
            return Vec::new();
        }
        let places = self.rows.places_in(month);
        let now = places.iter().flat_map(|place| MonthUnits::concerned(self.directory, place));
        let then = before.into_iter().flat_map(|b| places.iter().flat_map(move |place| MonthUnits::concerned(b, place)));
        now.chain(then).filter(|key| persons.contains(&key.person)).collect()
    }
}

/// What the cards of a month are held against.
enum Peers<'p> {
    /// Groups that an earlier cut froze.
    Before(&'p PeerTable),
    /// Groups of the cut.
    Live(&'p Roster),
    /// Groups that the cut freezes.
    Frozen(PeerTable),
}

impl Peers<'_> {
    fn table(&self) -> &PeerTable {
        match self {
            Peers::Before(table) => table,
            Peers::Live(roster) => roster.table(),
            Peers::Frozen(table) => table,
        }
    }
}

/// What one month needs at one cut.
struct MonthDraft<'a> {
    month: Month,
    phase: Phase,
    /// Every card of the month is computed.
    whole: bool,
    redefined: bool,
    scorer: &'a Scorer<'a>,
    units: &'a MonthUnits<'a>,
    edition: &'a RunHeader<'a>,
}

/// The units whose cards have to be computed between the cuts at which all of the month are: their own month holds something else
/// than their last revision says, or they are credited otherwise. Without a revision a unit at a practice is due, and a roll-up
/// when one of the person's practices is. A row may change without that: its counters do with every amendment.
fn due(cut: &MonthDraft<'_>, waiting: &BTreeSet<UnitKey>, last: &BTreeMap<UnitKey, LastRevision>) -> BTreeSet<UnitKey> {
    let is_due = |key: &UnitKey| {
        let begins = || !key.is_roll_up() && cut.units.month_sums(key, cut.month).base.facts > 0;
        let moved = last.get(key).map_or_else(begins, |last| differs(cut.units, key, cut.month, last));
        moved || cut.edition.reattributed.contains(&key.person)
    };
    let mut found: BTreeSet<UnitKey> = waiting.iter().filter(|key| is_due(key)).cloned().collect();
    let roll_up = |key: &UnitKey| UnitKey { person: key.person.clone(), practice: String::new() };
    let begun: Vec<UnitKey> = found.iter().map(roll_up).filter(|key| !last.contains_key(key)).collect();
    found.extend(begun);
    found
}

/// Whether the sums of a unit's month are others than those of its last revision.
pub(crate) fn differs(units: &MonthUnits<'_>, key: &UnitKey, month: Month, last: &LastRevision) -> bool {
    month_sums(&units.month_sums(key, month)) != last.month_sums
}

fn feeds_of(marks: &[Mark]) -> BTreeMap<Arc<str>, FeedCoverage> {
    marks.iter().flat_map(|mark| &mark.feeds).map(|feed| (feed.feed.clone(), feed.clone())).collect()
}

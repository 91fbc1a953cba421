//! The plan of a cut, month by month: the cards that are computed, the peers that they compare with, and the new revisions.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use scorecard::card::fingerprint::month_sums;
use scorecard::card::scorecard::Status;
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::peer_week::begins_peer_week;
use scorecard::peer_group::unit::UnitKey;
use scorecard::record::log_record::Mark;
use scorecard::registry::directory::{Directory, RowOwner};
use scorecard::scoring::scorer::Scorer;
use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::month_state::MonthState;

use crate::deployment::Deployment;
use crate::log::LogError;
use crate::publish::coverage_pool::same_flags;
use crate::publish::month_cards::{MonthCut, RunHeader};
use crate::publish::month_states::{MonthStep, MonthSteps};
use crate::publish::published::{LastRevision, PublishedState, quarter_of};
use crate::publish::run::RunWriter;
use crate::rows::ledger::CutBasis;
use crate::rows::month_coverage::{CutFeeds, MonthCoverage};
use crate::rows::month_units::MonthUnits;
use crate::rows::row_versions::RowVersionStore;

/// Units whose month differs from their last revision, by month.
pub(crate) type StaleUnits = BTreeMap<Month, BTreeSet<UnitKey>>;

/// The input of a cut's cards.
#[derive(Debug)]
pub(crate) struct CutPlanner<'a> {
    pub cut: Timestamp,
    /// The feeds of all partitions.
    pub feeds: &'a CutFeeds,
    pub deployment: &'a Deployment,
    pub published: &'a PublishedState,
    pub rows: &'a RowVersionStore,
    pub directory: &'a Directory,
    /// The directory at the previous cut, if it differs.
    pub before: Option<&'a Directory>,
    /// Sealed months with missing rows.
    pub missing: &'a BTreeSet<Month>,
    /// Months with rows or cards that were open after the last cut.
    pub open_months: &'a BTreeSet<Month>,
    /// The states of these months.
    pub steps: &'a MonthSteps,
}

impl CutPlanner<'_> {
    /// Writes all peer groups and cards of this cut, month by month.
    pub(crate) fn write_months(
        &self,
        basis: &CutBasis,
        stale: &mut StaleUnits,
        writer: &mut RunWriter<'_, '_>,
    ) -> Result<(), LogError> {
        let measures = &self.deployment.measures;
        let last_run = self.published.last_run.as_ref();
        let redefined = last_run.is_some_and(|run| run.measure_set != measures.hash());
        let before = self.before.filter(|_| last_run.is_some());
        let reattributed = before.map(|before| self.reattributed(before)).unwrap_or_default();
        let header = RunHeader {
            cut: self.cut,
            engine_version: &self.deployment.engine_version,
            measure_set: measures.hash(),
            redefined,
            reattributed: &reattributed,
            feeds: &self.feeds.by_name,
            open_from: self.published.open_from(&self.deployment.schedule),
        };
        let scorer = self.scorer();
        let mut units = None;
        for (quarter, before) in self.new_quarters(redefined) {
            let units = &*units.get_or_insert_with(|| self.units());
            writer.write_quarter(quarter, self.quarter(quarter, before, redefined, units))?;
        }
        for &month in self.open_months {
            let step = self.steps.of(month);
            if step.now == MonthState::Running {
                continue;
            }
            let whole = redefined || step.is_new();
            let waiting = stale.entry(month).or_default();
            for changed in basis.changed.iter().filter(|changed| changed.month == month) {
                waiting.extend(MonthUnits::units_of(self.directory, &changed.person, month));
            }
            waiting.extend(self.reattributed_units(month, &reattributed));
            let week = self.begins_week(month, step);
            let provisional = step.now < MonthState::Final;
            if !whole && !week && !provisional && waiting.is_empty() {
                continue;
            }
            let units = &*units.get_or_insert_with(|| self.units());
            let coverage = self.coverage(month);
            let covered_otherwise =
                if provisional && !whole { self.covered_otherwise(month, units, &coverage) } else { Vec::new() };
            if !whole && !week && waiting.is_empty() && covered_otherwise.is_empty() {
                continue;
            }
            let (scorer, coverage, header) = (&scorer, &coverage, &header);
            let plan = MonthPlan { month, step, whole, week, redefined, scorer, units, coverage, covered_otherwise, header };
            *waiting = self.write_month(&plan, waiting, writer)?;
        }
        stale.retain(|_, waiting| !waiting.is_empty());
        Ok(())
    }

    fn units(&self) -> MonthUnits<'_> {
        MonthUnits::new(self.rows, self.directory, self.missing, &self.deployment.measures)
    }

    /// The coverage of a month's cards. The cards of a final month keep the flags of the cut that made it final.
    fn coverage(&self, month: Month) -> MonthCoverage {
        let mut coverage = MonthCoverage::observed(&self.deployment.measures, self.feeds, self.directory, month);
        if !self.steps.of(month).was_final() {
            return coverage;
        }
        let cards = self.published.cards.get(&month).into_iter().flatten();
        let shown = cards.filter(|(key, last)| !key.is_roll_up() && last.status != Status::Withdrawn);
        coverage.freeze(shown.map(|(key, last)| (&*key.practice, &*key.person, last.coverage.as_slice())));
        coverage
    }

    /// The units of a provisional month whose last revision shows another coverage.
    fn covered_otherwise(&self, month: Month, units: &MonthUnits<'_>, coverage: &MonthCoverage) -> Vec<UnitKey> {
        let differs = |(key, last): &(&UnitKey, &LastRevision)| {
            last.status != Status::Withdrawn && !same_flags(&units.coverage(key, month, coverage), &last.coverage)
        };
        self.published.cards.get(&month).into_iter().flatten().filter(differs).map(|(key, _)| key.clone()).collect()
    }

    /// Whether this cut forms the groups of a provisional month again.
    fn begins_week(&self, month: Month, step: MonthStep) -> bool {
        let last = self.published.last_run.as_ref().map(|run| run.at);
        step.now < MonthState::Final && begins_peer_week(&self.deployment.schedule, month, last, self.cut)
    }

    /// The quarters whose figures this cut freezes, each with the month before it.
    ///
    /// A quarter is frozen when its first month is provisional for the first time. A new measure set freezes quarters again that
    /// began earlier.
    fn new_quarters(&self, redefined: bool) -> Vec<(Month, Month)> {
        let quarters = self.open_months.iter().map(|before| (before.plus(1), *before));
        let is_due = |quarter: Month| {
            let step = self.steps.of(quarter);
            let begins = step.before < MonthState::Provisional;
            step.now >= MonthState::Provisional && (redefined || begins)
        };
        quarters.filter(|(quarter, _)| quarter_of(*quarter) == *quarter && is_due(*quarter)).collect()
    }

    /// The figures for the points of a quarter, from the peers of the month before it: the published ones, or those of this cut.
    fn quarter(&self, quarter: Month, before: Month, redefined: bool, units: &MonthUnits<'_>) -> PeerTable {
        let formed = || self.formed(before, units, &self.coverage(before));
        let peers = match self.published.peers.get(&before) {
            Some(known) if redefined => known.clone().completed_by(formed()),
            Some(known) => known.clone(),
            None => formed(),
        };
        let known = self.published.quarters.get(&quarter).cloned().unwrap_or_default();
        known.completed_by(peers.for_quarter(quarter))
    }

    /// The groups of a month at this cut. Groups of the last version stay where too few members differ.
    fn formed(&self, month: Month, units: &MonthUnits<'_>, coverage: &MonthCoverage) -> PeerTable {
        let scorer = self.scorer();
        let member = |key: UnitKey| scorer.member(&units.unit(&key, month, coverage)?, month);
        let members = units.of_month(self.directory, month).into_iter().filter_map(member).collect();
        scorer.peers_after(self.published.peers.get(&month), month, self.cut, members)
    }

    fn scorer(&self) -> Scorer<'_> {
        Scorer { measures: &self.deployment.measures, schedule: &self.deployment.schedule, directory: self.directory }
    }

    /// Writes the new revisions and the peers of one month. Returns the units that still differ from their last revision.
    fn write_month(
        &self,
        plan: &MonthPlan<'_>,
        waiting: &BTreeSet<UnitKey>,
        writer: &mut RunWriter<'_, '_>,
    ) -> Result<BTreeSet<UnitKey>, LogError> {
        let month = plan.month;
        let none = BTreeMap::new();
        let last = self.published.cards.get(&month).unwrap_or(&none);
        let quarter = quarter_of(month);
        let quarter = writer.effects.quarters.get(&quarter).or_else(|| self.published.quarters.get(&quarter)).cloned();
        let peers = self.peers(plan);
        let benchmarks = plan.scorer.benchmarks(month, peers.table(), &quarter.unwrap_or_default());
        let month_cut = MonthCut {
            month,
            step: plan.step,
            scorer: plan.scorer,
            units: plan.units,
            benchmarks: &benchmarks,
            header: plan.header,
        };
        let keys: BTreeSet<UnitKey> = match plan.whole {
            true => plan.units.of_month(self.directory, month).into_iter().chain(last.keys().cloned()).collect(),
            false => due_units(plan, waiting, last),
        };
        let mut still_stale = BTreeSet::new();
        for key in keys {
            match month_cut.revise(&key, plan.units.unit(&key, month, plan.coverage).as_ref(), last.get(&key)) {
                Some(card) => writer.write_card(card)?,
                None if last.get(&key).is_some_and(|last| differs(plan.units, &key, month, last)) => {
                    still_stale.insert(key);
                }
                None => {}
            }
        }
        if let Peers::New(table) = peers {
            writer.write_peers(month, self.cut, table, &self.deployment.measures, &self.published.groups)?;
        }
        Ok(still_stale)
    }

    /// The peers of a month at this cut.
    fn peers(&self, plan: &MonthPlan<'_>) -> Peers<'_> {
        let was_final = plan.step.was_final();
        let formed = || self.formed(plan.month, plan.units, plan.coverage);
        let frozen = || formed().frozen();
        match self.published.peers.get(&plan.month) {
            Some(known) if was_final && plan.redefined => Peers::New(known.clone().completed_by(frozen())),
            Some(known) if was_final => Peers::Known(known),
            Some(known) if plan.step.now < MonthState::Final && !plan.week && !plan.redefined => Peers::Known(known),
            _ if plan.step.now < MonthState::Final => Peers::New(formed()),
            _ if plan.redefined || !was_final => Peers::New(frozen()),
            // The month had no card when it became final, so it has no peers.
            _ => Peers::New(PeerTable::default()),
        }
    }

    /// The persons whose rows, practices or roles changed in the registry since the previous cut.
    fn reattributed(&self, before: &Directory) -> BTreeSet<String> {
        let mut persons = BTreeSet::new();
        let mut owners: BTreeMap<Cow<'_, str>, Vec<RowOwner<'_>>> = BTreeMap::new();
        for (clinician, practice) in self.rows.persons() {
            let [old, new] = [before, self.directory].map(|directory| directory.row_owners(clinician, practice));
            if old != new {
                persons.extend(old.into_iter().chain(new).map(|owner| owner.person.into_owned()));
                continue;
            }
            new.into_iter().for_each(|owner| owners.entry(owner.person.clone()).or_default().push(owner));
        }
        for (person, owned) in owners {
            let has_two_practices = owned.iter().any(|owner| owner.practice != owned[0].practice);
            if has_two_practices && owned.iter().any(|owner| rolls_up_otherwise(before, self.directory, owner)) {
                persons.insert(person.into_owned());
            }
        }
        let scorer = self.scorer();
        for (month, cards) in &self.published.cards {
            for (key, last) in cards {
                if scorer.subject(key, *month) != last.subject {
                    persons.insert(key.person.clone());
                }
            }
        }
        persons
    }

    /// The units of these persons in a month, under this cut's registry and under the previous one.
    fn reattributed_units(&self, month: Month, persons: &BTreeSet<String>) -> Vec<UnitKey> {
        if persons.is_empty() {
            return Vec::new();
        }
        let rows = self.rows.persons_in(month);
        let under = |directory| rows.iter().flat_map(move |person| MonthUnits::units_of(directory, person, month));
        under(self.directory).chain(self.before.into_iter().flat_map(under)).filter(|key| persons.contains(&key.person)).collect()
    }
}

/// The peers that the cards of a month compare with.
enum Peers<'p> {
    /// Groups of an earlier cut: those of the week, or the frozen ones.
    Known(&'p PeerTable),
    /// Groups that this cut forms or freezes.
    New(PeerTable),
}

impl Peers<'_> {
    fn table(&self) -> &PeerTable {
        match self {
            Peers::Known(table) => table,
            Peers::New(table) => table,
        }
    }
}

/// The plan of one month at one cut.
struct MonthPlan<'a> {
    month: Month,
    step: MonthStep,
    /// The cut computes every card of the month.
    whole: bool,
    /// The cut forms the groups of the month again.
    week: bool,
    redefined: bool,
    scorer: &'a Scorer<'a>,
    units: &'a MonthUnits<'a>,
    coverage: &'a MonthCoverage,
    /// The units whose last revision shows another coverage.
    covered_otherwise: Vec<UnitKey>,
    header: &'a RunHeader<'a>,
}

/// The units whose cards a cut computes where it does not compute the whole month.
///
/// A unit is due when its month or its coverage differs from its last revision, or when the registry attributes it otherwise. Without a
/// revision a unit at a practice is due. A roll-up is also due when a practice that it sums is. An event that moves between two practices
/// changes no sum of the month, but only one of the practices may leave it out. A changed row alone is no reason: an amendment changes
/// only its counters.
fn due_units(plan: &MonthPlan<'_>, waiting: &BTreeSet<UnitKey>, last: &BTreeMap<UnitKey, LastRevision>) -> BTreeSet<UnitKey> {
    let is_due = |key: &UnitKey| {
        let begins = || !key.is_roll_up() && plan.units.month_sums(key, plan.month).base.facts > 0;
        let changed = last.get(key).map_or_else(begins, |last| differs(plan.units, key, plan.month, last));
        changed || plan.header.reattributed.contains(&key.person)
    };
    let mut due: BTreeSet<UnitKey> = waiting.iter().filter(|key| is_due(key)).chain(&plan.covered_otherwise).cloned().collect();
    let roll_ups: Vec<UnitKey> = due.iter().filter_map(|key| plan.units.roll_up_of(key, plan.month)).collect();
    due.extend(roll_ups);
    due
}

/// Whether a roll-up sums other rows of an owner than under the previous registry.
fn rolls_up_otherwise(before: &Directory, now: &Directory, owner: &RowOwner<'_>) -> bool {
    let spans = |directory: &Directory| directory.roll_up_spans(&owner.person, &owner.practice, &(owner.first..=owner.last));
    spans(before) != spans(now)
}

/// Whether the sums of a unit's month differ from those of its last revision.
pub(crate) fn differs(units: &MonthUnits<'_>, key: &UnitKey, month: Month, last: &LastRevision) -> bool {
    month_sums(&units.month_sums(key, month)) != last.month_sums
}

/// The feeds of all partitions. They hold everything from the latest first open month on.
pub(crate) fn feeds_of(marks: &[Mark]) -> CutFeeds {
    let by_name = marks.iter().flat_map(|mark| &mark.feeds).map(|feed| (feed.feed.clone(), feed.clone())).collect();
    let known_from = marks.iter().map(|mark| mark.open_from).max().unwrap_or(Month::EARLIEST);
    CutFeeds { by_name, known_from }
}

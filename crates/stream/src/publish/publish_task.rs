//! The publish task, the third step of the flow: it verifies the rows of one cut after the other and publishes a run for each.
//!
//! A run is one transaction: the cards that changed, their peer groups and the run record. One instance is active at a time. It
//! fences the others first and then reads back the published state.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::card::fingerprint::run_id;
use scorecard::peer_group::unit::UnitKey;
use scorecard::record::log_record::{Outcome, Run};
use scorecard::time::calendar::{Month, Timestamp};

use crate::deployment::Deployment;
use crate::limits::WINDOW_MONTHS;
use crate::log::{Log, LogError};
use crate::publish::cut_planner::{CutPlanner, StaleUnits, differs, feeds_of};
use crate::publish::month_states::MonthSteps;
use crate::publish::published::{LastRevision, PublishedState};
use crate::publish::run::{RunEffects, RunWriter};
use crate::publish::sealed_rows;
use crate::register::Register;
use crate::relied_tick::ReliedTick;
use crate::rows::ledger::{CutBasis, Ledger, Obstacle};
use crate::rows::month_units::MonthUnits;

/// The one active publisher.
#[derive(Debug)]
pub struct PublishTask<L> {
    log: L,
    deployment: Deployment,
    published: PublishedState,
    ledger: Ledger,
    register: Register,
    stale: StaleUnits,
    /// Sealed months with missing rows.
    missing: BTreeSet<Month>,
    /// The tick of the last run that the last check read.
    turn: usize,
}

impl<L: Log> PublishTask<L> {
    /// Fences every earlier publisher, then reads back the published state [11].
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn new(deployment: &Deployment, mut log: L) -> Result<PublishTask<L>, LogError> {
        log.fence()?;
        let published = PublishedState::read(&mut log, &deployment.schedule)?;
        published.check_whole()?;
        for tick in published.last_run.iter().flat_map(ReliedTick::of_run) {
            tick.check(&mut log)?;
        }
        let mut task = PublishTask {
            ledger: Ledger::new(deployment, &mut log)?,
            register: Register::new(&mut log)?,
            stale: BTreeMap::new(),
            missing: BTreeSet::new(),
            turn: 0,
            deployment: deployment.clone(),
            published,
            log,
        };
        task.resume()?;
        Ok(task)
    }

    /// Publishes the next cut if every partition has a mark of this cut or of a later one; else `None`.
    ///
    /// # Errors
    /// [`LogError`] when the log fails; drop the task and create a new one.
    pub fn step(&mut self) -> Result<Option<Run>, LogError> {
        let schedule = &self.deployment.schedule;
        let cut = self.published.last_cut.map_or(schedule.first, |last| schedule.grid.after(last));
        self.ledger.read(&self.deployment, &mut self.log, self.published.last_cut)?;
        if !self.ledger.is_ready(cut) {
            return Ok(None);
        }
        self.check_ticks()?;
        let open_from = self.published.open_from(&self.deployment.schedule);
        let run = match self.ledger.verify(&self.deployment, &mut self.log, cut, open_from)? {
            Ok(basis) => {
                basis.marks.iter().try_for_each(|mark| ReliedTick::of_mark(mark).check(&mut self.log))?;
                self.publish(cut, &basis)?
            }
            Err(Obstacle::NotReady) => return Ok(None),
            Err(Obstacle::Gone(why)) => self.skip(cut, why)?,
        };
        Ok(Some(run))
    }

    /// Checks that the log still holds what the last run has read. Call it every few seconds: a topic may lose records between two
    /// cuts.
    ///
    /// # Errors
    /// [`LogError::Loss`] when it does not.
    pub fn check(&mut self) -> Result<(), LogError> {
        let ticks: Vec<ReliedTick> = self.published.last_run.iter().flat_map(ReliedTick::of_run).collect();
        ticks.iter().try_for_each(|tick| tick.check_end(&mut self.log))?;
        // A topic that was filled beyond its former end holds other records in every partition: one look at a time finds it.
        self.turn = (self.turn + 1) % ticks.len().max(1);
        ticks.get(self.turn).map_or(Ok(()), |tick| tick.check(&mut self.log))
    }

    /// Checks that the log holds every tick of the last run.
    fn check_ticks(&mut self) -> Result<(), LogError> {
        self.published.last_run.iter().flat_map(ReliedTick::of_run).try_for_each(|tick| tick.check(&mut self.log))
    }

    /// How often publish folded a partition's log itself.
    #[must_use]
    pub fn refolds(&self) -> u64 {
        self.ledger.refolds
    }

    /// The last cut, published or skipped.
    #[must_use]
    pub fn last_cut(&self) -> Option<Timestamp> {
        self.published.last_cut
    }

    /// Restores rows and registry to their state after the last published cut.
    fn resume(&mut self) -> Result<(), LogError> {
        let last = self.published.last_run.clone();
        let done = last.as_ref().map_or(self.published.last_cut, |last| Some(Timestamp(last.at.0 - 1)));
        self.ledger.read(&self.deployment, &mut self.log, done)?;
        self.missing.clone_from(&self.published.unrecorded);
        let Some(last) = last else { return Ok(()) };
        let open_from = self.published.open_from(&self.deployment.schedule);
        self.ledger.resume(&self.deployment, &mut self.log, &last, &sealed_rows::sealing_positions(&self.published))?;
        self.ledger.drop_marks(self.published.last_cut.unwrap_or(last.at));
        let rows = &mut self.ledger.rows;
        rows.seal(open_from, open_from.plus(-WINDOW_MONTHS));
        self.missing.extend(sealed_rows::restore(&self.deployment, &mut self.log, &self.published, rows)?);
        self.register.resume(&mut self.log, last.registry_position)?;
        if last.measure_set == self.deployment.measures.hash() {
            self.find_stale();
        }
        Ok(())
    }

    /// Finds the units whose month differs from their last revision, as a publisher without a restart remembers them.
    fn find_stale(&mut self) {
        let units = MonthUnits::new(&self.ledger.rows, &self.register.directory, &self.missing, &self.deployment.measures);
        for (&month, cards) in &self.published.cards {
            let other = |(key, last): &(&UnitKey, &LastRevision)| differs(&units, key, month, last);
            let found: BTreeSet<UnitKey> = cards.iter().filter(other).map(|(key, _)| key.clone()).collect();
            if !found.is_empty() {
                self.stale.insert(month, found);
            }
        }
    }

    fn publish(&mut self, cut: Timestamp, basis: &CutBasis) -> Result<Run, LogError> {
        let as_of = self.register.advance(&mut self.log, cut)?;
        let open_months = self.open_months();
        let last = self.published.last_run.as_ref().map(|run| run.at);
        let steps = MonthSteps::new(open_months.iter().copied(), &self.deployment.schedule, last, cut);
        let feeds = feeds_of(&basis.marks);
        let planner = CutPlanner {
            cut,
            feeds: &feeds,
            deployment: &self.deployment,
            published: &self.published,
            rows: &self.ledger.rows,
            directory: &self.register.directory,
            before: as_of.before.as_ref(),
            missing: &self.missing,
            open_months: &open_months,
            steps: &steps,
        };
        let mut out = None;
        self.log.append_atomically(&mut |put| {
            let mut writer = RunWriter::new(put);
            planner.write_months(basis, &mut self.stale, &mut writer)?;
            let run = planner.run_record(basis, &writer.effects, as_of.position);
            writer.write_run(&run)?;
            out = Some((run, writer.effects));
            Ok(())
        })?;
        let (run, effects) = out.ok_or(LogError::Unfilled)?;
        self.apply(&run, effects);
        Ok(run)
    }

    /// Months with rows or cards that were open after the last cut.
    fn open_months(&self) -> BTreeSet<Month> {
        let open_from = self.published.open_from(&self.deployment.schedule);
        let mut months = self.ledger.rows.months_from(open_from);
        months.extend(self.published.cards.range(open_from..).map(|(month, _)| *month));
        months
    }

    /// Records that a cut cannot be published. The next run publishes its changes.
    fn skip(&mut self, cut: Timestamp, why: String) -> Result<Run, LogError> {
        let run = Run {
            at: cut,
            id: run_id(cut),
            outcome: Outcome::Skipped(why),
            engine_version: self.deployment.engine_version.clone(),
            measure_set: self.deployment.measures.hash(),
            revisions: 0,
            months: Vec::new(),
            positions: Vec::new(),
            registry_position: self.register.position,
            sealed: Vec::new(),
            refolded: Vec::new(),
        };
        self.log.append_atomically(&mut |put| RunWriter::new(put).write_run(&run))?;
        self.apply(&run, RunEffects::default());
        Ok(run)
    }

    /// Applies a committed run to the published state.
    fn apply(&mut self, run: &Run, effects: RunEffects) {
        let before = self.published.open_from(&self.deployment.schedule);
        self.published.add_run(run.clone(), &self.deployment.schedule);
        self.missing.extend(&self.published.unrecorded);
        self.ledger.drop_marks(run.at);
        for (month, key, mut last) in effects.revisions {
            self.published.coverages.share(&mut last.coverage);
            self.published.cards.entry(month).or_default().insert(key, last);
        }
        self.published.peers.extend(effects.peers);
        self.published.groups.extend(effects.groups);
        self.published.quarters.extend(effects.quarters);
        let open_from = self.published.open_from(&self.deployment.schedule);
        if open_from > before {
            let rows_from = open_from.plus(-WINDOW_MONTHS);
            self.published.drop_before(open_from, rows_from);
            self.ledger.rows.seal(open_from, rows_from);
            self.stale = self.stale.split_off(&open_from);
            self.missing = self.missing.split_off(&rows_from);
        }
    }
}

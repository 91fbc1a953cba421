//! Publish: takes the cuts one by one, verifies their rows, computes the cards that changed and publishes a run in one
//! transaction. Third step of the flow; one instance is active, and it reads back what is published after it has fenced the rest.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::card::fingerprint::run_id;
use scorecard::peer_group::unit::UnitKey;
use scorecard::record::log_record::{Outcome, Run};
use scorecard::time::calendar::{Month, Timestamp};

use crate::deployment::Deployment;
use crate::log::{Log, LogError};
use crate::publish::cut_planner::{CutPlanner, StaleUnits, differs};
use crate::publish::published::{LastRevision, PublishedState, WINDOW_MONTHS};
use crate::publish::rosters::Rosters;
use crate::publish::run::{RunEffects, RunWriter};
use crate::publish::sealed_rows;
use crate::register::Register;
use crate::rows::ledger::{Ground, Ledger, Obstacle};
use crate::rows::month_units::MonthUnits;

/// The one active publisher.
#[derive(Debug)]
pub struct PublishTask<L> {
    log: L,
    deployment: Deployment,
    published: PublishedState,
    ledger: Ledger,
    register: Register,
    unsettled: StaleUnits,
    rosters: Rosters,
    /// Sealed months of which rows are missing.
    missing: BTreeSet<Month>,
}

impl<L: Log> PublishTask<L> {
    /// Fences every earlier publisher, then reads back what is published [11].
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn new(deployment: &Deployment, mut log: L) -> Result<PublishTask<L>, LogError> {
        log.fence()?;
        let published = PublishedState::read(&mut log, &deployment.schedule)?;
        let mut task = PublishTask {
            ledger: Ledger::new(deployment, &mut log)?,
            register: Register::new(&mut log)?,
            unsettled: BTreeMap::new(),
            rosters: Rosters::default(),
            missing: BTreeSet::new(),
            deployment: deployment.clone(),
            published,
            log,
        };
        task.resume()?;
        Ok(task)
    }

    /// Publishes the next cut if every partition has a mark of it or later; `None` when it is not ready.
    ///
    /// # Errors
    /// [`LogError`] when the log fails; drop the task and start it anew.
    pub fn step(&mut self) -> Result<Option<Run>, LogError> {
        let schedule = &self.deployment.schedule;
        let cut = self.published.last_cut.map_or(schedule.first, |last| schedule.grid.after(last));
        self.ledger.read(&self.deployment, &mut self.log, self.published.last_cut)?;
        let open_from = self.published.open_from(schedule);
        let run = match self.ledger.ground(&self.deployment, &mut self.log, cut, open_from)? {
            Ok(ground) => self.publish(cut, &ground)?,
            Err(Obstacle::NotReady) => return Ok(None),
            Err(Obstacle::Gone(why)) => self.skip(cut, why)?,
        };
        Ok(Some(run))
    }

    /// How often publish had to fold a partition's log itself.
    #[must_use]
    pub fn refolds(&self) -> u64 {
        self.ledger.refolds
    }

    /// The last cut that is done with, published or skipped.
    #[must_use]
    pub fn last_cut(&self) -> Option<Timestamp> {
        self.published.last_cut
    }

    /// Brings rows and registry to where the last published cut left them.
    fn resume(&mut self) -> Result<(), LogError> {
        let last = self.published.last_run.clone();
        let before = last.as_ref().map_or(self.published.last_cut, |last| Some(Timestamp(last.at.0 - 1)));
        self.ledger.read(&self.deployment, &mut self.log, before)?;
        self.missing.clone_from(&self.published.unsaid);
        let Some(last) = last else { return Ok(()) };
        let open_from = self.published.open_from(&self.deployment.schedule);
        self.ledger.resume(&self.deployment, &mut self.log, &last, &sealed_rows::positions(&self.published))?;
        self.ledger.forget_marks(self.published.last_cut.unwrap_or(last.at));
        let rows = &mut self.ledger.rows;
        rows.seal(open_from, open_from.plus(-WINDOW_MONTHS));
        self.missing.extend(sealed_rows::restore(&self.deployment, &mut self.log, &self.published, rows)?);
        self.register.resume(&mut self.log, last.registry_position)?;
        if last.measure_set == self.deployment.measures.hash() {
            self.find_unsettled();
        }
        Ok(())
    }

    /// Units that a publisher which never stopped would look at again: their month differs from their last revision's.
    fn find_unsettled(&mut self) {
        let units = MonthUnits::new(
            &self.ledger.rows,
            &self.register.directory,
            &self.missing,
            self.deployment.measures.measures().len(),
        );
        for (&month, cards) in &self.published.cards {
            let other = |(key, last): &(&UnitKey, &LastRevision)| differs(&units, key, month, last);
            let found: BTreeSet<UnitKey> = cards.iter().filter(other).map(|(key, _)| key.clone()).collect();
            if !found.is_empty() {
                self.unsettled.insert(month, found);
            }
        }
    }

    fn publish(&mut self, cut: Timestamp, ground: &Ground) -> Result<Run, LogError> {
        let as_of = self.register.advance(&mut self.log, cut)?;
        let drafting = CutPlanner {
            deployment: &self.deployment,
            published: &self.published,
            rows: &self.ledger.rows,
            directory: &self.register.directory,
            before: as_of.before.as_ref(),
            missing: &self.missing,
        };
        match as_of.before {
            // Who belongs where may be another matter now.
            Some(_) => self.rosters = Rosters::default(),
            None => self.rosters.note(&self.register.directory, ground.changed.iter()),
        }
        let mut out = None;
        self.log.append_atomically(&mut |put| {
            let mut draft = RunWriter::new(put);
            drafting.draft(cut, ground, &mut self.unsettled, &mut self.rosters, &mut draft)?;
            let run = drafting.record(cut, ground, &draft.news, as_of.position);
            draft.close(&run)?;
            out = Some((run, draft.news));
            Ok(())
        })?;
        let (run, news) = out.ok_or(LogError::Unfilled)?;
        self.settle(&run, news);
        Ok(run)
    }

    /// A cut that cannot be published is said to be skipped: the next one says what it would have said.
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
            registry_position: self.register.read,
            sealed: Vec::new(),
            refolded: Vec::new(),
        };
        self.log.append_atomically(&mut |put| RunWriter::new(put).close(&run))?;
        self.settle(&run, RunEffects::default());
        Ok(run)
    }

    /// The run is out: what it says is what is published.
    fn settle(&mut self, run: &Run, news: RunEffects) {
        let before = self.published.open_from(&self.deployment.schedule);
        self.published.keep_run(run.clone(), &self.deployment.schedule);
        self.missing.extend(&self.published.unsaid);
        self.ledger.forget_marks(run.at);
        for (month, key, last) in news.revisions {
            self.published.cards.entry(month).or_default().insert(key, last);
        }
        self.published.frozen.extend(news.frozen);
        self.published.groups.extend(news.groups);
        self.published.thresholds.extend(news.thresholds);
        let open_from = self.published.open_from(&self.deployment.schedule);
        if open_from > before {
            let rows_from = open_from.plus(-WINDOW_MONTHS);
            self.published.forget_before(open_from, rows_from);
            self.ledger.rows.seal(open_from, rows_from);
            self.unsettled = self.unsettled.split_off(&open_from);
            self.rosters.forget_before(open_from);
            self.missing = self.missing.split_off(&rows_from);
        }
    }
}

//! Intake, tallies and publish over one local log in virtual time, for `demo` and `replay`.
//!
//! Between two cuts the clock stops one millisecond before the next cut. The append time of an event is then independent of batches, and
//! so is every card.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use codec::identity::keys::{Keys, fingerprint};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::item::Item;
use scorecard::record::log_record::{Genesis, Outcome, Run};
use scorecard::registry::person_details::PersonDetails;
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::month_state::MonthState;
use scorecard::time::schedule::Grid;
use stream::deployment::{Deployment, FORMAT, schedule_of, settle_genesis};
use stream::intake::intake_task::{Intake, IntakeCounts};
use stream::people::People;
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::{Outcomes, TallyTask};

use crate::config::keys_file::identity_seed;
use crate::log::local_log::LocalLog;
use crate::process::clock::Clock;
use crate::process::limits::RECORDS_PER_STEP;

/// The parameters of a pipeline.
#[derive(Clone, Debug)]
pub struct PipelineSetup {
    /// The zone whose calendar months are used.
    pub zone: Zone,
    /// The first cut is the first publication time at or after this time. Events that arrive before it are loaded as history.
    pub earliest: Timestamp,
    /// Partitions of `events`.
    pub partitions: u32,
    /// The measures.
    pub measures: Arc<MeasureSet>,
}

/// All tasks of one deployment and the log between them.
#[derive(Debug)]
pub struct Pipeline {
    log: LocalLog,
    clock: Clock,
    deployment: Deployment,
    intake: Intake,
    tallies: Vec<TallyTask<LocalLog>>,
    publish: PublishTask<LocalLog>,
    next: Timestamp,
}

impl Pipeline {
    /// Starts all tasks on a new log whose append times come from `clock`, a virtual one. `keys` are the keys of the decoder. `intake`
    /// may have written rejects before.
    ///
    /// # Errors
    /// When the log fails, or belongs to another deployment.
    pub fn start(plan: &PipelineSetup, keys: &Keys, intake: Intake, mut log: LocalLog, clock: Clock) -> Result<Pipeline> {
        let first = Grid::DAILY.at_or_after(plan.earliest);
        clock.set(before(first));
        let genesis = settle_genesis(&mut log, &genesis(plan, keys, first)).context("the log's genesis record")?;
        let deployment = Deployment {
            schedule: schedule_of(&genesis)?,
            partitions: plan.partitions,
            measures: plan.measures.clone(),
            identity_seed: identity_seed(keys),
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let tally = |partition| TallyTask::new(&deployment, partition, log.clone());
        let tallies = (0..plan.partitions).map(tally).collect::<Result<_, _>>().context("starting the tallies")?;
        let publish = PublishTask::new(&deployment, log.clone()).context("starting publish")?;
        let next = deployment.schedule.first;
        Ok(Pipeline { log, clock, deployment, intake, tallies, publish, next })
    }

    /// The time of the next cut, which includes all items taken before it.
    #[must_use]
    pub fn next_cut(&self) -> Timestamp {
        self.next
    }

    /// The deployment of all tasks.
    #[must_use]
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// Adds one item to the next cut.
    ///
    /// # Errors
    /// When the log fails.
    pub fn take(&mut self, item: Item<'_>) -> Result<()> {
        self.intake.take(&mut self.log, item).context("writing an event to the log")
    }

    /// Adds names, logins and contacts of persons to the log.
    ///
    /// # Errors
    /// When the log fails.
    pub fn add_people(&mut self, people: &[PersonDetails]) -> Result<()> {
        People::default().update(&mut self.log, people).context("writing the details of persons to the log")?;
        Ok(())
    }

    /// Publishes the next cut: flushes intake, writes the tick of every partition, folds it and publishes.
    ///
    /// # Errors
    /// When the log fails, or the cut is not published.
    pub fn cut(&mut self) -> Result<Run> {
        let at = self.next;
        self.intake.flush(&mut self.log).context("flushing the log")?;
        self.clock.set(at);
        for tally in &mut self.tallies {
            catch_up(tally, at).with_context(|| format!("folding up to the cut {at}"))?;
        }
        let run = self.publish.step().with_context(|| format!("publishing the cut {at}"))?;
        let run =
            run.with_context(|| format!("publish did not find the cut {at}, which every partition has marked; report this"))?;
        if let Outcome::Skipped(why) = &run.outcome {
            anyhow::bail!("publish skipped the cut {at} of a complete log: {why}; report this");
        }
        ensure!(run.at == at, "publish wrote the cut {} instead of {at}; report this", run.at);
        self.next = self.deployment.schedule.grid.after(at);
        self.clock.set(before(self.next));
        Ok(run)
    }

    /// Whether the month was final at the last cut.
    #[must_use]
    pub fn is_final(&self, month: Month) -> bool {
        let last = self.next.plus_seconds(-i64::from(self.deployment.schedule.grid.period_seconds));
        last >= self.deployment.schedule.first && self.deployment.schedule.state_of(month, last) >= MonthState::Final
    }

    /// The counts of intake.
    #[must_use]
    pub fn intake_counts(&self) -> &IntakeCounts {
        self.intake.counts()
    }

    /// The outcomes of all folded events, over all partitions.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes {
        let mut total = Outcomes::default();
        for one in self.tallies.iter().map(TallyTask::outcomes) {
            total.accepted += one.accepted;
            total.duplicate += one.duplicate;
            total.stale += one.stale;
            total.conflict += one.conflict;
            total.sealed += one.sealed;
            total.retracted += one.retracted;
            total.uncategorised += one.uncategorised;
            total.unknown_feedback += one.unknown_feedback;
        }
        total
    }

    /// Number of facts in no row because they have no clinician.
    #[must_use]
    pub fn unattributed(&self) -> u64 {
        self.tallies.iter().map(TallyTask::unattributed).sum()
    }

    /// A handle on the log, to read published records.
    #[must_use]
    pub fn log(&self) -> LocalLog {
        self.log.clone()
    }
}

/// Reads all records, writes the tick that is due, and reads it back.
fn catch_up(tally: &mut TallyTask<LocalLog>, now: Timestamp) -> Result<(), stream::log::LogError> {
    loop {
        while tally.step(RECORDS_PER_STEP)? {}
        if !tally.clock(now)? {
            return Ok(());
        }
    }
}

fn before(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - 1)
}

fn genesis(plan: &PipelineSetup, keys: &Keys, first: Timestamp) -> Genesis {
    Genesis {
        format: FORMAT,
        partitions: plan.partitions,
        zone: plan.zone.name().to_owned(),
        grid_period_seconds: Grid::DAILY.period_seconds,
        grid_offset_seconds: Grid::DAILY.offset_seconds,
        first,
        permanent_key: fingerprint(keys.permanent()),
        patient_keys: keys.patients().iter().map(fingerprint).collect(),
    }
}

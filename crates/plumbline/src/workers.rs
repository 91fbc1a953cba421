//! The threads of tally and publish: each drives one task over its own handle on the log, by the clock.

use std::sync::{Arc, PoisonError, RwLock};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use anyhow::{Context, Result};
use stream::deployment::Deployment;
use stream::log::{Log, LogError, Topic};
use stream::publish_task::PublishTask;
use stream::tally_task::TallyTask;
use tracing::info;

use crate::card_index::CardIndex;
use crate::clock::Clock;
use crate::local_log::LocalLog;
use crate::stopping::Stopping;
use crate::vitals::Vitals;

/// A tally reads at most so many records before it tells how far it is.
const RECORDS_A_STEP: usize = 1_000;
/// A task that has nothing to do looks at the clock so often; new records wake it at once.
const IDLE: Duration = Duration::from_millis(50);

/// What every thread is given.
#[derive(Clone, Debug)]
pub struct Work {
    /// What the tasks agree on.
    pub deployment: Deployment,
    /// A handle on the log; each thread takes a clone.
    pub log: LocalLog,
    /// Where ticks come from.
    pub clock: Clock,
    /// Where to tell how far it is.
    pub vitals: Arc<Vitals>,
    /// When to end.
    pub stopping: Stopping,
    /// What is published, for whoever asks.
    pub index: Arc<RwLock<CardIndex>>,
}

/// The threads under way.
#[derive(Debug)]
pub struct Workers {
    tallies: Vec<JoinHandle<()>>,
    publish: JoinHandle<()>,
}

impl Workers {
    /// Starts a thread for every partition and one for publish.
    ///
    /// # Errors
    /// When the system gives no more threads, or the log cannot be asked.
    pub fn start(work: &Work) -> Result<Workers> {
        let publish = spawn("publish", work, |work| publish(&work))?;
        let mut tallies = Vec::new();
        for partition in 0..work.deployment.partitions {
            work.vitals.partition(partition).replay_end = work.log.clone().bounds(Topic::Events, partition)?.end;
            let next = publish.thread().clone();
            tallies.push(spawn("tally", work, move |work| tally(&work, partition, &next))?);
        }
        Ok(Workers { tallies, publish })
    }

    /// Who is to be woken when records were appended.
    #[must_use]
    pub fn tallies(&self) -> Vec<Thread> {
        self.tallies.iter().map(|handle| handle.thread().clone()).collect()
    }

    /// Waits until all have ended; they do once somebody asked.
    pub fn join(self) {
        for handle in self.tallies.into_iter().chain([self.publish]) {
            handle.thread().unpark();
            // A panic was told as a failure by the thread's own guard.
            let _ = handle.join();
        }
    }
}

/// Starts a thread whose failure, or panic, ends the service.
fn spawn(
    role: &'static str,
    work: &Work,
    body: impl FnOnce(Work) -> Result<(), LogError> + Send + 'static,
) -> Result<JoinHandle<()>> {
    let work = work.clone();
    let run = move || {
        let stopping = work.stopping.clone();
        let _guard = stopping.guard(role);
        if let Err(error) = body(work) {
            stopping.fail(format!("{role}: {error}"));
        }
    };
    thread::Builder::new().name(role.to_owned()).spawn(run).with_context(|| format!("a thread for {role} cannot be started"))
}

fn tally(work: &Work, partition: u32, publish: &Thread) -> Result<(), LogError> {
    let mut task = TallyTask::new(&work.deployment, partition, work.log.clone())?;
    while !work.stopping.asked() {
        let more = task.step(RECORDS_A_STEP)?;
        let ticked = !more && task.clock(work.clock.now())?;
        let caught_up = tell(work, partition, &task);
        if more || ticked {
            publish.unpark();
            continue;
        }
        if !caught_up {
            info!(partition, facts = task.facts(), position = task.position(), "partition replayed");
            work.vitals.partition(partition).caught_up = true;
        }
        thread::park_timeout(IDLE);
    }
    Ok(())
}

/// Tells how far a tally is. Returns whether it had caught up before.
fn tell(work: &Work, partition: u32, task: &TallyTask<LocalLog>) -> bool {
    let mut vitals = work.vitals.partition(partition);
    vitals.position = task.position();
    if vitals.last_tick != task.last_tick() {
        vitals.feeds = task.feeds();
    }
    vitals.last_tick = task.last_tick();
    vitals.outcomes = task.outcomes();
    vitals.unattributed = task.unattributed();
    vitals.facts = task.facts();
    vitals.fact_bytes = task.fact_bytes();
    vitals.rows = task.row_count();
    vitals.caught_up
}

fn publish(work: &Work) -> Result<(), LogError> {
    let mut log = work.log.clone();
    let mut index = CardIndex::default();
    index.follow(&mut log)?;
    *work.index.write().unwrap_or_else(PoisonError::into_inner) = index;
    let mut task = PublishTask::new(&work.deployment, work.log.clone())?;
    work.vitals.publish().last_cut = task.last_cut();
    work.vitals.publish().caught_up = true;
    while !work.stopping.asked() {
        let run = task.step()?;
        let Some(run) = run else {
            thread::park_timeout(IDLE);
            continue;
        };
        work.index.write().unwrap_or_else(PoisonError::into_inner).follow(&mut log)?;
        let mut vitals = work.vitals.publish();
        vitals.last_cut = Some(run.at);
        vitals.refolds = task.refolds();
        drop(vitals);
        info!(cut = %run.at, revisions = run.revisions, refolded = run.refolded.len(), outcome = ?run.outcome, "run published");
    }
    Ok(())
}

//! The work of tally and publish: each drives one task over its own handle on the log, by the clock, until it is told to leave.

use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::Instant;

use stream::deployment::Deployment;
use stream::log::{Log, LogError, Topic};
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::TallyTask;
use tracing::info;

use crate::kafka::log::KafkaLog;
use crate::log::any_log::AnyLog;
use crate::process::clock::Clock;
use crate::process::limits::{CARD_COPY_INTERVAL, IDLE_PAUSE, RECORDS_PER_STEP};
use crate::process::service_status::ServiceStatus;
use crate::process::shutdown_signal::ShutdownSignal;
use crate::published_cards::card_store::CardStore;

/// What every thread is given.
#[derive(Clone, Debug)]
pub struct WorkerContext {
    /// What the tasks agree on.
    pub deployment: Deployment,
    /// A handle on the log; each task takes a clone.
    pub log: AnyLog,
    /// Where ticks come from.
    pub clock: Clock,
    /// Where to tell how far it is.
    pub vitals: Arc<ServiceStatus>,
    /// When the process ends.
    pub stopping: ShutdownSignal,
    /// Where the published cards are read, and what is known of them.
    pub shelf: Option<CardStore>,
}

/// Tallies a partition until it is told to leave. `publish` is woken when there is something for it.
///
/// # Errors
/// [`LogError`] when the log fails.
pub fn tally(work: &WorkerContext, partition: u32, leave: &ShutdownSignal, publish: Option<&Thread>) -> Result<(), LogError> {
    work.vitals.begin_partition(partition, work.log.clone().bounds(Topic::Events, partition)?.end);
    let mut task = TallyTask::new(&work.deployment, partition, work.log.clone())?;
    while !leave.asked() {
        let more = task.step(RECORDS_PER_STEP)?;
        let ticked = !more && task.clock(work.clock.now())?;
        let caught_up = tell(work, partition, &task);
        if more || ticked {
            publish.inspect(|publish| publish.unpark());
            continue;
        }
        if !caught_up {
            info!(partition, facts = task.facts(), position = task.position(), "partition replayed");
            work.vitals.partition(partition).caught_up = true;
        }
        thread::park_timeout(IDLE_PAUSE);
    }
    Ok(())
}

/// Tells how far a tally is. Returns whether it had caught up before.
fn tell(work: &WorkerContext, partition: u32, task: &TallyTask<AnyLog>) -> bool {
    let mut vitals = work.vitals.partition(partition);
    vitals.position = task.position();
    vitals.end = vitals.end.max(vitals.position);
    vitals.newest = task.newest();
    vitals.heard = Some(Instant::now());
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

/// Publishes until it is told to leave. What it publishes is on the shelf at once, if there is one that it fills.
///
/// # Errors
/// [`LogError`] when the log fails, or another publisher has taken over.
pub fn publish(work: &WorkerContext, leave: &ShutdownSignal) -> Result<(), LogError> {
    let mut shelf = work.shelf.clone().filter(|_| work.log.kafka().is_none());
    shelf.as_mut().map_or(Ok(()), CardStore::follow)?;
    let mut task = PublishTask::new(&work.deployment, work.log.clone())?;
    work.vitals.publish().last_cut = task.last_cut();
    work.vitals.publish().caught_up = true;
    while !leave.asked() {
        let run = task.step()?;
        work.vitals.publish().heard = Some(Instant::now());
        let Some(run) = run else {
            thread::park_timeout(IDLE_PAUSE);
            continue;
        };
        shelf.as_mut().map_or(Ok(()), CardStore::follow)?;
        let mut vitals = work.vitals.publish();
        vitals.last_cut = Some(run.at);
        vitals.refolds = task.refolds();
        drop(vitals);
        info!(cut = %run.at, revisions = run.revisions, refolded = run.refolded.len(), outcome = ?run.outcome, "run published");
    }
    Ok(())
}

/// Keeps the copy of what is published up to date until it is told to leave.
///
/// # Errors
/// [`LogError`] when either log fails.
pub fn serve(work: &WorkerContext, mut log: KafkaLog, mut shelf: CardStore, leave: &ShutdownSignal) -> Result<(), LogError> {
    let mut ready = false;
    while !leave.asked() {
        shelf.follow_copy(&mut log)?;
        ready = ready || work.vitals.joined();
        let _ = leave.wait(CARD_COPY_INTERVAL);
    }
    Ok(())
}

//! The work of tally, publish and serve: each drives one task over its own handle on the log, until its shutdown signal.

use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::Instant;

use scorecard::measure::measure_set::MeasureSet;
use stream::deployment::Deployment;
use stream::log::{Log, LogError, Topic};
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::TallyTask;
use tracing::{info, warn};

use crate::kafka::log::KafkaLog;
use crate::log::any_log::AnyLog;
use crate::process::clock::Clock;
use crate::process::limits::{CARD_COPY_INTERVAL, IDLE_PAUSE, LOG_CHECK_INTERVAL, RECORDS_PER_STEP};
use crate::process::reloadable::Reloadable;
use crate::process::service_faults::FaultPlace;
use crate::process::service_status::ServiceStatus;
use crate::process::shutdown_signal::ShutdownSignal;
use crate::published_cards::card_store::CardStore;
use crate::service::worker_metrics::WorkerMetrics;

/// The parts that every thread works with.
#[derive(Clone, Debug)]
pub struct WorkerContext {
    /// The deployment with the measures of the start.
    pub deployment: Deployment,
    /// The measures. A task begins again when a reload replaces them.
    pub measures: Reloadable<MeasureSet>,
    /// A handle on the log; each task takes a clone.
    pub log: AnyLog,
    /// The clock of the ticks.
    pub clock: Clock,
    /// The progress that each thread reports.
    pub status: Arc<ServiceStatus>,
    /// The end of the process.
    pub stopping: ShutdownSignal,
    /// The published cards, where this process serves them.
    pub cards: Option<CardStore>,
    /// The durations that threads observe.
    pub metrics: WorkerMetrics,
}

impl WorkerContext {
    /// Runs a task again and again with the present measures, until `leave`.
    fn with_measures(&self, leave: &ShutdownSignal, task: impl Fn(&Deployment) -> Result<(), LogError>) -> Result<(), LogError> {
        while !leave.asked() {
            task(&Deployment { measures: self.measures.get(), ..self.deployment.clone() })?;
        }
        Ok(())
    }
}

/// Tallies a partition until `leave`. Wakes `publish` after each step that read records or wrote a tick.
///
/// # Errors
/// [`LogError`] when the log fails.
pub fn tally(work: &WorkerContext, partition: u32, leave: &ShutdownSignal, publish: Option<&Thread>) -> Result<(), LogError> {
    work.with_measures(leave, |deployment| tally_with(work, deployment, partition, leave, publish))
}

fn tally_with(
    work: &WorkerContext,
    deployment: &Deployment,
    partition: u32,
    leave: &ShutdownSignal,
    publish: Option<&Thread>,
) -> Result<(), LogError> {
    work.status.begin_partition(partition, work.log.clone().bounds(Topic::Events, partition)?.end);
    let mut task = TallyTask::new(deployment, partition, work.log.clone())?;
    work.status.faults.clear(FaultPlace::Tally(partition));
    let mut checked = Instant::now();
    while !leave.asked() && work.measures.is(&deployment.measures) {
        if checked.elapsed() > LOG_CHECK_INTERVAL {
            task.check()?;
            checked = Instant::now();
        }
        let more = task.step(RECORDS_PER_STEP)?;
        let ticked = !more && task.clock(work.clock.now())?;
        let caught_up = report(work, partition, &task);
        if more || ticked {
            publish.inspect(|publish| publish.unpark());
            continue;
        }
        if !caught_up {
            info!(partition, facts = task.facts(), position = task.position(), "partition replayed");
            work.status.partition(partition).caught_up = true;
        }
        thread::park_timeout(IDLE_PAUSE);
    }
    Ok(())
}

/// Reports the progress of a tally, and the lag of events that it folded since the last report, unless it replays the log. Returns
/// whether it has read everything that the log held at the start.
fn report(work: &WorkerContext, partition: u32, task: &TallyTask<AnyLog>) -> bool {
    let mut status = work.status.partition(partition);
    status.position = task.position();
    status.end = status.end.max(status.position);
    status.newest = task.newest();
    status.heard = Some(Instant::now());
    // Before the first tick the feeds say which months the first cards are of.
    let is_new = status.last_tick.is_none() && status.outcomes != task.outcomes();
    if status.last_tick != task.last_tick() || is_new {
        status.feeds = task.feeds();
        status.code_gaps = task.code_gaps();
    }
    status.last_tick = task.last_tick();
    status.whole_from = task.whole_from();
    if status.caught_up && status.outcomes != task.outcomes() {
        observe_row_lag(work, task);
    }
    if status.outcomes.conflict != task.outcomes().conflict {
        status.conflicts = Arc::new(task.conflicts());
    }
    status.outcomes = task.outcomes();
    status.codes.clone_from(task.code_counts());
    status.unattributed = task.unattributed();
    status.facts = task.facts();
    status.fact_bytes = task.fact_bytes();
    status.rows = task.row_count();
    status.caught_up
}

/// One look at the clock a batch: the newest record of the batch has the least lag.
fn observe_row_lag(work: &WorkerContext, task: &TallyTask<AnyLog>) {
    if let Some(appended) = task.newest() {
        work.metrics.event_to_row.observe((work.clock.now().0 - appended.0).max(0) as f64 / 1_000.0);
    }
}

/// Publishes until `leave`. Over the embedded log it adds each run to the index of cards at once.
///
/// # Errors
/// [`LogError`] when the log fails, or another publisher has taken over.
pub fn publish(work: &WorkerContext, leave: &ShutdownSignal) -> Result<(), LogError> {
    work.with_measures(leave, |deployment| publish_with(work, deployment, leave))
}

fn publish_with(work: &WorkerContext, deployment: &Deployment, leave: &ShutdownSignal) -> Result<(), LogError> {
    let mut cards = work.cards.clone().filter(|_| work.log.kafka().is_none());
    cards.as_mut().map_or(Ok(()), CardStore::follow)?;
    let mut task = PublishTask::new(deployment, work.log.clone())?;
    work.status.publish().last_cut = task.last_cut();
    work.status.publish().first = Some(work.deployment.schedule.first);
    work.status.publish().caught_up = true;
    work.status.faults.clear(FaultPlace::Publish);
    let ahead_seconds = work.status.cut_ahead_seconds(work.clock.now());
    if ahead_seconds > 0 {
        warn!(ahead_seconds, "the last cut is in the future; set the clock of this machine");
    }
    let mut checked = Instant::now();
    while !leave.asked() && work.measures.is(&deployment.measures) {
        if checked.elapsed() > LOG_CHECK_INTERVAL {
            task.check()?;
            checked = Instant::now();
        }
        let begun = Instant::now();
        let run = task.step()?;
        work.status.publish().heard = Some(Instant::now());
        let Some(run) = run else {
            thread::park_timeout(IDLE_PAUSE);
            continue;
        };
        work.metrics.run.observe(begun.elapsed().as_secs_f64());
        cards.as_mut().map_or(Ok(()), CardStore::follow)?;
        let mut status = work.status.publish();
        status.last_cut = Some(run.at);
        status.refolds = task.refolds();
        drop(status);
        info!(cut = %run.at, revisions = run.revisions, refolded = run.refolded.len(), outcome = ?run.outcome, "run published");
    }
    Ok(())
}

/// Copies published records until `leave`.
///
/// # Errors
/// [`LogError`] when either log fails.
pub fn serve(work: &WorkerContext, mut log: KafkaLog, mut cards: CardStore, leave: &ShutdownSignal) -> Result<(), LogError> {
    let mut ready = false;
    while !leave.asked() {
        cards.follow_copy(&mut log)?;
        work.status.faults.clear(FaultPlace::Serve);
        ready = ready || work.status.joined();
        let _ = leave.wait(CARD_COPY_INTERVAL);
    }
    Ok(())
}

//! The threads of tally, publish and serve. Over the embedded log this process runs them for every partition. On Kafka the consumer
//! groups assign partitions, and a failed task is dropped and restarted from the log.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle, Thread};
use std::time::Instant;

use anyhow::{Context, Result};
use stream::log::{Log, LogError, Topic, with_sources};
use tracing::{error, warn};

use crate::kafka::log::KafkaLog;
use crate::kafka::membership::{AssignmentChange, join};
use crate::kafka::settings::Group;
use crate::log::any_log::AnyLog;
use crate::process::limits::{
    HUNG_THREAD_SILENCE, LAG_CHECK_INTERVAL, MEMBER_POLL, RECOVERED_AFTER, RESTART_PAUSE_LONGEST, RESTART_PAUSE_SHORTEST,
};
use crate::process::roles::{ProcessRole, ProcessRoles};
use crate::process::service_faults::{FaultPlace, ServiceFault};
use crate::process::service_status::{PublishStatus, ServiceStatus};
use crate::process::shutdown_signal::ShutdownSignal;
use crate::service::broker_watch;
use crate::service::disk_failure::keeps_reading;
use crate::service::log_ends_file::LogEndsFile;
use crate::service::log_upkeep::keep_up;
use crate::service::worker::{WorkerContext, publish, serve, tally};

/// The threads of tally and publish.
#[derive(Debug)]
pub struct WorkerSupervisor {
    threads: Vec<JoinHandle<()>>,
    tallies: Vec<Thread>,
}

impl WorkerSupervisor {
    /// Starts the threads of these roles.
    ///
    /// # Errors
    /// When the system starts no more threads, or a group cannot be joined.
    pub fn start(work: &WorkerContext, roles: ProcessRoles) -> Result<WorkerSupervisor> {
        let mut workers = match &work.log {
            AnyLog::Local(_) => embedded(work),
            AnyLog::Kafka(log) => grouped(work, log, roles),
        }?;
        workers.threads.push(spawn(("watch", FaultPlace::Watch), work, &work.stopping, watch)?);
        if let AnyLog::Kafka(log) = &work.log {
            workers.threads.push(broker_watch::start(work, log.as_ref().clone())?);
        }
        Ok(workers)
    }

    /// The threads to wake when this process has appended events.
    #[must_use]
    pub fn tallies(&self) -> Vec<Thread> {
        self.tallies.clone()
    }

    /// Waits until all threads have ended; call it after the shutdown signal.
    pub fn join(self) {
        for handle in self.threads {
            handle.thread().unpark();
            // The guard of the thread has reported a panic as a failure.
            let _ = handle.join();
        }
    }
}

fn embedded(work: &WorkerContext) -> Result<WorkerSupervisor> {
    work.status.publish().active = true;
    (0..work.deployment.partitions).for_each(|partition| work.status.begin_partition(partition, 0));
    let of_publish = spawn(("publish", FaultPlace::Publish), work, &work.stopping, publish)?;
    let mut threads = Vec::new();
    for partition in 0..work.deployment.partitions {
        let next = of_publish.thread().clone();
        let place = ("tally", FaultPlace::Tally(partition));
        threads.push(spawn(place, work, &work.stopping, move |work, leave| tally(work, partition, leave, Some(&next)))?);
    }
    let tallies = threads.iter().map(|handle| handle.thread().clone()).collect();
    threads.push(of_publish);
    threads.push(spawn(("upkeep", FaultPlace::Watch), work, &work.stopping, keep_up)?);
    Ok(WorkerSupervisor { threads, tallies })
}

fn grouped(work: &WorkerContext, log: &KafkaLog, roles: ProcessRoles) -> Result<WorkerSupervisor> {
    let mut threads = Vec::new();
    let of_roles =
        [(ProcessRole::Tally, Group::Tally, Topic::Events), (ProcessRole::Publish, Group::Publish, Topic::ClinicianMonths)];
    for (_, group, topic) in of_roles.into_iter().filter(|(role, ..)| roles.has(*role)) {
        threads.push(member(work, log, group, topic)?);
    }
    if let Some(cards) = work.cards.clone() {
        let log = log.clone();
        work.status.joining();
        let place = ("serve", FaultPlace::Serve);
        threads.push(spawn(place, work, &work.stopping, move |work, leave| serve(work, log.clone(), cards.clone(), leave))?);
    }
    Ok(WorkerSupervisor { threads, tallies: Vec::new() })
}

/// Starts a thread. Over the embedded log its failure ends the process, unless the disk is full; on Kafka the task restarts after a
/// pause.
fn spawn(
    (role, place): (&'static str, FaultPlace),
    work: &WorkerContext,
    leave: &ShutdownSignal,
    body: impl Fn(&WorkerContext, &ShutdownSignal) -> Result<(), LogError> + Send + 'static,
) -> Result<JoinHandle<()>> {
    let (work, leave) = (work.clone(), leave.clone());
    let run = move || {
        let _guard = work.stopping.guard(role);
        let mut pause = RESTART_PAUSE_SHORTEST;
        loop {
            let begun = Instant::now();
            let Err(error) = body(&work, &leave) else { return };
            if !matches!(error, LogError::Fenced | LogError::Stopping { .. }) {
                work.status.faults.report(place, ServiceFault::from(&error));
            }
            let Some(log) = work.log.kafka() else {
                if matches!(error, LogError::Loss(_)) {
                    error!(role, error = with_sources(&error), "publication stops, and reads go on");
                } else if !keeps_reading(&work, role, &error) {
                    work.stopping.fail(anyhow::Error::new(error).context(role));
                }
                return;
            };
            if leave.asked() || work.stopping.asked() {
                return;
            }
            if begun.elapsed() > RECOVERED_AFTER {
                pause = RESTART_PAUSE_SHORTEST;
            }
            log.contact().count(|counters| &counters.restarts);
            warn!(role, ?pause, error = with_sources(&error), "task failed, restarting after a pause");
            if leave.wait(pause) {
                return;
            }
            pause = (pause * 2).min(RESTART_PAUSE_LONGEST);
        }
    };
    thread::Builder::new().name(role.to_owned()).spawn(run).with_context(|| format!("starting a thread of {role}"))
}

/// Reads the ends of the partitions regularly, and ends the process when a thread hangs.
fn watch(work: &WorkerContext, leave: &ShutdownSignal) -> Result<(), LogError> {
    let mut log = work.log.clone();
    let mut ends = if let AnyLog::Local(log) = &log { Some(LogEndsFile::next_to(log)) } else { None };
    while !leave.wait(LAG_CHECK_INTERVAL) {
        for partition in work.status.owned_numbers() {
            let end = log.bounds(Topic::Events, partition)?.end;
            work.status.partition(partition).end = end;
        }
        if let (AnyLog::Local(log), Some(ends)) = (&log, &mut ends)
            && let Err(error) = ends.note(log)
        {
            warn!(%error, "the ends of the log are not noted");
        }
        work.status.faults.clear(FaultPlace::Watch);
        if let Some(role) = work.status.silent(HUNG_THREAD_SILENCE) {
            // A thread holds nothing that the log does not, and a hanging thread cannot be joined.
            error!(role, "a thread has not reported for {HUNG_THREAD_SILENCE:?}; the process ends, restart it");
            std::process::exit(1);
        }
    }
    Ok(())
}

/// Joins a group, and runs one thread for each partition that it assigns to this process.
fn member(work: &WorkerContext, log: &KafkaLog, group: Group, topic: Topic) -> Result<JoinHandle<()>> {
    let (changes, heard) = channel();
    let name = log.settings().topic(topic);
    let consumer = join(log.settings(), log.contact(), group, &[&name], changes)
        .with_context(|| format!("joining the group {} failed", log.settings().group(group)))?;
    work.status.joining();
    let count = topic.partitions(work.deployment.partitions);
    let (work, contact, name) = (work.clone(), log.contact().clone(), log.settings().group(group));
    let run = move || {
        let _guard = work.stopping.guard("groups");
        let mut assignments: BTreeMap<u32, Assignment> = BTreeMap::new();
        let mut joined = false;
        while !work.stopping.asked() {
            // Keeps the membership alive. It reads nothing: all its partitions are paused.
            if let Some(Err(error)) = consumer.poll(MEMBER_POLL) {
                contact.report_poll(&error, &name);
            }
            while let Ok(change) = heard.try_recv() {
                match change {
                    AssignmentChange::Assigned(partitions) => {
                        joined = joined || work.status.joined();
                        // `events` may have more partitions than the log: no producer of Plumbline writes into them.
                        for (_, partition) in partitions.into_iter().filter(|(_, partition)| *partition < count) {
                            begin(&work, group, partition, &mut assignments);
                        }
                    }
                    AssignmentChange::Revoked(partitions) => {
                        for (_, partition) in partitions.into_iter().filter(|(_, partition)| *partition < count) {
                            end(&work.status, group, partition, assignments.remove(&partition));
                        }
                    }
                }
            }
        }
        assignments.values().for_each(Assignment::leave);
        for assignment in assignments.into_values() {
            let _ = assignment.handle.join();
        }
        // The threads have ended. Leaving the group now lets other members take over at once.
        drop(consumer);
    };
    thread::Builder::new().name("groups".to_owned()).spawn(run).context("starting the thread of a group")
}

/// The thread of a partition that this process owns.
#[derive(Debug)]
struct Assignment {
    handle: JoinHandle<()>,
    leave: ShutdownSignal,
}

impl Assignment {
    fn leave(&self) {
        self.leave.ask();
        self.handle.thread().unpark();
    }
}

fn begin(work: &WorkerContext, group: Group, partition: u32, assignments: &mut BTreeMap<u32, Assignment>) {
    let leave = ShutdownSignal::default();
    let handle = match group {
        Group::Tally => {
            work.status.begin_partition(partition, 0);
            spawn(("tally", FaultPlace::Tally(partition)), work, &leave, move |work, leave| tally(work, partition, leave, None))
        }
        _ => {
            work.status.publish().active = true;
            spawn(("publish", FaultPlace::Publish), work, &leave, publish)
        }
    };
    match handle {
        Ok(handle) => {
            if let Some(before) = assignments.insert(partition, Assignment { handle, leave }) {
                before.leave();
            }
        }
        Err(error) => work.stopping.fail(error),
    }
}

/// The thread ends by itself. Rows that it still writes are those that its successor writes.
fn end(status: &ServiceStatus, group: Group, partition: u32, assignment: Option<Assignment>) {
    assignment.as_ref().inspect(|assignment| assignment.leave());
    match group {
        Group::Tally => status.end_partition(partition),
        _ => {
            status.faults.clear(FaultPlace::Publish);
            *status.publish() = PublishStatus::default();
        }
    }
}

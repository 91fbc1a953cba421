//! Who tallies which partition, and who publishes: over the embedded log this process does everything; on Kafka the groups decide,
//! and a task in doubt is dropped and started anew.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle, Thread};
use std::time::Instant;

use anyhow::{Context, Result};
use rdkafka::consumer::BaseConsumer;
use stream::log::{Log, LogError, Topic, with_sources};
use tracing::{debug, error, warn};

use crate::kafka::log::KafkaLog;
use crate::kafka::membership::{AssignmentChange, MemberContext, join};
use crate::kafka::settings::Group;
use crate::log::any_log::AnyLog;
use crate::process::limits::{
    HUNG_THREAD_SILENCE, LAG_CHECK_INTERVAL, MEMBER_POLL, RECOVERED_AFTER, RESTART_PAUSE_LONGEST, RESTART_PAUSE_SHORTEST,
};
use crate::process::roles::{ProcessRole, ProcessRoles};
use crate::process::service_status::ServiceStatus;
use crate::process::shutdown_signal::ShutdownSignal;
use crate::service::worker::{WorkerContext, publish, serve, tally};

/// The threads of tally and publish.
#[derive(Debug)]
pub struct WorkerSupervisor {
    threads: Vec<JoinHandle<()>>,
    tallies: Vec<Thread>,
}

impl WorkerSupervisor {
    /// Starts what these roles need.
    ///
    /// # Errors
    /// When the system gives no more threads, or a group cannot be joined.
    pub fn start(work: &WorkerContext, roles: ProcessRoles) -> Result<WorkerSupervisor> {
        let mut posts = match &work.log {
            AnyLog::Local(_) => embedded(work),
            AnyLog::Kafka(log) => grouped(work, log, roles),
        }?;
        posts.threads.push(spawn("watch", work, &work.stopping, watch)?);
        Ok(posts)
    }

    /// Who is to be woken when this process has appended events.
    #[must_use]
    pub fn tallies(&self) -> Vec<Thread> {
        self.tallies.clone()
    }

    /// Waits until all have ended; they do once somebody asked.
    pub fn join(self) {
        for handle in self.threads {
            handle.thread().unpark();
            // A panic was told as a failure by the thread's own guard.
            let _ = handle.join();
        }
    }
}

fn embedded(work: &WorkerContext) -> Result<WorkerSupervisor> {
    work.vitals.publish().active = true;
    (0..work.deployment.partitions).for_each(|partition| work.vitals.begin_partition(partition, 0));
    let of_publish = spawn("publish", work, &work.stopping, publish)?;
    let mut threads = Vec::new();
    for partition in 0..work.deployment.partitions {
        let next = of_publish.thread().clone();
        threads.push(spawn("tally", work, &work.stopping, move |work, leave| tally(work, partition, leave, Some(&next)))?);
    }
    let tallies = threads.iter().map(|handle| handle.thread().clone()).collect();
    threads.push(of_publish);
    Ok(WorkerSupervisor { threads, tallies })
}

fn grouped(work: &WorkerContext, log: &KafkaLog, roles: ProcessRoles) -> Result<WorkerSupervisor> {
    let mut threads = Vec::new();
    let of_roles =
        [(ProcessRole::Tally, Group::Tally, Topic::Events), (ProcessRole::Publish, Group::Publish, Topic::ClinicianMonths)];
    for (_, group, topic) in of_roles.into_iter().filter(|(role, ..)| roles.has(*role)) {
        threads.push(member(work, log, group, topic)?);
    }
    if let Some(shelf) = work.shelf.clone() {
        let log = log.clone();
        work.vitals.joining();
        threads.push(spawn("serve", work, &work.stopping, move |work, leave| serve(work, log.clone(), shelf.clone(), leave))?);
    }
    Ok(WorkerSupervisor { threads, tallies: Vec::new() })
}

/// Starts a thread whose failure, or panic, ends the process over the embedded log; on Kafka the task is started anew after a pause.
fn spawn(
    role: &'static str,
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
            let Some(log) = work.log.kafka() else {
                work.stopping.fail(anyhow::Error::new(error).context(role));
                return;
            };
            if leave.asked() || work.stopping.asked() {
                return;
            }
            if begun.elapsed() > RECOVERED_AFTER {
                pause = RESTART_PAUSE_SHORTEST;
            }
            log.contact().count(|counters| &counters.restarts);
            warn!(role, ?pause, "dropped, to be started anew: {}", with_sources(&error));
            if leave.wait(pause) {
                return;
            }
            pause = (pause * 2).min(RESTART_PAUSE_LONGEST);
        }
    };
    thread::Builder::new().name(role.to_owned()).spawn(run).with_context(|| format!("a thread for {role} cannot be started"))
}

/// Looks now and then how far the others are behind, and whether one of them hangs.
fn watch(work: &WorkerContext, leave: &ShutdownSignal) -> Result<(), LogError> {
    let mut log = work.log.clone();
    while !leave.wait(LAG_CHECK_INTERVAL) {
        for (partition, vitals) in (0..).zip(work.vitals.partitions()) {
            if vitals.owned {
                work.vitals.partition(partition).end = log.bounds(Topic::Events, partition)?.end;
            }
        }
        if let AnyLog::Kafka(log) = &mut log {
            let inputs: Vec<(String, u32)> = work.vitals.inputs().keys().cloned().collect();
            for (topic, partition) in inputs {
                let end = log.end_of(&topic, partition)?;
                if let Some(input) = work.vitals.inputs().get_mut(&(topic, partition)) {
                    input.end = end;
                }
            }
        }
        if let Some(role) = work.vitals.silent(HUNG_THREAD_SILENCE) {
            // Nothing that a thread holds is lost with it, and one that hangs cannot be joined.
            error!(role, "a thread has not been heard of for {HUNG_THREAD_SILENCE:?}; ending, to be started anew");
            std::process::exit(1);
        }
    }
    Ok(())
}

/// Joins a group; what it assigns to this process is worked on.
fn member(work: &WorkerContext, log: &KafkaLog, group: Group, topic: Topic) -> Result<JoinHandle<()>> {
    let (changes, heard) = channel();
    let name = log.settings().topic(topic);
    let consumer = join(log.settings(), log.contact(), group, &[&name], changes)
        .with_context(|| format!("the group {} cannot be joined", log.settings().group(group)))?;
    work.vitals.joining();
    let work = work.clone();
    let run = move || {
        let _guard = work.stopping.guard("groups");
        let mut posts: BTreeMap<u32, Assignment> = BTreeMap::new();
        let mut joined = false;
        while !work.stopping.asked() {
            poll(&consumer);
            while let Ok(change) = heard.try_recv() {
                match change {
                    AssignmentChange::Assigned(partitions) => {
                        joined = joined || work.vitals.joined();
                        for (_, partition) in partitions {
                            take_up(&work, group, partition, &mut posts);
                        }
                    }
                    AssignmentChange::Revoked(partitions) => {
                        for (_, partition) in partitions {
                            give_up(&work.vitals, group, partition, posts.remove(&partition));
                        }
                    }
                }
            }
        }
        posts.values().for_each(Assignment::leave);
        for post in posts.into_values() {
            let _ = post.handle.join();
        }
        // What is left when it goes is the membership: the others take over at once.
        drop(consumer);
    };
    thread::Builder::new().name("groups".to_owned()).spawn(run).context("a thread for a group cannot be started")
}

/// Keeps the membership alive. Nothing is ever read through it, for all its partitions are paused.
fn poll(consumer: &BaseConsumer<MemberContext>) {
    if let Some(Err(error)) = consumer.poll(MEMBER_POLL) {
        debug!("a group says: {error}");
    }
}

/// A partition that this process owns, and the thread that works on it.
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

fn take_up(work: &WorkerContext, group: Group, partition: u32, posts: &mut BTreeMap<u32, Assignment>) {
    let leave = ShutdownSignal::default();
    let handle = match group {
        Group::Tally => {
            work.vitals.begin_partition(partition, 0);
            spawn("tally", work, &leave, move |work, leave| tally(work, partition, leave, None))
        }
        _ => {
            work.vitals.publish().active = true;
            spawn("publish", work, &leave, publish)
        }
    };
    match handle {
        Ok(handle) => {
            if let Some(before) = posts.insert(partition, Assignment { handle, leave }) {
                before.leave();
            }
        }
        Err(error) => work.stopping.fail(error),
    }
}

/// Whoever worked on it ends by itself; what it still writes is what its successor writes.
fn give_up(vitals: &ServiceStatus, group: Group, partition: u32, post: Option<Assignment>) {
    post.as_ref().inspect(|post| post.leave());
    match group {
        Group::Tally => vitals.end_partition(partition),
        _ => *vitals.publish() = crate::process::service_status::PublishStatus::default(),
    }
}

//! The intake of input topics: a consumer group that commits an offset only after the log acknowledged the record's events and
//! rejects.
//!
//! Intake reads records in groups. While one group waits for acknowledgements, intake reads the next one and no more, so a slow log
//! slows the sources down. During long waits intake polls paused partitions to stay a member of the group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stream::intake::intake_task::{Intake, IntakeCounts};
use stream::log::{LogError, with_sources};
use tracing::{debug, warn};

use crate::config::options::Input;
use crate::intake::input_group::{InputGroup, InputRecords, NextOffsets};
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::source_check::SourceCheck;
use crate::kafka::log::KafkaLog;
use crate::kafka::membership::{AssignmentChange, MemberContext, join};
use crate::kafka::settings::Group;
use crate::process::clock::Clock;
use crate::process::limits::{
    ACKNOWLEDGEMENT_WAIT, COMMIT_CHECK_INTERVAL, COMMITTED_OFFSETS_TIMEOUT, EVENTS_PER_BATCH, GROUP_POLL, INTAKE_POLL,
    INTAKE_RETRY_PAUSE, RECORDS_PER_CLOCK_READING, SEEK_TIMEOUT, SHUTDOWN_GRACE, TOPIC_GROUP_AGE, TOPIC_GROUP_BYTES,
};
use crate::process::service_faults::{FaultPlace, ServiceFault};
use crate::process::service_status::{ServiceStatus, Way};
use crate::process::shutdown_signal::ShutdownSignal;

/// The thread that reads input topics.
#[derive(Clone)]
pub struct TopicIntake {
    /// A handle on the log.
    pub log: KafkaLog,
    /// Number of partitions of `events`.
    pub partitions: u32,
    /// The input topics, by name.
    pub inputs: BTreeMap<String, Input>,
    /// Decodes records.
    pub decoder: IntakeDecoder,
    /// The clock of decoding.
    pub clock: Clock,
    /// Receives counts and positions.
    pub status: Arc<ServiceStatus>,
    /// Ends the thread.
    pub stopping: ShutdownSignal,
}

impl TopicIntake {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub fn start(self) -> Result<JoinHandle<()>> {
        let run = move || {
            let _guard = self.stopping.guard("intake");
            self.run();
        };
        thread::Builder::new()
            .name("topic-intake".to_owned())
            .spawn(run)
            .context("no thread for the intake of topics; raise the limit on threads (ulimit -u)")
    }

    /// Runs until a shutdown. After a failure it joins the group again and continues from the committed offsets.
    fn run(&self) {
        self.status.joining();
        let mut joined = false;
        let mut intake = Intake::new(self.partitions, EVENTS_PER_BATCH);
        while !self.stopping.asked() {
            let mut session = match ConsumerSession::join(self, &mut intake, &mut joined) {
                Ok(session) => session,
                Err(error) => {
                    self.stopping.fail(error.context("intake"));
                    return;
                }
            };
            self.status.faults.clear(FaultPlace::Intake);
            if let Err(error) = session.run() {
                self.status.faults.report(FaultPlace::Intake, ServiceFault::from(&error));
                self.log.contact().count(|counters| &counters.restarts);
                warn!(error = with_sources(&error), "intake restarts from committed offsets");
                // Packed events that were not sent are read again.
                intake.forget();
                let _ = self.stopping.wait(INTAKE_RETRY_PAUSE);
            }
        }
    }
}

/// One membership in the consumer group.
struct ConsumerSession<'t> {
    topics: &'t TopicIntake,
    consumer: BaseConsumer<MemberContext>,
    changes: Receiver<AssignmentChange>,
    intake: &'t mut Intake,
    joined: &'t mut bool,
    /// The handle of the current group.
    log: KafkaLog,
    /// The previous group. It has a handle of its own, because a handle waits for all of its records.
    pending: Option<PendingGroup>,
    /// The handle that the next group uses.
    idle: Option<KafkaLog>,
    records: InputRecords<'t>,
    check: SourceCheck,
    /// Paused partitions whose next record has an unknown schema id, with the time of the pause.
    paused: Vec<(TopicPartitionList, Instant)>,
    /// The next offsets of acknowledged records, committed or not.
    acknowledged: NextOffsets,
    /// Whether the brokers may lack a commit, and the time of the last check.
    may_lack_commit: bool,
    last_check: Instant,
}

/// A group that was sent and is not acknowledged yet.
struct PendingGroup {
    log: KafkaLog,
    next_offsets: NextOffsets,
    counts: IntakeCounts,
}

impl<'t> ConsumerSession<'t> {
    fn join(topics: &'t TopicIntake, intake: &'t mut Intake, joined: &'t mut bool) -> Result<ConsumerSession<'t>> {
        let names: Vec<&str> = topics.inputs.keys().map(String::as_str).collect();
        let (sender, changes) = channel();
        let settings = topics.log.settings();
        let consumer = join(settings, topics.log.contact(), Group::Intake, &names, sender)
            .with_context(|| format!("cannot join the group {}; check kafka.properties", settings.group(Group::Intake)))?;
        Ok(ConsumerSession {
            topics,
            consumer,
            changes,
            intake,
            joined,
            log: topics.log.clone(),
            pending: None,
            idle: Some(topics.log.clone()),
            records: InputRecords::new(&topics.inputs, &topics.decoder, topics.log.schema_registry().map(Arc::as_ref)),
            check: SourceCheck::new(&topics.decoder),
            paused: Vec::new(),
            acknowledged: NextOffsets::new(),
            may_lack_commit: false,
            last_check: Instant::now(),
        })
    }

    fn run(&mut self) -> Result<(), LogError> {
        while !self.topics.stopping.asked() {
            let group = self.read_group()?;
            self.apply_changes();
            group.report(&self.topics.status);
            let sent = if group.is_empty() { None } else { Some(self.send(group)?) };
            self.finish_pending()?;
            if sent.is_none() {
                self.check_commit();
            }
            self.pending = sent;
        }
        self.finish_pending()
    }

    /// Sends the packed events of a group, and switches to the other handle for the next group.
    fn send(&mut self, group: InputGroup) -> Result<PendingGroup, LogError> {
        self.intake.send(&mut self.log)?;
        let next = self.idle.take().unwrap_or_else(|| self.topics.log.clone());
        let log = std::mem::replace(&mut self.log, next);
        Ok(PendingGroup { log, next_offsets: group.next_offsets(), counts: self.intake.counts().clone() })
    }

    /// Waits for the pending group and commits its offsets. A shutdown drops a group that is not acknowledged in time.
    fn finish_pending(&mut self) -> Result<(), LogError> {
        let Some(sent) = self.pending.take() else { return Ok(()) };
        if self.wait_for(&sent.log)? {
            self.topics.status.intake(Way::Topics).counts = sent.counts;
            self.acknowledged.extend(sent.next_offsets);
            self.may_lack_commit = true;
            self.commit();
        }
        self.idle = Some(sent.log);
        Ok(())
    }

    /// Applies the group's changes of assignment.
    fn apply_changes(&mut self) {
        while let Ok(change) = self.changes.try_recv() {
            match change {
                AssignmentChange::Assigned(partitions) => {
                    *self.joined = *self.joined || self.topics.status.joined();
                    // Another member may have committed later offsets meanwhile.
                    for (topic, partition) in &partitions {
                        self.acknowledged.remove(&(topic.clone(), partition.cast_signed()));
                    }
                }
                AssignmentChange::Revoked(_) => {}
            }
        }
    }

    /// Commits again if the brokers lack a commit. A rebalance can lose one silently; without new records the partition would show
    /// a lag for good.
    fn check_commit(&mut self) {
        if !self.may_lack_commit || self.last_check.elapsed() < COMMIT_CHECK_INTERVAL {
            return;
        }
        self.last_check = Instant::now();
        let ours = self.acknowledged_offsets();
        if let Ok(found) = self.consumer.committed_offsets(ours.clone(), COMMITTED_OFFSETS_TIMEOUT) {
            self.may_lack_commit = ours != found;
            if self.may_lack_commit {
                self.commit();
            }
        }
    }

    /// Reads a group of records. The group may grow while the previous one is not acknowledged: larger groups make larger records,
    /// which are cheaper to read.
    fn read_group(&mut self) -> Result<InputGroup, LogError> {
        let mut group = InputGroup::new(self.topics.clock.now());
        self.check.expire();
        self.resume_paused();
        while group.bytes < TOPIC_GROUP_BYTES && !self.topics.stopping.asked() {
            if group.records.is_multiple_of(RECORDS_PER_CLOCK_READING) {
                if !group.is_empty() && !group.may_grow(TOPIC_GROUP_AGE) {
                    break;
                }
                group.now = self.topics.clock.now();
            }
            // A polled record borrows the consumer, so the other fields are borrowed one by one.
            let ConsumerSession { topics, consumer, intake, log, pending, records, check, paused, .. } = self;
            match consumer.poll(if group.is_empty() { INTAKE_POLL } else { Duration::ZERO }) {
                Some(Ok(message)) => {
                    let Some(payload) = records.payload(&message) else {
                        paused.push((pause_at(consumer, &message)?, Instant::now()));
                        continue;
                    };
                    group.append(&message, payload.as_deref(), records, check, intake, log)?;
                }
                Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                    return Err(LogError::failed(
                        "the membership in the group failed for good",
                        KafkaError::MessageConsumptionFatal(code),
                    ));
                }
                Some(Err(error)) => topics.log.contact().report_poll(&error, "intake"),
                None => match pending {
                    Some(before) if group.may_grow(TOPIC_GROUP_AGE) && !before.log.acknowledged(GROUP_POLL)? => {
                        group.now = topics.clock.now();
                    }
                    _ => break,
                },
            }
        }
        Ok(group)
    }

    /// Resumes partitions after a pause.
    fn resume_paused(&mut self) {
        self.paused.retain(|(list, since)| {
            let waits = since.elapsed() < INTAKE_RETRY_PAUSE;
            if !waits {
                // It fails for a partition that was revoked meanwhile, which does not matter.
                let _ = self.consumer.resume(list);
            }
            waits
        });
    }

    /// Waits for acknowledgements and stays a member meanwhile. False when a shutdown ends the wait.
    fn wait_for(&self, log: &KafkaLog) -> Result<bool, LogError> {
        let (begun, mut paused) = (Instant::now(), None);
        while !log.acknowledged(INTAKE_POLL)? {
            if self.topics.stopping.asked() && begun.elapsed() > SHUTDOWN_GRACE {
                return Ok(false);
            }
            if begun.elapsed() < ACKNOWLEDGEMENT_WAIT {
                continue;
            }
            if paused.is_none() {
                paused = self.consumer.assignment().ok().filter(|list| self.consumer.pause(list).is_ok());
            }
            // Paused partitions yield nothing. A record of a newly assigned partition is read again later.
            if let Some(Ok(message)) = self.consumer.poll(Duration::ZERO) {
                seek_to(&self.consumer, &message)?;
            }
        }
        if let Some(list) = paused {
            // It fails for partitions that were revoked meanwhile, which does not matter.
            let _ = self.consumer.resume(&list);
        }
        Ok(true)
    }

    /// The acknowledged offsets of this member's partitions.
    fn acknowledged_offsets(&self) -> TopicPartitionList {
        let mut offsets = TopicPartitionList::new();
        let Ok(ours) = self.consumer.assignment() else { return offsets };
        for ((topic, partition), next) in &self.acknowledged {
            if ours.find_partition(topic, *partition).is_some()
                && let Err(error) = offsets.add_partition_offset(topic, *partition, Offset::Offset(*next))
            {
                debug!(%error, topic, partition, "offset not committed");
            }
        }
        offsets
    }

    fn commit(&self) {
        let offsets = self.acknowledged_offsets();
        // After a lost commit records are read again, and their events are duplicates.
        if offsets.count() > 0
            && let Err(error) = self.consumer.commit(&offsets, CommitMode::Async)
        {
            debug!(%error, "offsets not committed");
        }
    }
}

/// Seeks back, so that the next record of the partition is this one.
fn seek_to(consumer: &BaseConsumer<MemberContext>, message: &BorrowedMessage<'_>) -> Result<(), LogError> {
    let back = Offset::Offset(message.offset());
    consumer
        .seek(message.topic(), message.partition(), back, SEEK_TIMEOUT)
        .map_err(|error| LogError::failed("a seek in an input topic failed", error))
}

/// Seeks back and pauses the partition, so that others continue.
fn pause_at(consumer: &BaseConsumer<MemberContext>, message: &BorrowedMessage<'_>) -> Result<TopicPartitionList, LogError> {
    seek_to(consumer, message)?;
    let mut list = TopicPartitionList::new();
    list.add_partition(message.topic(), message.partition());
    consumer.pause(&list).map_err(|error| LogError::failed("pausing an input partition failed", error))?;
    Ok(list)
}

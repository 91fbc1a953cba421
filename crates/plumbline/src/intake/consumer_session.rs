//! The intake of topics that practice systems write: a consumer group, whose offsets are committed only after everything that came
//! of a record is acknowledged by the log, rejects included.
//!
//! Records are taken in groups. While one group waits for its acknowledgements the next is taken, and no more than that: a slow log
//! holds up the sources. Where it is very slow the membership is kept alive meanwhile, so that nobody leaves.

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
use crate::intake::reject_retrier::RejectRetrier;
use crate::kafka::log::KafkaLog;
use crate::kafka::membership::{AssignmentChange, MemberContext, join};
use crate::kafka::settings::Group;
use crate::process::clock::Clock;
use crate::process::service_status::{InputStatus, Inputs, ServiceStatus, Way};
use crate::process::shutdown_signal::ShutdownSignal;

/// A group of records is closed when it holds so many bytes, or after so long; when nothing more is there, too, unless the group
/// before it is still waited for.
const GROUP_BYTES: usize = 8 << 20;
const GROUP_WAIT: Duration = Duration::from_millis(100);
/// The clock is looked at before so many records.
const RECORDS_A_LOOK: u64 = 64;
/// Events of one feed that are packed into one record.
const BATCH_EVENTS: usize = 500;
/// So long one look for a record, or for an acknowledgement, takes.
const LOOK: Duration = Duration::from_millis(50);
/// So long one look for more of a group takes while the group before is not acknowledged.
const GATHERING: Duration = Duration::from_millis(5);
/// So long acknowledgements may take before the membership is kept alive by asking for records; whoever asks gives up what the library
/// has fetched ahead.
const PATIENCE: Duration = Duration::from_secs(2);
/// Whoever was asked to stop waits so long for acknowledgements; without them what was taken is taken again.
const PARTING: Duration = Duration::from_secs(1);
/// How often it is asked whether what was committed is.
const CONFIRMING: Duration = Duration::from_secs(1);
/// After a failure the group is left and joined again so much later.
const PAUSE: Duration = Duration::from_secs(1);

/// What the thread needs.
pub struct TopicIntake {
    /// A handle on the log.
    pub log: KafkaLog,
    /// Partitions of `events`.
    pub partitions: u32,
    /// The topics, by name.
    pub inputs: BTreeMap<String, Input>,
    /// Opens what was sent.
    pub retry: RejectRetrier,
    /// What time it is.
    pub clock: Clock,
    /// Where to tell what became of the records.
    pub vitals: Arc<ServiceStatus>,
    /// When to end.
    pub stopping: ShutdownSignal,
}

impl TopicIntake {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn start(self) -> Result<JoinHandle<()>> {
        let run = move || {
            let _guard = self.stopping.guard("intake");
            self.run();
        };
        thread::Builder::new().name("topic-intake".to_owned()).spawn(run).context("a thread for intake cannot be started")
    }

    /// Takes until somebody asks to stop. Whoever failed joins anew and goes on from what is committed.
    fn run(&self) {
        self.vitals.joining();
        let mut joined = false;
        let mut intake = Intake::new(self.partitions, BATCH_EVENTS);
        while !self.stopping.asked() {
            let mut taking = match ConsumerSession::join(self, &mut intake, &mut joined) {
                Ok(taking) => taking,
                Err(error) => {
                    self.stopping.fail(format!("intake: {error:#}"));
                    return;
                }
            };
            if let Err(error) = taking.run() {
                self.log.contact().count(|counters| &counters.restarts);
                warn!("intake goes back to what is committed: {}", with_sources(&error));
                // What was packed and not sent comes again.
                intake.forget();
                let _ = self.stopping.wait(PAUSE);
            }
        }
    }
}

/// One membership.
struct ConsumerSession<'t> {
    of: &'t TopicIntake,
    consumer: BaseConsumer<MemberContext>,
    changes: Receiver<AssignmentChange>,
    intake: &'t mut Intake,
    joined: &'t mut bool,
    /// For the group that is being taken.
    log: KafkaLog,
    /// The group before it, sent and not yet acknowledged, through a handle of its own, for a handle waits for all that is its.
    under_way: Option<UnderWay>,
    idle: Option<KafkaLog>,
    records: InputRecords<'t>,
    /// Partitions whose next record has a schema that nobody knows until the schema registry says so, and since when they wait.
    aside: Vec<(TopicPartitionList, Instant)>,
    /// What is done with, whether it could be committed or not.
    done: NextOffsets,
    /// Whether it may not be committed, and when that was last asked.
    doubtful: bool,
    asked: Instant,
}

/// A group that was sent.
struct UnderWay {
    log: KafkaLog,
    taken: NextOffsets,
    counts: IntakeCounts,
}

impl<'t> ConsumerSession<'t> {
    fn join(of: &'t TopicIntake, intake: &'t mut Intake, joined: &'t mut bool) -> Result<ConsumerSession<'t>> {
        let topics: Vec<&str> = of.inputs.keys().map(String::as_str).collect();
        let (sender, changes) = channel();
        let settings = of.log.settings();
        let consumer = join(settings, of.log.contact(), Group::Intake, &topics, sender)
            .with_context(|| format!("the group {} cannot be joined", settings.group(Group::Intake)))?;
        Ok(ConsumerSession {
            of,
            consumer,
            changes,
            intake,
            joined,
            log: of.log.clone(),
            under_way: None,
            idle: Some(of.log.clone()),
            records: InputRecords::new(&of.inputs, &of.retry, of.log.schema_registry().map(Arc::as_ref)),
            aside: Vec::new(),
            done: NextOffsets::new(),
            doubtful: false,
            asked: Instant::now(),
        })
    }

    fn run(&mut self) -> Result<(), LogError> {
        while !self.of.stopping.asked() {
            let group = self.group()?;
            self.changed();
            group.tell(&self.of.vitals);
            let sent = if group.is_empty() { None } else { Some(self.send(group)?) };
            self.settle()?;
            if sent.is_none() {
                self.confirm();
            }
            self.under_way = sent;
        }
        self.settle()
    }

    /// Sends what was packed of a group; the next is packed for the other handle.
    fn send(&mut self, group: InputGroup) -> Result<UnderWay, LogError> {
        self.intake.send(&mut self.log)?;
        let next = self.idle.take().unwrap_or_else(|| self.of.log.clone());
        let log = std::mem::replace(&mut self.log, next);
        Ok(UnderWay { log, taken: group.taken(), counts: self.intake.counts().clone() })
    }

    /// Waits for the group that is under way, and commits it. Without acknowledgements whoever is asked to stop lets it go.
    fn settle(&mut self) -> Result<(), LogError> {
        let Some(sent) = self.under_way.take() else { return Ok(()) };
        if self.acknowledged(&sent.log)? {
            self.of.vitals.intake(Way::Topics).counts = sent.counts;
            self.done.extend(sent.taken);
            self.doubtful = true;
            self.commit();
        }
        self.idle = Some(sent.log);
        Ok(())
    }

    /// How far the group has come in partitions that were assigned just now.
    fn committed(&self, partitions: Vec<(String, u32)>) -> Inputs {
        let mut asked = TopicPartitionList::new();
        for (topic, partition) in &partitions {
            asked.add_partition(topic, partition.cast_signed());
        }
        let found = self.consumer.committed_offsets(asked, LOOK * 40).unwrap_or_default();
        let next = |topic: &str, partition: u32| match found.find_partition(topic, partition.cast_signed())?.offset() {
            Offset::Offset(next) => u64::try_from(next).ok(),
            _ => None,
        };
        let begun = |(topic, partition): (String, u32)| {
            let next = next(&topic, partition).unwrap_or(0);
            ((topic, partition), InputStatus { next, end: next, newest: None })
        };
        partitions.into_iter().map(begun).collect()
    }

    /// Takes note of what has changed in the group.
    fn changed(&mut self) {
        while let Ok(change) = self.changes.try_recv() {
            match change {
                AssignmentChange::Assigned(partitions) => {
                    *self.joined = *self.joined || self.of.vitals.joined();
                    // Who had them meanwhile may have come further.
                    for (topic, partition) in &partitions {
                        self.done.remove(&(topic.clone(), partition.cast_signed()));
                    }
                    let begun = self.committed(partitions);
                    self.of.vitals.inputs().extend(begun);
                }
                AssignmentChange::Revoked(gone) => self.of.vitals.inputs().retain(|partition, _| !gone.contains(partition)),
            }
        }
    }

    /// Commits again what the brokers do not have. A commit that meets a rebalance is lost without a word, and a partition into
    /// which nothing more is written would seem to lag for ever.
    fn confirm(&mut self) {
        if !self.doubtful || self.asked.elapsed() < CONFIRMING {
            return;
        }
        self.asked = Instant::now();
        let ours = self.of_ours();
        if let Ok(found) = self.consumer.committed_offsets(ours.clone(), LOOK * 40) {
            self.doubtful = ours != found;
            if self.doubtful {
                self.commit();
            }
        }
    }

    /// Takes what there is, for a while. As long as the group before is not acknowledged it may grow: small groups make small
    /// records, which cost everybody who reads them.
    fn group(&mut self) -> Result<InputGroup, LogError> {
        let mut group = InputGroup::new(self.of.clock.now());
        self.look_again();
        while group.bytes < GROUP_BYTES && !self.of.stopping.asked() {
            // A look at a clock costs as much as a small part of an event.
            if group.records.is_multiple_of(RECORDS_A_LOOK) {
                if !group.is_empty() && !group.may_grow(GROUP_WAIT) {
                    break;
                }
                group.now = self.of.clock.now();
            }
            // A record keeps its consumer lent, and taking it needs the rest.
            let ConsumerSession { of, consumer, intake, log, under_way, records, aside, .. } = self;
            match consumer.poll(if group.is_empty() { LOOK } else { Duration::ZERO }) {
                Some(Ok(message)) => {
                    let Some(payload) = records.known(&message) else {
                        aside.push((set_aside(consumer, &message)?, Instant::now()));
                        continue;
                    };
                    group.take(&message, payload.as_deref(), records, intake, log)?;
                }
                Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                    return Err(LogError::failed("the membership cannot go on", KafkaError::MessageConsumptionFatal(code)));
                }
                Some(Err(error)) => debug!("reading the input topics: {error}"),
                None => match under_way {
                    Some(before) if group.may_grow(GROUP_WAIT) && !before.log.acknowledged(GATHERING)? => {
                        group.now = of.clock.now();
                    }
                    _ => break,
                },
            }
        }
        Ok(group)
    }

    /// Goes on with the partitions that have waited for a while.
    fn look_again(&mut self) {
        self.aside.retain(|(list, since)| {
            let waits = since.elapsed() < PAUSE;
            if !waits {
                // Of one that was given up meanwhile it fails, and does not matter.
                let _ = self.consumer.resume(list);
            }
            waits
        });
    }

    /// Waits for what was sent, and stays a member meanwhile. False when somebody asked to stop before it was acknowledged.
    fn acknowledged(&self, log: &KafkaLog) -> Result<bool, LogError> {
        let (begun, mut paused) = (Instant::now(), None);
        while !log.acknowledged(LOOK)? {
            if self.of.stopping.asked() && begun.elapsed() > PARTING {
                return Ok(false);
            }
            if begun.elapsed() < PATIENCE {
                continue;
            }
            if paused.is_none() {
                paused = self.consumer.assignment().ok().filter(|list| self.consumer.pause(list).is_ok());
            }
            // Nothing comes of paused partitions; of those that were assigned meanwhile something may, and it is read again.
            if let Some(Ok(message)) = self.consumer.poll(Duration::ZERO) {
                set_back(&self.consumer, &message)?;
            }
        }
        if let Some(list) = paused {
            // Of those that were given up meanwhile it fails, and does not matter.
            let _ = self.consumer.resume(&list);
        }
        Ok(true)
    }

    /// What is done with of the partitions that are ours.
    fn of_ours(&self) -> TopicPartitionList {
        let mut offsets = TopicPartitionList::new();
        let Ok(ours) = self.consumer.assignment() else { return offsets };
        for ((topic, partition), next) in &self.done {
            if ours.find_partition(topic, *partition).is_some()
                && let Err(error) = offsets.add_partition_offset(topic, *partition, Offset::Offset(*next))
            {
                debug!("an offset cannot be named: {error}");
            }
        }
        offsets
    }

    fn commit(&self) {
        let offsets = self.of_ours();
        // One that is never committed is read again, and its events are duplicates.
        if offsets.count() > 0
            && let Err(error) = self.consumer.commit(&offsets, CommitMode::Async)
        {
            debug!("offsets were not committed: {error}");
        }
    }
}

/// The next record of the partition will be this one again.
fn set_back(consumer: &BaseConsumer<MemberContext>, message: &BorrowedMessage<'_>) -> Result<(), LogError> {
    let back = Offset::Offset(message.offset());
    consumer
        .seek(message.topic(), message.partition(), back, LOOK * 20)
        .map_err(|error| LogError::failed("an input topic cannot be set back", error))
}

/// The same, and nothing comes of the partition until it is resumed: others are not held up.
fn set_aside(consumer: &BaseConsumer<MemberContext>, message: &BorrowedMessage<'_>) -> Result<TopicPartitionList, LogError> {
    set_back(consumer, message)?;
    let mut list = TopicPartitionList::new();
    list.add_partition(message.topic(), message.partition());
    consumer.pause(&list).map_err(|error| LogError::failed("an input topic cannot be paused", error))?;
    Ok(list)
}

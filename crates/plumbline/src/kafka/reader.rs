//! Reads one partition at a time, from wherever it is told to: what a task asks for next is nearly always what comes next.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::time::{Duration, Instant};

use codec::avro::encoding;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use stream::log::{LogEntry, LogError};
use tracing::debug;

use crate::kafka::contact::Contact;
use crate::kafka::schema_registry::schema_registry::SchemaRegistry;
use crate::kafka::settings::KafkaSettings;
use crate::process::shutdown_signal::ShutdownSignal;

/// So long one call waits for the brokers before it looks whether somebody asked to stop.
const WAIT: Duration = Duration::from_millis(100);
/// So long nothing may come from a partition whose end was not seen before it is asked for anew; then twice as long.
const SILENCE: Duration = Duration::from_millis(500);
/// So long a topic may seem not to be there: the brokers tell each other of a new one a little later.
const NEWS: Duration = Duration::from_secs(5);
/// So long a reader waits for what its own process has written and the brokers have acknowledged.
const OWN: Duration = Duration::from_secs(10);
/// So long a question about a partition may take before it is asked again.
const QUESTION: Duration = Duration::from_secs(5);
/// So long the brokers may be away before a task that needs them now is given up.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where a reader stands.
#[derive(Debug)]
struct Cursor {
    topic: String,
    partition: u32,
    /// The offset that the next record has at least.
    next: u64,
    /// Whether everything below `end` was seen.
    at_end: bool,
    /// One past the last offset, as far as it is known.
    end: u64,
    /// What was known of it when the partition was turned to. An end that is seen lies here or behind; a newer `end` it may not
    /// know yet, for it may have waited in the queue since before.
    sure: u64,
}

/// A consumer that belongs to no group.
pub(super) struct Reader {
    consumer: BaseConsumer<Contact>,
    standing: Option<Cursor>,
    registry: Option<Arc<SchemaRegistry>>,
    stopping: ShutdownSignal,
}

/// What a reader is asked for.
pub(super) struct ReadRequest<'a> {
    pub topic: &'a str,
    pub partition: u32,
    pub from: u64,
    pub most: usize,
    /// Everything below was acknowledged to this process, so it has to be seen.
    pub own: u64,
}

impl Reader {
    pub(super) fn new(
        settings: &KafkaSettings,
        contact: Contact,
        registry: Option<Arc<SchemaRegistry>>,
        stopping: ShutdownSignal,
    ) -> Result<Reader, LogError> {
        let consumer =
            settings.reading().create_with_context(contact).map_err(|error| failed("a reader cannot be made", &error))?;
        Ok(Reader { consumer, standing: None, registry, stopping })
    }

    /// See [`stream::log::Log::read`].
    pub(super) fn read(
        &mut self,
        wanted: &ReadRequest<'_>,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        if wanted.most == 0 || !self.stand(wanted)? {
            return Ok(wanted.from);
        }
        let Reader { consumer, standing, registry, stopping } = self;
        let standing = standing.as_mut().expect("it was just taken");
        let (mut lent, mut heard, begun, mut silence) = (0, Instant::now(), Instant::now(), SILENCE);
        loop {
            let complete = standing.at_end && standing.next >= wanted.own;
            let patient = if complete || lent > 0 { Duration::ZERO } else { WAIT };
            match consumer.poll(patient) {
                Some(Ok(message)) => {
                    let offset = u64::try_from(message.offset()).unwrap_or(0);
                    heard = Instant::now();
                    standing.at_end = false;
                    if offset < standing.next {
                        continue;
                    }
                    standing.next = offset + 1;
                    standing.end = standing.end.max(offset + 1);
                    lent += 1;
                    let record = opened(&message, registry.as_deref(), stopping)?;
                    let flow = each(lend(&message, offset, record));
                    if flow.is_break() || lent >= wanted.most {
                        return Ok(standing.next);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    heard = Instant::now();
                    // What is below the end and was not lent is nothing for readers: ends of transactions, what was aborted or
                    // compacted.
                    standing.next = standing.next.max(standing.sure);
                    standing.at_end = standing.next >= standing.end;
                    if !standing.at_end {
                        standing.turn_back(consumer);
                    }
                }
                Some(Err(error)) => {
                    debug!(topic = wanted.topic, partition = wanted.partition, "reading: {error}");
                    if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
                        return Err(failed("the reader cannot go on", &error));
                    }
                }
                None if complete || lent > 0 => return Ok(standing.next),
                None => {}
            }
            if complete && lent == 0 && standing.at_end {
                return Ok(standing.next);
            }
            if stopping.asked() {
                return Err(LogError::Stopping { what: "the brokers" });
            }
            if standing.at_end && standing.next < wanted.own && begun.elapsed() > OWN {
                // Somebody's transaction is open below it; it will be seen later.
                return Ok(standing.next);
            }
            if !standing.at_end && lent == 0 && heard.elapsed() > silence {
                (heard, silence) = (Instant::now(), silence * 2);
                standing.turn_back(consumer);
                if begun.elapsed() > PATIENCE {
                    return Err(LogError::TimedOut { what: format!("a read of {}", wanted.topic), after: PATIENCE });
                }
            }
        }
    }

    /// Turns to the partition and offset. False when there is certainly nothing from there on.
    fn stand(&mut self, wanted: &ReadRequest<'_>) -> Result<bool, LogError> {
        let here = |standing: &Cursor| {
            standing.topic == wanted.topic && standing.partition == wanted.partition && standing.next == wanted.from
        };
        if self.standing.as_ref().is_some_and(here) {
            return Ok(true);
        }
        let bounds = self.bounds(wanted.topic, wanted.partition)?;
        if wanted.from >= bounds.end.max(wanted.own) {
            return Ok(false);
        }
        let next = wanted.from.max(bounds.start);
        let topic = wanted.topic.to_owned();
        let mut standing = Cursor { topic, partition: wanted.partition, next, at_end: false, end: bounds.end, sure: bounds.end };
        match &self.standing {
            Some(before) if before.topic == standing.topic && before.partition == standing.partition => {
                standing.turn_back(&self.consumer);
            }
            _ => standing.turn_to(&self.consumer)?,
        }
        self.standing = Some(standing);
        Ok(true)
    }

    /// How many partitions a topic has.
    pub(super) fn partitions(&mut self, topic: &str) -> Result<u32, LogError> {
        // That it is there is asked with more patience.
        self.bounds(topic, 0)?;
        let metadata = self.consumer.fetch_metadata(Some(topic), QUESTION);
        let metadata = metadata.map_err(|error| failed("the partitions of a topic cannot be had", &error))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic).map_or(0, |found| found.partitions().len());
        Ok(u32::try_from(found).unwrap_or(u32::MAX))
    }

    /// See [`stream::log::Log::bounds`].
    pub(super) fn bounds(&mut self, topic: &str, partition: u32) -> Result<Range<u64>, LogError> {
        let begun = Instant::now();
        let (low, high) = loop {
            match self.consumer.fetch_watermarks(topic, partition.cast_signed(), QUESTION) {
                Ok(found) => break found,
                Err(error) if is_absent(&error) && begun.elapsed() > NEWS => {
                    return Err(LogError::NoPartition { topic: topic.to_owned(), partition });
                }
                Err(error) if self.stopping.asked() || begun.elapsed() > PATIENCE => {
                    return Err(failed("the ends of a partition cannot be had", &error));
                }
                Err(error) => {
                    debug!(topic, partition, "the ends of a partition are asked for again: {error}");
                    // Only so is it heard why, as that a password is wrong; before anything is read there is nothing to be lost.
                    if self.standing.is_none() {
                        let _ = self.consumer.poll(Duration::ZERO);
                    }
                    let _ = self.stopping.wait(WAIT);
                }
            }
        };
        let bounds = u64::try_from(low).unwrap_or(0)..u64::try_from(high).unwrap_or(0);
        if let Some(standing) = self.standing.as_mut().filter(|s| s.topic == topic && s.partition == partition) {
            standing.at_end &= bounds.end <= standing.next;
            standing.end = standing.end.max(bounds.end);
        }
        Ok(bounds)
    }
}

impl Cursor {
    /// Has the consumer read from here on, in the partition that it reads already; what waits in its queue is dropped. The partition is
    /// never assigned anew while it is: librdkafka then stops it twice and aborts the process where the end of the consumer comes
    /// close behind (its issue 5573, open in 2.15).
    fn turn_back(&mut self, consumer: &BaseConsumer<Contact>) {
        self.sure = self.end;
        let offset = Offset::Offset(i64::try_from(self.next).unwrap_or(i64::MAX));
        if let Err(error) = consumer.seek(&self.topic, self.partition.cast_signed(), offset, WAIT * 10) {
            // It is tried again when nothing has come for a while.
            debug!(topic = self.topic, partition = self.partition, "turning back: {error}");
        }
    }

    /// Has the consumer read this partition, and no other.
    fn turn_to(&mut self, consumer: &BaseConsumer<Contact>) -> Result<(), LogError> {
        self.sure = self.end;
        // Without the topic's metadata the first record takes half a second.
        let _ = consumer.fetch_metadata(Some(&self.topic), QUESTION);
        let mut list = TopicPartitionList::new();
        let offset = Offset::Offset(i64::try_from(self.next).unwrap_or(i64::MAX));
        list.add_partition_offset(&self.topic, self.partition.cast_signed(), offset)
            .and_then(|()| consumer.assign(&list))
            .map_err(|error| failed("a partition cannot be read", &error))
    }
}

fn lend<'a>(message: &'a impl Message, offset: u64, record: Record<'a>) -> LogEntry<'a> {
    let appended = message.timestamp().to_millis().map_or(Timestamp::EARLIEST, Timestamp);
    let key = message.key().and_then(|key| std::str::from_utf8(key).ok()).unwrap_or_default();
    LogEntry { offset, appended, key, record }
}

/// What a record says. Whose schema nobody knows is waited for as the brokers are: to pass over it would change what the log says,
/// and to end before it would look like the log's end.
fn opened<'a>(
    message: &'a impl Message,
    registry: Option<&SchemaRegistry>,
    stopping: &ShutdownSignal,
) -> Result<Record<'a>, LogError> {
    let Some(bytes) = message.payload() else {
        return Ok(Record::Undecodable("a tombstone: the key is gone".to_owned()));
    };
    let Some(registry) = registry else { return Ok(encoding::decode(bytes)) };
    let begun = Instant::now();
    loop {
        match registry.decode(bytes) {
            Ok(record) => return Ok(record),
            Err(error) if begun.elapsed() > PATIENCE || stopping.wait(WAIT) => {
                return Err(LogError::failed("the schema of a record is unknown", error));
            }
            Err(_) => {}
        }
    }
}

fn is_absent(error: &KafkaError) -> bool {
    use rdkafka::error::RDKafkaErrorCode::{UnknownPartition, UnknownTopic, UnknownTopicOrPartition};
    matches!(error.rdkafka_error_code(), Some(UnknownPartition | UnknownTopic | UnknownTopicOrPartition))
}

/// An error of the brokers as one of the log.
pub(super) fn failed(what: &str, error: &KafkaError) -> LogError {
    LogError::failed(what, error.clone())
}

//! Reads one partition at a time, from any offset. A task nearly always asks for the record after the last one it read.

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

use crate::kafka::access_right::{is_refused, missing_right};
use crate::kafka::contact::Contact;
use crate::kafka::schema_registry::registry::SchemaRegistry;
use crate::kafka::settings::KafkaSettings;
use crate::process::limits::{
    BROKER_OUTAGE, BROKER_POLL, BROKER_REQUEST_TIMEOUT, NEW_TOPIC_DELAY, OWN_RECORDS_WAIT, PARTITION_SILENCE, SEEK_TIMEOUT,
};
use crate::process::shutdown_signal::ShutdownSignal;

/// The partition that a reader reads, and how far it is.
#[derive(Debug)]
struct Cursor {
    topic: String,
    partition: u32,
    /// The least offset of the next record.
    next: u64,
    /// Whether everything below `end` was read.
    at_end: bool,
    /// One past the last known offset.
    end: u64,
    /// The value of `end` at the last assign or seek. An end-of-partition event proves this end only: it may have waited in the
    /// queue since before a newer `end` was known.
    proven_end: u64,
}

/// A consumer outside of every group.
pub(super) struct Reader {
    consumer: BaseConsumer<Contact>,
    cursor: Option<Cursor>,
    registry: Option<Arc<SchemaRegistry>>,
    stopping: ShutdownSignal,
}

/// One read of a partition.
pub(super) struct ReadRequest<'a> {
    pub topic: &'a str,
    pub partition: u32,
    pub from: u64,
    pub most: usize,
    /// One past the last offset that brokers acknowledged to this process. The read must include records below it.
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
            settings.reader().create_with_context(contact).map_err(|error| failed("a reader cannot be created", &error))?;
        Ok(Reader { consumer, cursor: None, registry, stopping })
    }

    /// See [`stream::log::Log::read`].
    pub(super) fn read(
        &mut self,
        wanted: &ReadRequest<'_>,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        if wanted.most == 0 || !self.move_to(wanted)? {
            return Ok(wanted.from);
        }
        let Reader { consumer, cursor, registry, stopping } = self;
        let cursor = cursor.as_mut().expect("move_to sets the cursor");
        let (mut count, mut last_event, begun, mut silence) = (0, Instant::now(), Instant::now(), PARTITION_SILENCE);
        loop {
            let complete = cursor.at_end && cursor.next >= wanted.own;
            let timeout = if complete || count > 0 { Duration::ZERO } else { BROKER_POLL };
            match consumer.poll(timeout) {
                Some(Ok(message)) => {
                    let offset = u64::try_from(message.offset()).unwrap_or(0);
                    last_event = Instant::now();
                    cursor.at_end = false;
                    if offset < cursor.next {
                        continue;
                    }
                    cursor.next = offset + 1;
                    cursor.end = cursor.end.max(offset + 1);
                    count += 1;
                    let record = decoded(&message, registry.as_deref(), stopping)?;
                    let flow = each(entry(&message, offset, record));
                    if flow.is_break() || count >= wanted.most {
                        return Ok(cursor.next);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    last_event = Instant::now();
                    // Offsets without a record hold ends of transactions, aborted or compacted records.
                    cursor.next = cursor.next.max(cursor.proven_end);
                    cursor.at_end = cursor.next >= cursor.end;
                    if !cursor.at_end {
                        cursor.seek(consumer);
                    }
                }
                Some(Err(error)) => {
                    debug!(topic = wanted.topic, partition = wanted.partition, %error, "poll of a reader failed");
                    if is_refused(&error) {
                        return Err(failed_on(wanted.topic, "Read", "a read is refused", &error));
                    }
                    if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
                        return Err(failed("the reader failed for good", &error));
                    }
                }
                None if complete || count > 0 => return Ok(cursor.next),
                None => {}
            }
            if complete && count == 0 && cursor.at_end {
                return Ok(cursor.next);
            }
            if stopping.asked() {
                return Err(LogError::Stopping { what: "the brokers" });
            }
            if cursor.at_end && cursor.next < wanted.own && begun.elapsed() > OWN_RECORDS_WAIT {
                // Another producer's transaction is open below these records; a later read returns them.
                return Ok(cursor.next);
            }
            if !cursor.at_end && count == 0 && last_event.elapsed() > silence {
                (last_event, silence) = (Instant::now(), silence * 2);
                cursor.seek(consumer);
                if begun.elapsed() > BROKER_OUTAGE {
                    return Err(LogError::TimedOut { what: format!("a read of {}", wanted.topic), after: BROKER_OUTAGE });
                }
            }
        }
    }

    /// Assigns the partition, or seeks in it. False when it holds no record at or above the offset.
    fn move_to(&mut self, wanted: &ReadRequest<'_>) -> Result<bool, LogError> {
        let here =
            |cursor: &Cursor| cursor.topic == wanted.topic && cursor.partition == wanted.partition && cursor.next == wanted.from;
        if self.cursor.as_ref().is_some_and(here) {
            return Ok(true);
        }
        let bounds = self.bounds(wanted.topic, wanted.partition)?;
        if wanted.from >= bounds.end.max(wanted.own) {
            return Ok(false);
        }
        let next = wanted.from.max(bounds.start);
        let topic = wanted.topic.to_owned();
        let end = bounds.end;
        let mut cursor = Cursor { topic, partition: wanted.partition, next, at_end: false, end, proven_end: end };
        match &self.cursor {
            Some(before) if before.topic == cursor.topic && before.partition == cursor.partition => cursor.seek(&self.consumer),
            _ => cursor.assign(&self.consumer)?,
        }
        self.cursor = Some(cursor);
        Ok(true)
    }

    /// How many partitions a topic has.
    pub(super) fn partitions(&mut self, topic: &str) -> Result<u32, LogError> {
        // `bounds` waits for a topic that was created a moment ago.
        self.bounds(topic, 0)?;
        self.partitions_now(topic, BROKER_REQUEST_TIMEOUT)
    }

    /// The number of partitions, from one request.
    pub(super) fn partitions_now(&mut self, topic: &str, at_most: Duration) -> Result<u32, LogError> {
        let metadata = self.consumer.fetch_metadata(Some(topic), at_most);
        let metadata = metadata.map_err(|error| failed("the number of partitions of a topic is unknown", &error))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic).map_or(0, |found| found.partitions().len());
        Ok(u32::try_from(found).unwrap_or(u32::MAX))
    }

    /// The refusal of a topic's metadata. A request for offsets hides it behind a time-out.
    fn refusal(&self, topic: &str) -> Option<KafkaError> {
        let metadata = self.consumer.fetch_metadata(Some(topic), BROKER_REQUEST_TIMEOUT).ok()?;
        let code = metadata.topics().first()?.error()?;
        Some(KafkaError::MetadataFetch(code.into())).filter(is_refused)
    }

    /// See [`stream::log::Log::bounds`].
    pub(super) fn bounds(&mut self, topic: &str, partition: u32) -> Result<Range<u64>, LogError> {
        let begun = Instant::now();
        let (low, high) = loop {
            match self.consumer.fetch_watermarks(topic, partition.cast_signed(), BROKER_REQUEST_TIMEOUT) {
                Ok(found) => break found,
                Err(error) if is_absent(&error) && begun.elapsed() > NEW_TOPIC_DELAY => {
                    return Err(LogError::NoPartition { topic: topic.to_owned(), partition });
                }
                Err(error) if self.stopping.asked() || begun.elapsed() > BROKER_OUTAGE => {
                    return Err(failed("the offsets of a partition are unknown", &error));
                }
                Err(error) => {
                    debug!(topic, partition, %error, "offsets of a partition unknown, asking again");
                    if let Some(refusal) = self.refusal(topic) {
                        return Err(failed_on(topic, "Describe", "the offsets of a partition are unknown", &refusal));
                    }
                    // A poll reports why, for example a wrong password. Without a cursor it cannot swallow a record.
                    if self.cursor.is_none() {
                        let _ = self.consumer.poll(Duration::ZERO);
                    }
                    let _ = self.stopping.wait(BROKER_POLL);
                }
            }
        };
        let bounds = u64::try_from(low).unwrap_or(0)..u64::try_from(high).unwrap_or(0);
        if let Some(cursor) = self.cursor.as_mut().filter(|c| c.topic == topic && c.partition == partition) {
            cursor.at_end &= bounds.end <= cursor.next;
            cursor.end = cursor.end.max(bounds.end);
        }
        Ok(bounds)
    }
}

impl Cursor {
    /// Moves the consumer within its partition and drops its queue. A second assign of the same partition is not safe: librdkafka
    /// stops the partition twice and aborts the process if the consumer ends soon after (its issue 5573, open in 2.15).
    fn seek(&mut self, consumer: &BaseConsumer<Contact>) {
        self.proven_end = self.end;
        let offset = Offset::Offset(i64::try_from(self.next).unwrap_or(i64::MAX));
        if let Err(error) = consumer.seek(&self.topic, self.partition.cast_signed(), offset, SEEK_TIMEOUT) {
            // `read` seeks again after a silence.
            debug!(topic = self.topic, partition = self.partition, %error, "seek failed");
        }
    }

    /// Makes the consumer read this partition, and no other.
    fn assign(&mut self, consumer: &BaseConsumer<Contact>) -> Result<(), LogError> {
        self.proven_end = self.end;
        // Without the topic's metadata the first record takes half a second.
        let _ = consumer.fetch_metadata(Some(&self.topic), BROKER_REQUEST_TIMEOUT);
        let mut list = TopicPartitionList::new();
        let offset = Offset::Offset(i64::try_from(self.next).unwrap_or(i64::MAX));
        list.add_partition_offset(&self.topic, self.partition.cast_signed(), offset)
            .and_then(|()| consumer.assign(&list))
            .map_err(|error| failed("a partition cannot be assigned to a reader", &error))
    }
}

fn entry<'a>(message: &'a impl Message, offset: u64, record: Record<'a>) -> LogEntry<'a> {
    let appended = message.timestamp().to_millis().map_or(Timestamp::EARLIEST, Timestamp);
    let key = message.key().and_then(|key| std::str::from_utf8(key).ok()).unwrap_or_default();
    LogEntry { offset, appended, key, record }
}

/// Decodes a record. With an unknown schema id it waits for the schema registry. Skipping the record would change the log; stopping
/// before it would look like the end of the log.
fn decoded<'a>(
    message: &'a impl Message,
    registry: Option<&SchemaRegistry>,
    stopping: &ShutdownSignal,
) -> Result<Record<'a>, LogError> {
    let Some(bytes) = message.payload() else { return Ok(Record::Tombstone) };
    let Some(registry) = registry else { return Ok(encoding::decode(bytes)) };
    let begun = Instant::now();
    loop {
        match registry.decode(bytes) {
            Ok(record) => return Ok(record),
            Err(error) if begun.elapsed() > BROKER_OUTAGE || stopping.wait(BROKER_POLL) => {
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

/// As [`failed`], with the right that the user lacks for this operation.
pub(super) fn failed_on(topic: &str, operation: &str, what: &str, error: &KafkaError) -> LogError {
    missing_right(error, operation, topic).map_or_else(|| failed(what, error), |right| failed(&format!("{what}: {right}"), error))
}

/// An error of the Kafka client as an error of the log.
pub(super) fn failed(what: &str, error: &KafkaError) -> LogError {
    LogError::failed(what, error.clone())
}

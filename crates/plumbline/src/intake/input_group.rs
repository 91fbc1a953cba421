//! A group of records of the input topics: decoded, with the next offset of each partition and the counts to report.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use codec::formats::record_decoder::{Context, DecodeOutcome, RecordDecoder, RecordFormat};
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers, Message};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::time::calendar::Timestamp;
use stream::intake::intake_task::Intake;
use stream::log::{Log, LogError};
use tracing::{info, warn};

use crate::config::options::{Input, InputFormat};
use crate::config::source_rights::SourceRights;
use crate::intake::binary_cloud_event::CloudEventHeaders;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::source_check::{SourceCheck, is_refused_source};
use crate::kafka::schema_registry::registry::SchemaRegistry;
use crate::process::service_status::{ServiceStatus, Way};

/// The offsets to commit: the next one by topic and partition.
pub(crate) type NextOffsets = BTreeMap<(String, i32), i64>;

/// The configured input topics, and the decoder of their records.
pub(crate) struct InputRecords<'r> {
    inputs: BTreeMap<&'r str, TopicInput>,
    decoder: &'r RecordDecoder,
    registry: Option<&'r SchemaRegistry>,
}

/// The configuration of a topic.
#[derive(Clone, Debug)]
struct TopicInput {
    /// Its only format, if one is configured.
    format: Option<InputFormat>,
    /// The feed of records that name none, if one is configured.
    feed: Option<Arc<Feed>>,
    rights: SourceRights,
}

impl TopicInput {
    /// The input of a topic that the configuration does not name: it may write nothing.
    fn unknown() -> TopicInput {
        TopicInput { format: None, feed: None, rights: SourceRights::of_words(Some(&[])) }
    }
}

impl<'r> InputRecords<'r> {
    pub(crate) fn new(
        inputs: &'r BTreeMap<String, Input>,
        decoder: &'r IntakeDecoder,
        registry: Option<&'r SchemaRegistry>,
    ) -> InputRecords<'r> {
        let configured = |(topic, input): (&'r String, &'r Input)| {
            let feed = input.feed.as_deref().map(|name| decoder.feed(name));
            (topic.as_str(), TopicInput { format: input.format, feed, rights: input.rights.clone() })
        };
        InputRecords { inputs: inputs.iter().map(configured).collect(), decoder: &decoder.records, registry }
    }

    /// The payload of a record with the input contract's own schema id; `Some(None)` for a tombstone. `None` while the schema id is
    /// unknown: the record waits, because an outage of the registry is no reason to reject it.
    pub(crate) fn payload<'m>(&self, message: &'m BorrowedMessage<'_>) -> Option<Option<Cow<'m, [u8]>>> {
        let Some(payload) = message.payload() else { return Some(None) };
        if let Some(structured) = message.headers().and_then(|headers| of_headers(headers).structured(payload)) {
            return Some(Some(Cow::Owned(structured)));
        }
        match self.registry {
            None => Some(Some(Cow::Borrowed(payload))),
            // The registry client has logged the reason.
            Some(registry) => registry.input(payload).ok().map(Some),
        }
    }

    fn decode(
        &self,
        key: Option<&[u8]>,
        payload: Option<&[u8]>,
        source: &Source,
        now: Timestamp,
        each: &mut dyn FnMut(Item<'_>),
    ) -> DecodeOutcome {
        let Source { position, received_at, input, .. } = source;
        let context = Context { position, feed: input.feed.clone(), received_at: *received_at, now };
        match (payload, input.format) {
            (None, _) => self.decoder.tombstone(key, &context, each),
            (Some(bytes), Some(format)) if !is_of(format, RecordFormat::of(bytes)) => {
                self.decoder.refuse(bytes, &other_format(&position.source, format), &context, each)
            }
            (Some(bytes), _) => self.decoder.decode(bytes, &context, each),
        }
    }
}

/// The attributes of a CloudEvent in binary mode.
fn of_headers(headers: &BorrowedHeaders) -> CloudEventHeaders<'_> {
    let text =
        |name: &str| headers.iter().find(|header| header.key == name).and_then(|header| str::from_utf8(header.value?).ok());
    CloudEventHeaders { version: text("ce_specversion"), source: text("ce_source"), id: text("ce_id") }
}

/// A partition with records in the group.
#[derive(Debug)]
struct Source {
    /// Position of its newest record.
    position: Position,
    /// Append time of that record.
    received_at: Timestamp,
    input: TopicInput,
    /// Registry entries and definitions that it wrote.
    entries: u64,
    /// Items that the topic may not write.
    refused: u64,
}

/// A group of records, which share one commit.
#[derive(Debug)]
pub(crate) struct InputGroup {
    sources: Vec<Source>,
    /// Index of the last record's source: many records in a row share one.
    last: usize,
    begun: Instant,
    /// The time, read every few records.
    pub now: Timestamp,
    /// Number of records.
    pub records: u64,
    /// Bytes of keys and values.
    pub bytes: usize,
    /// Fields and details that the decoder could not read.
    decoded: DecodeOutcome,
    /// The newest clinical instant of its events.
    newest_event: Option<Timestamp>,
}

impl InputGroup {
    /// An empty group.
    pub(crate) fn new(now: Timestamp) -> InputGroup {
        let begun = Instant::now();
        InputGroup {
            sources: Vec::new(),
            last: 0,
            begun,
            now,
            records: 0,
            bytes: 0,
            decoded: DecodeOutcome::default(),
            newest_event: None,
        }
    }

    /// Whether it has no record.
    pub(crate) fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Whether it has records and is younger than `max_age`.
    pub(crate) fn may_grow(&self, max_age: Duration) -> bool {
        !self.is_empty() && self.begun.elapsed() < max_age
    }

    /// Adds one record: its items are packed or appended to the log.
    ///
    /// # Errors
    /// [`LogError`] when the log fails.
    pub(crate) fn append(
        &mut self,
        message: &BorrowedMessage<'_>,
        payload: Option<&[u8]>,
        records: &InputRecords<'_>,
        check: &mut SourceCheck,
        intake: &mut Intake,
        log: &mut impl Log,
    ) -> Result<(), LogError> {
        let number = self.source_of(message, records);
        let source = &self.sources[number];
        check.learn_versioning(log, source.input.feed.as_ref())?;
        let (mut result, mut newest, mut index) = (Ok(()), self.newest_event, 0);
        let (mut entries, mut refused) = (0, 0);
        let decoded = records.decode(message.key(), payload, source, self.now, &mut |item| {
            if result.is_err() {
                return;
            }
            result = check.checked(log, item, &source.input.rights, &source.position, Some(index)).and_then(|item| {
                match &item {
                    Item::Event(_, event) => newest = newest.max(event.occurred_at),
                    Item::Registry(_) | Item::Definition(..) => entries += 1,
                    Item::Reject(reject) if is_refused_source(&reject.reason) => refused += 1,
                    Item::Reject(_) | Item::Skipped(_) => {}
                }
                intake.take(log, item)
            });
            index += 1;
        });
        self.newest_event = newest;
        self.sources[number].entries += entries;
        self.sources[number].refused += refused;
        self.decoded.add(decoded);
        result
    }

    /// Index of this record's partition, whose newest record it becomes.
    fn source_of(&mut self, message: &BorrowedMessage<'_>, records: &InputRecords<'_>) -> usize {
        let received_at = message.timestamp().to_millis().map_or(self.now, Timestamp);
        let partition = u32::try_from(message.partition()).unwrap_or(0);
        let here = |source: &Source| source.position.partition == partition && source.position.source == message.topic();
        if !self.sources.get(self.last).is_some_and(here) {
            self.last = self.sources.iter().position(here).unwrap_or_else(|| {
                let input = records.inputs.get(message.topic()).cloned().unwrap_or_else(TopicInput::unknown);
                let position = Position { source: message.topic().to_owned(), partition, offset: 0, index: None };
                self.sources.push(Source { position, received_at, input, entries: 0, refused: 0 });
                self.sources.len() - 1
            });
        }
        let source = &mut self.sources[self.last];
        source.position.offset = u64::try_from(message.offset()).unwrap_or(0);
        source.received_at = received_at;
        self.records += 1;
        self.bytes += message.payload_len() + message.key_len();
        self.last
    }

    /// Reports its counts and positions.
    pub(crate) fn report(&self, status: &ServiceStatus) {
        let mut intake = status.intake(Way::Topics);
        intake.add_decoded(&self.decoded);
        intake.newest_event = intake.newest_event.max(self.newest_event);
        drop(intake);
        for Source { position, entries, refused, .. } in &self.sources {
            let (topic, partition) = (&position.source, position.partition);
            if *entries > 0 {
                info!(topic, partition, entries, "registry entries or definitions written");
            }
            if *refused > 0 {
                warn!(topic, partition, elements = refused, "elements rejected that the topic may not write");
            }
        }
    }

    /// The offsets to commit after its acknowledgement.
    pub(crate) fn next_offsets(self) -> NextOffsets {
        let next = |source: Source| {
            let Position { source, partition, offset, .. } = source.position;
            ((source, partition.cast_signed()), i64::try_from(offset + 1).unwrap_or(i64::MAX))
        };
        self.sources.into_iter().map(next).collect()
    }
}

fn is_of(format: InputFormat, kind: RecordFormat) -> bool {
    match format {
        // An unknown or empty record gets the reject of the JSON decoder, which says more than the name of the format.
        InputFormat::Json => matches!(kind, RecordFormat::Json | RecordFormat::Unknown),
        InputFormat::Avro => kind == RecordFormat::Avro,
        InputFormat::Fhir => kind == RecordFormat::Fhir,
    }
}

fn other_format(topic: &str, format: InputFormat) -> String {
    let word = format.word();
    format!(
        "{topic} has the format {word} in the configuration, and these bytes are not {word}; send {word}, or change its format in [inputs]"
    )
}

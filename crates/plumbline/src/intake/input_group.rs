//! Records of the input topics, opened and taken by the group: where each partition stands, and what is told of it once a group.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use codec::formats::record_decoder::{Context, DecodeOutcome, RecordDecoder, RecordFormat};
use rdkafka::message::{BorrowedMessage, Message};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::time::calendar::Timestamp;
use stream::intake::intake_task::Intake;
use stream::log::{Log, LogError};

use crate::config::options::{Input, InputFormat, feed_named};
use crate::intake::reject_retrier::RejectRetrier;
use crate::kafka::schema_registry::schema_registry::SchemaRegistry;
use crate::process::service_status::{ServiceStatus, Way};

/// What the records of groups leave to be committed: the next offset by topic and partition.
pub(crate) type NextOffsets = BTreeMap<(String, i32), i64>;

/// What is configured of the input topics, and what opens their records.
pub(crate) struct InputRecords<'r> {
    inputs: BTreeMap<&'r str, TopicInput>,
    decoder: &'r RecordDecoder,
    registry: Option<&'r SchemaRegistry>,
}

/// What is configured of a topic.
#[derive(Clone, Debug)]
struct TopicInput {
    /// The only format that it takes, if there is one.
    format: Option<InputFormat>,
    /// The feed of all its records, if there is one.
    feed: Option<Arc<Feed>>,
}

impl<'r> InputRecords<'r> {
    pub(crate) fn new(
        inputs: &'r BTreeMap<String, Input>,
        retry: &'r RejectRetrier,
        registry: Option<&'r SchemaRegistry>,
    ) -> InputRecords<'r> {
        let feed = |input: &Input| Some(feed_named(&retry.feeds, &retry.zone, input.feed.as_deref()?));
        let told =
            |(topic, input): (&'r String, &'r Input)| (topic.as_str(), TopicInput { format: input.format, feed: feed(input) });
        InputRecords { inputs: inputs.iter().map(told).collect(), decoder: &retry.decoder, registry }
    }

    /// The payload of a record, with the input contract's own schema id; the outer `None` while nobody knows what its id stands
    /// for, for that is no reason to refuse it.
    pub(crate) fn known<'m>(&self, message: &'m BorrowedMessage<'_>) -> Option<Option<Cow<'m, [u8]>>> {
        let Some(payload) = message.payload() else { return Some(None) };
        match self.registry {
            None => Some(Some(Cow::Borrowed(payload))),
            // Why it is not known was told when it was asked for.
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
        let Source { position, received_at, told } = source;
        let context = Context { position, feed: told.feed.clone(), received_at: *received_at, now };
        match (payload, told.format) {
            (None, _) => self.decoder.tombstone(key, &context, each),
            (Some(bytes), Some(format)) if !is_of(format, RecordFormat::of(bytes)) => {
                self.decoder.refuse(bytes, &other_format(&position.source, format), &context, each)
            }
            (Some(bytes), _) => self.decoder.decode(bytes, &context, each),
        }
    }
}

/// A partition that records of a group came from.
#[derive(Debug)]
struct Source {
    /// Where the newest of its records stands.
    position: Position,
    /// When that came in.
    received_at: Timestamp,
    told: TopicInput,
}

/// A group of records.
#[derive(Debug)]
pub(crate) struct InputGroup {
    sources: Vec<Source>,
    /// Which of the sources the last record came from: many in a row come from the same.
    last: usize,
    begun: Instant,
    /// What time it is, or was a few records ago.
    pub now: Timestamp,
    /// How many records it has.
    pub records: u64,
    /// Bytes of keys and values.
    pub bytes: usize,
    /// Fields that nobody reads.
    unknown_fields: u64,
    /// The newest clinical instant of its events.
    newest_event: Option<Timestamp>,
}

impl InputGroup {
    /// One without records.
    pub(crate) fn new(now: Timestamp) -> InputGroup {
        let begun = Instant::now();
        InputGroup { sources: Vec::new(), last: 0, begun, now, records: 0, bytes: 0, unknown_fields: 0, newest_event: None }
    }

    /// Whether no record came.
    pub(crate) fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Whether it has records and was begun less than so long ago.
    pub(crate) fn may_grow(&self, most: Duration) -> bool {
        !self.is_empty() && self.begun.elapsed() < most
    }

    /// Takes one record: everything that comes of it is packed, or in the log.
    ///
    /// # Errors
    /// [`LogError`] when the log refuses.
    pub(crate) fn take(
        &mut self,
        message: &BorrowedMessage<'_>,
        payload: Option<&[u8]>,
        records: &InputRecords<'_>,
        intake: &mut Intake,
        log: &mut impl Log,
    ) -> Result<(), LogError> {
        let number = self.source_of(message, records);
        let (mut result, mut newest) = (Ok(()), self.newest_event);
        let decoded = records.decode(message.key(), payload, &self.sources[number], self.now, &mut |item| {
            if result.is_ok() {
                if let Item::Event(_, event) = &item {
                    newest = newest.max(event.occurred_at);
                }
                result = intake.take(log, item);
            }
        });
        self.newest_event = newest;
        self.unknown_fields += decoded.unknown_fields;
        result
    }

    /// The partition of this record, which becomes its newest.
    fn source_of(&mut self, message: &BorrowedMessage<'_>, records: &InputRecords<'_>) -> usize {
        let received_at = message.timestamp().to_millis().map_or(self.now, Timestamp);
        let partition = u32::try_from(message.partition()).unwrap_or(0);
        let here = |source: &Source| source.position.partition == partition && source.position.source == message.topic();
        if !self.sources.get(self.last).is_some_and(here) {
            self.last = self.sources.iter().position(here).unwrap_or_else(|| {
                let told = records.inputs.get(message.topic()).cloned().unwrap_or(TopicInput { format: None, feed: None });
                let position = Position { source: message.topic().to_owned(), partition, offset: 0, index: None };
                self.sources.push(Source { position, received_at, told });
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

    /// Tells what it has brought.
    pub(crate) fn tell(&self, vitals: &ServiceStatus) {
        let mut told = vitals.intake(Way::Topics);
        told.unknown_fields += self.unknown_fields;
        told.newest_event = told.newest_event.max(self.newest_event);
        drop(told);
        let mut inputs = vitals.inputs();
        for Source { position, received_at, .. } in &self.sources {
            if let Some(input) = inputs.get_mut(&(position.source.clone(), position.partition)) {
                (input.next, input.newest) = (position.offset + 1, Some(*received_at));
                input.end = input.end.max(input.next);
            }
        }
    }

    /// What it leaves to be committed.
    pub(crate) fn taken(self) -> NextOffsets {
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
    format!("{topic} is configured to hold {word}, and these bytes are not; send {word}, or set its format in [inputs]")
}

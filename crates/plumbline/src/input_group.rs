//! What a group of records from the input topics has brought: where each partition stands, and what is told of it once a group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::message::{BorrowedMessage, Message};
use scorecard::calendar::Timestamp;
use scorecard::item::Feed;
use scorecard::record::Position;

use crate::config::InputFormat;

/// What the records of groups leave to be committed: the next offset by topic and partition.
pub(crate) type Taken = BTreeMap<(String, i32), i64>;

/// A partition that records of a group came from.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where the newest of its records stands.
    pub position: Position,
    /// When that came in.
    pub received_at: Timestamp,
    /// The only format that its topic takes, if that is told.
    pub format: Option<InputFormat>,
    /// The feed of all its topic's records, if there is one.
    pub feed: Option<Arc<Feed>>,
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
    pub unknown_fields: u64,
    /// The newest clinical instant of its events.
    pub newest_event: Option<Timestamp>,
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

    /// The partition of this record, which becomes its newest; `told` says what is configured of the topic of a partition that is
    /// new in the group.
    pub(crate) fn source_of(
        &mut self,
        message: &BorrowedMessage<'_>,
        received_at: Timestamp,
        told: impl FnOnce(&str) -> (Option<InputFormat>, Option<Arc<Feed>>),
    ) -> usize {
        let partition = u32::try_from(message.partition()).unwrap_or(0);
        let here = |source: &Source| source.position.partition == partition && source.position.source == message.topic();
        if !self.sources.get(self.last).is_some_and(here) {
            self.last = self.sources.iter().position(here).unwrap_or_else(|| {
                let (format, feed) = told(message.topic());
                let position = Position { source: message.topic().to_owned(), partition, offset: 0, index: None };
                self.sources.push(Source { position, received_at, format, feed });
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

    /// The partition of this number.
    pub(crate) fn source(&self, number: usize) -> &Source {
        &self.sources[number]
    }

    /// All partitions that records came from.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// What it leaves to be committed.
    pub(crate) fn taken(self) -> Taken {
        let next = |source: Source| {
            let Position { source, partition, offset, .. } = source.position;
            ((source, partition.cast_signed()), i64::try_from(offset + 1).unwrap_or(i64::MAX))
        };
        self.sources.into_iter().map(next).collect()
    }
}

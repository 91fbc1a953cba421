//! The [`Log`] trait: the only way in which tasks read and write records.
//!
//! It has three implementors: the simulated log of the tests, the embedded local log and Kafka. A task runs over any of them
//! unchanged.

use std::error::Error;
use std::ops::{ControlFlow, Range};
use std::time::Duration;

use scorecard::event::Event;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;

use crate::limits::RECORDS_PER_READ;
use crate::log_loss::LogLoss;

/// Plumbline's own topics. `docs/internals/protocol.md` lists their names, keys and retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Batches and ticks; a feed belongs to one of its partitions.
    Events,
    /// Rows and marks.
    ClinicianMonths,
    /// Genesis, the entries of the registry and the ticks of publish.
    Registry,
    /// The newest revision of each card; compacted.
    Scorecards,
    /// Every revision of every card.
    ScorecardRevisions,
    /// Peer groups.
    PeerGroups,
    /// Members of frozen peer groups.
    PeerSnapshots,
    /// Run records.
    Runs,
    /// Items that intake rejected.
    Rejects,
    /// The codes of resources that events refer to; compacted. Only intake reads them.
    Definitions,
    /// Names, logins and contacts of persons; compacted.
    People,
    /// Looks at cards that name clinicians.
    Access,
}

/// Partitions of `scorecards` and of `scorecard-revisions`.
pub const CARD_PARTITIONS: u32 = 6;

impl Topic {
    /// All topics.
    pub const ALL: [Topic; 12] = [
        Topic::Events,
        Topic::ClinicianMonths,
        Topic::Registry,
        Topic::Scorecards,
        Topic::ScorecardRevisions,
        Topic::PeerGroups,
        Topic::PeerSnapshots,
        Topic::Runs,
        Topic::Rejects,
        Topic::Definitions,
        Topic::People,
        Topic::Access,
    ];

    /// The name without the prefix of the deployment.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Topic::Events => "events",
            Topic::ClinicianMonths => "clinician-months",
            Topic::Registry => "registry",
            Topic::Scorecards => "scorecards",
            Topic::ScorecardRevisions => "scorecard-revisions",
            Topic::PeerGroups => "peer-groups",
            Topic::PeerSnapshots => "peer-snapshots",
            Topic::Runs => "runs",
            Topic::Rejects => "rejects",
            Topic::Definitions => "definitions",
            Topic::People => "people",
            Topic::Access => "access",
        }
    }

    /// The number of its partitions in a deployment with this many partitions of `events`.
    #[must_use]
    pub fn partitions(self, of_events: u32) -> u32 {
        match self {
            Topic::Events => of_events,
            Topic::Scorecards | Topic::ScorecardRevisions => CARD_PARTITIONS,
            _ => 1,
        }
    }
}

/// One record, borrowed for the length of a call.
#[derive(Debug)]
pub struct LogEntry<'a> {
    /// The offset in its partition.
    pub offset: u64,
    /// The instant at which the log appended it (`LogAppendTime`).
    pub appended: Timestamp,
    /// The key.
    pub key: &'a str,
    /// The decoded record; undecodable bytes are a variant, not an error.
    pub record: Record<'a>,
}

/// Adds a record to a transaction: its topic, partition, key and content.
pub type Put<'p> = dyn FnMut(Topic, u32, &str, &Record<'_>) -> Result<(), LogError> + 'p;

/// Puts the records of a transaction one by one, so that they are never all in memory. An error aborts the transaction.
pub type Fill<'f> = dyn FnMut(&mut Put<'_>) -> Result<(), LogError> + 'f;

/// The error of a client or a storage engine under a log.
pub type BoxedError = Box<dyn Error + Send + Sync>;

/// Why a call of a log fails, one variant a fact. The caller drops its task and creates a new one, which reads back what is in
/// the log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another handle called [`Log::fence`] later.
    #[error("fenced: another instance has this role now; this one stops")]
    Fenced,
    /// The call failed; the source says why.
    #[error("{what}")]
    Failed {
        /// Names the call that failed.
        what: String,
        /// The error of the client.
        source: BoxedError,
    },
    /// The storage under the log failed. The text of the source names the directory and the cure.
    #[error(transparent)]
    Storage(BoxedError),
    /// The record has no stored form. It is not in the log.
    #[error("a record for the topic {topic} cannot be encoded")]
    Unencodable {
        /// The topic without its prefix.
        topic: &'static str,
        /// The error of the encoder.
        source: BoxedError,
    },
    /// The outcome is unknown: each of the records may be in the log or not.
    #[error("{what} without an acknowledgement; what of it is in the log is unknown")]
    Unacknowledged {
        /// Names the records.
        what: String,
        /// The last error that the client reported.
        source: Option<BoxedError>,
    },
    /// The log did not answer in time.
    #[error("{what} got no answer within {} s", after.as_secs())]
    TimedOut {
        /// Names the call.
        what: String,
        /// Time that the call waited.
        after: Duration,
    },
    /// The process stops; the call no longer waits for the log.
    #[error("the process stops and no longer waits for {what}")]
    Stopping {
        /// Names what the call waited for.
        what: &'static str,
    },
    /// Retention deleted records that a task had not read.
    #[error("partition {partition} of events lost offsets {}..{} unread; keep events longer than any outage", lost.start, lost.end)]
    LostBeginning {
        /// The partition.
        partition: u32,
        /// The offsets that are gone.
        lost: Range<u64>,
    },
    /// The log lacks records that an earlier result needs. The task stops, so that no card is overwritten.
    #[error(transparent)]
    Loss(#[from] LogLoss),
    /// A record that was written before is not in the log.
    #[error("{what} is not in the log")]
    Missing {
        /// Names the record.
        what: String,
    },
    /// Records of the log contradict each other.
    #[error("{what} cannot be read back")]
    Damaged {
        /// Names the records.
        what: String,
        /// The contradiction.
        source: BoxedError,
    },
    /// The log has no such partition.
    #[error("the topic {topic} has no partition {partition}; `plumbline topics` says why, and what to do")]
    NoPartition {
        /// The whole name of the topic.
        topic: String,
        /// The partition.
        partition: u32,
    },
    /// The handle must not append to this topic.
    #[error("the topic {topic} is read only here")]
    ReadOnly {
        /// The topic without its prefix.
        topic: &'static str,
    },
    /// A feed has other rules than at its first event.
    #[error(
        "the feed {feed} has {ours} here, but its first event fixed {theirs}; restore these values, or use another feed name"
    )]
    FeedRule {
        /// The feed.
        feed: String,
        /// The values of the configuration.
        ours: String,
        /// The values in the registry.
        theirs: String,
    },
    /// The log committed a transaction whose records it never asked for.
    #[error("the log committed a transaction without its records; report this")]
    Unfilled,
}

impl LogError {
    /// A failed call and the error of the client under the log.
    pub fn failed(what: impl Into<String>, source: impl Into<BoxedError>) -> LogError {
        LogError::Failed { what: what.into(), source: source.into() }
    }

    /// A record that has no stored form.
    pub fn unencodable(topic: Topic, source: impl Into<BoxedError>) -> LogError {
        LogError::Unencodable { topic: topic.name(), source: source.into() }
    }
}

/// An error and its sources in one line. A source is left out where the text names it already.
#[must_use]
pub fn with_sources(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for source in std::iter::successors(error.source(), |&error| error.source()).map(ToString::to_string) {
        if !text.contains(&source) {
            text = format!("{text}: {source}");
        }
    }
    text
}

/// A log of typed records. Handles are cheap to clone; each task owns one.
pub trait Log {
    /// Calls `each` with at most `most` records of a partition, in order from offset `from` on, until `each` breaks.
    ///
    /// Returns the offset of the next read. It is past the last record of this call, and past offsets after it that hold no
    /// record; it is `from` where the partition has nothing more. Offsets may have gaps. A record is visible only after its
    /// flush.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    fn read(
        &mut self,
        topic: Topic,
        partition: u32,
        from: u64,
        most: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError>;

    /// Calls `each` with every record of a partition from `position` on, in order, and moves `position` past the last of them.
    ///
    /// After an error, `position` is that of the last complete read.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    fn read_to_end(
        &mut self,
        topic: Topic,
        partition: u32,
        position: &mut u64,
        each: &mut dyn FnMut(LogEntry<'_>),
    ) -> Result<(), LogError> {
        loop {
            let next = self.read(topic, partition, *position, RECORDS_PER_READ, &mut |entry| {
                each(entry);
                ControlFlow::Continue(())
            })?;
            if next == *position {
                return Ok(());
            }
            *position = next;
        }
    }

    /// The offsets that a partition holds: its first, and one past its last.
    ///
    /// # Errors
    /// [`LogError`] when the log does not answer.
    fn bounds(&mut self, topic: Topic, partition: u32) -> Result<Range<u64>, LogError>;

    /// Appends an event to the bytes of an open batch, in the encoding of this log. An error leaves `to` unchanged.
    ///
    /// # Errors
    /// [`LogError::Unencodable`] when the event has no stored form.
    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError>;

    /// Appends a record. It is certainly in the log only after [`Log::flush`].
    ///
    /// # Errors
    /// [`LogError`] when the log refuses the record. The record may be in the log nevertheless.
    fn append(&mut self, topic: Topic, partition: u32, key: &str, record: &Record<'_>) -> Result<(), LogError>;

    /// Returns once the log has acknowledged every record that this handle appended.
    ///
    /// # Errors
    /// [`LogError`] when a record has no acknowledgement. Any of them may be in the log.
    fn flush(&mut self) -> Result<(), LogError>;

    /// Acquires the exclusive right to append atomically and fences the handle that had it.
    ///
    /// # Errors
    /// [`LogError`] when the log does not answer.
    fn fence(&mut self) -> Result<(), LogError>;

    /// Appends every record that `fill` puts, or none, in one acknowledged transaction.
    ///
    /// # Errors
    /// The error of `fill`; [`LogError::Fenced`] when another handle called [`Log::fence`] later; any other [`LogError`] when the
    /// outcome of the transaction is unknown.
    fn append_atomically(&mut self, fill: &mut Fill<'_>) -> Result<(), LogError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_shown_with_its_sources_and_none_of_them_twice() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let failed = LogError::failed("the records cannot be written", full());
        assert_eq!(with_sources(&failed), format!("the records cannot be written: {}", full()));
        let named = LogError::failed(format!("d/log cannot be written: {}; free some room", full()), full());
        assert_eq!(with_sources(&named).matches(&full().to_string()).count(), 1);
    }
}

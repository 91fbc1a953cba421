//! The seam: one trait over whatever keeps the records. Three implementors, and the tasks cannot tell them apart: the simulated
//! log of the tests, the embedded local log, Kafka.

use std::error::Error;
use std::ops::{ControlFlow, Range};
use std::time::Duration;

use scorecard::event::Event;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;

/// Plumbline's own topics. Their names, keys and retention stand in `ARCHITECTURE.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Batches and ticks; the only topic with many partitions.
    Events,
    /// Rows and marks.
    ClinicianMonths,
    /// Genesis, persons, roles, organisations, and publish's own ticks.
    Registry,
    /// The newest revision of each card.
    Scorecards,
    /// Every revision.
    ScorecardRevisions,
    /// Peer groups.
    PeerGroups,
    /// Members of frozen peer groups.
    PeerSnapshots,
    /// Run records.
    Runs,
    /// What could not be taken.
    Rejects,
}

/// Partitions of the topics of cards.
pub const CARD_PARTITIONS: u32 = 6;

impl Topic {
    /// All of them.
    pub const ALL: [Topic; 9] = [
        Topic::Events,
        Topic::ClinicianMonths,
        Topic::Registry,
        Topic::Scorecards,
        Topic::ScorecardRevisions,
        Topic::PeerGroups,
        Topic::PeerSnapshots,
        Topic::Runs,
        Topic::Rejects,
    ];

    /// Its name without the prefix.
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
        }
    }
}

/// One record as it is lent to a reader.
#[derive(Debug)]
pub struct LogEntry<'a> {
    /// Its offset in its partition.
    pub offset: u64,
    /// When the log took it (`LogAppendTime`).
    pub appended: Timestamp,
    /// Its key.
    pub key: &'a str,
    /// What it says; undecodable bytes are a variant, not an error.
    pub record: Record<'a>,
}

/// Takes a record into a transaction: its topic, partition and key, and what it says.
pub type Put<'p> = dyn FnMut(Topic, u32, &str, &Record<'_>) -> Result<(), LogError> + 'p;

/// Puts the records of a transaction, one after the other, so that they are never all in memory as records. Its error ends the
/// transaction without a trace.
pub type Fill<'f> = dyn FnMut(&mut Put<'_>) -> Result<(), LogError> + 'f;

/// The error of a client or a storage engine under a log.
pub type BoxedError = Box<dyn Error + Send + Sync>;

/// Why a call of a log fails, one variant a fact. The caller drops its task and creates a new one, which reads back what is in the log.
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
    /// A partition ends before an offset that a published run has read.
    #[error("partition {partition} of events ends before offset {position}, which the last run has read; restore the topic")]
    LostEnd {
        /// The partition.
        partition: u32,
        /// The offset.
        position: u64,
    },
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
    #[error("the topic {topic} has no partition {partition}; create it with `plumbline topics --apply`")]
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

/// A log of typed records. Handles are cheap to clone; each task holds one of its own.
pub trait Log {
    /// Lends at most `most` records of a partition, in order, from the first one at or after `from`, until `each` breaks off.
    /// Returns the offset to go on from: one past the last record that was lent, or more where what follows holds nothing for
    /// readers; `from` itself when there was nothing. Offsets may have gaps. A record is lent only after it was flushed.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the log cannot be read.
    fn read(
        &mut self,
        topic: Topic,
        partition: u32,
        from: u64,
        most: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError>;

    /// The offsets that a partition still holds: its first, and one past its last.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the log cannot be asked.
    fn bounds(&mut self, topic: Topic, partition: u32) -> Result<Range<u64>, LogError>;

    /// Writes an event behind others of a batch that is being packed, as this log's records hold it. After an error `to` is as it was.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the event cannot be written.
    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError>;

    /// Takes a record. It is in the log for certain only after [`Log::flush`].
    ///
    /// # Errors
    /// [`LogError::Failed`] when it was refused; it may be there all the same.
    fn append(&mut self, topic: Topic, partition: u32, key: &str, record: &Record<'_>) -> Result<(), LogError>;

    /// Returns when everything that this handle appended is acknowledged.
    ///
    /// # Errors
    /// [`LogError::Failed`] when something was not; which of it is in the log is not known.
    fn flush(&mut self) -> Result<(), LogError>;

    /// Takes over the right to append atomically: whoever had it before is fenced from now on.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the log cannot be asked.
    fn fence(&mut self) -> Result<(), LogError>;

    /// Appends all that `fill` puts or nothing, in one transaction, acknowledged.
    ///
    /// # Errors
    /// That of `fill`; [`LogError::Fenced`] when another handle called [`Log::fence`] since; [`LogError::Failed`] when it is not
    /// known whether they are in the log.
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

//! The seam: one trait over whatever keeps the records. Three implementors, and the tasks cannot tell them apart: the simulated
//! log of the tests, the embedded local log, Kafka.

use std::ops::{ControlFlow, Range};

use scorecard::event::Event;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;

/// Plumbline's own topics. Their names, keys and retention are in `docs/internals/protocol.md`.
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

/// What the log refuses. Whoever meets one drops its task and starts it anew.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another instance has taken over.
    #[error("fenced: another instance has taken over this role; this one stops")]
    Fenced,
    /// The log did not do it, or it is not known whether it did.
    #[error("the log failed: {0}")]
    Failed(String),
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

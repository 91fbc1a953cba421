//! Every record that Plumbline writes to its own topics, as a type. Bytes are `codec`'s business, topics `stream`'s.

use std::sync::Arc;

use crate::card::peer_group::{PeerGroup, PeerSnapshot};
use crate::card::scorecard::Scorecard;
use crate::event::{Batch, PackedBatch};
use crate::measure::measure_set::SetHash;
use crate::registry::entry::Entry;
use crate::sums::measure_sums::{Base, MeasureSums};
use crate::time::calendar::{Day, Month, Timestamp};

/// "Everything before me in this partition belongs to the cut `at`."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// An instant of the publication grid.
    pub at: Timestamp,
}

/// What a row is the sum of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The feed whose events it sums.
    pub feed: Arc<str>,
    /// `system|value`.
    pub clinician: Arc<str>,
    /// Practice code, or `unknown`.
    pub practice: Arc<str>,
    /// Calendar month of the events' civil days.
    pub month: Month,
}

/// A row: the absolute sums of one clinician month at a tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClinicianMonth {
    /// What it is the sum of.
    pub key: RowKey,
    /// The partition of `events` that holds the feed.
    pub partition: u32,
    /// Offset in that partition of the tick at which it was computed.
    pub position: u64,
    /// The tick's instant.
    pub at: Timestamp,
    /// The measures that were summed.
    pub measure_set: SetHash,
    /// Sums that belong to no single measure.
    pub base: Base,
    /// Non-zero sums in order of the measure's name (`id@version`).
    pub measures: Vec<(Arc<str>, MeasureSums)>,
}

/// What a partition has seen of one feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedCoverage {
    /// The feed.
    pub feed: Arc<str>,
    /// Append time of its newest record.
    pub last_appended: Timestamp,
    /// The newest civil day of its events.
    pub newest_day: Option<Day>,
    /// Per open month the days of which events were seen, bit 0 for the first.
    pub days: Vec<(Month, u32)>,
}

/// "This partition has written all its rows of tick `at`."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The partition of `events`.
    pub partition: u32,
    /// The tick's instant.
    pub at: Timestamp,
    /// The tick's offset.
    pub position: u64,
    /// Sum modulo 2^128 of XXH3-128 over the canonical bytes of every open row.
    pub digest: u128,
    /// How many open rows there are.
    pub rows: u64,
    /// The measures that were summed.
    pub measure_set: SetHash,
    /// The first month that was open at this tick; rows of earlier months are not in the digest.
    pub open_from: Month,
    /// What the partition has seen of its feeds, in order of their names.
    pub feeds: Vec<FeedCoverage>,
    /// XXH3-64 over the fields above: a mark that was damaged is no mark.
    pub check: u64,
}

/// The first record of `registry`: what a deployment can never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// Version of the stored formats.
    pub format: u32,
    /// Partitions of `events`.
    pub partitions: u32,
    /// IANA name of the zone whose months are counted.
    pub zone: String,
    /// Seconds between publication instants.
    pub grid_period_seconds: u32,
    /// Seconds after midnight UTC of one of them.
    pub grid_offset_seconds: u32,
    /// The first publication instant.
    pub first: Timestamp,
    /// Fingerprint of the permanent key.
    pub permanent_key: String,
    /// Fingerprints of the patients' keys, oldest epoch first.
    pub patient_keys: Vec<String>,
}

/// Digest of the rows of one month in one partition at the cut that seals it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedDigest {
    /// The partition of `events`.
    pub partition: u32,
    /// The month.
    pub month: Month,
    /// How many rows it has there.
    pub rows: u64,
    /// Sum modulo 2^128 of XXH3-128 over their canonical bytes.
    pub digest: u128,
}

/// Whether a cut was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All cards that changed are out.
    Published,
    /// No card was published; the text says why.
    Skipped(String),
}

/// Cards of one month in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunMonth {
    /// The month.
    pub month: Month,
    /// Cards of this month that stand after the run, withdrawn ones left out.
    pub cards: u64,
    /// Revisions that this run published.
    pub revisions: u64,
}

/// Closes one publication at a cut. Written even when nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The cut.
    pub at: Timestamp,
    /// UUIDv5 of the cut.
    pub id: String,
    /// Published, or skipped and why.
    pub outcome: Outcome,
    /// Version of the engine that computed it.
    pub engine_version: String,
    /// The measures of its cards.
    pub measure_set: SetHash,
    /// Revisions published.
    pub revisions: u64,
    /// Months whose cards changed, in order.
    pub months: Vec<RunMonth>,
    /// Offset of the cut's tick, by partition of `events`.
    pub positions: Vec<u64>,
    /// Offset in `registry` up to which entries were applied.
    pub registry_position: u64,
    /// Digests of the months that this cut seals.
    pub sealed: Vec<SealedDigest>,
    /// Partitions that publish had to fold itself.
    pub refolded: Vec<u32>,
}

/// Where a record came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// A file, a topic, an address.
    pub source: String,
    /// Partition of a topic, 0 elsewhere.
    pub partition: u32,
    /// Line of a file counted from 1, offset of a topic.
    pub offset: u64,
    /// Which element of an array or a Bundle, counted from 0.
    pub index: Option<u32>,
}

/// What could not be taken, and the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Where it came from.
    pub position: Position,
    /// The feed, when it is known.
    pub feed: Option<String>,
    /// A word from a closed list, `missing_field` or `not_json`.
    pub reason: String,
    /// Path of the field, `prescription.quantity`; empty when it is the whole record.
    pub field: String,
    /// What was found, what was expected and the cure; never the value itself.
    pub detail: String,
    /// The record's shape: letters as `a`, digits as `9`, cut to 200 characters.
    pub excerpt: String,
}

/// Every record of every topic.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is its payload's documentation")]
pub enum Record<'a> {
    Batch(Batch<'a>),
    /// A batch that is only written: it reads as [`Record::Batch`].
    Packed(PackedBatch<'a>),
    Tick(Tick),
    ClinicianMonth(ClinicianMonth),
    Mark(Mark),
    Genesis(Genesis),
    Registry(Entry),
    Scorecard(Box<Scorecard>),
    PeerGroup(Box<PeerGroup>),
    PeerSnapshot(PeerSnapshot),
    Run(Run),
    Reject(Reject),
    /// Bytes that no schema of this topic opens; the text says why.
    Undecodable(String),
}

impl Record<'_> {
    /// The same record, holding its own text.
    #[must_use]
    pub fn into_owned(self) -> Record<'static> {
        match self {
            Record::Batch(batch) => Record::Batch(batch.into_owned()),
            Record::Packed(batch) => Record::Packed(batch.into_owned()),
            Record::Tick(r) => Record::Tick(r),
            Record::ClinicianMonth(r) => Record::ClinicianMonth(r),
            Record::Mark(r) => Record::Mark(r),
            Record::Genesis(r) => Record::Genesis(r),
            Record::Registry(r) => Record::Registry(r),
            Record::Scorecard(r) => Record::Scorecard(r),
            Record::PeerGroup(r) => Record::PeerGroup(r),
            Record::PeerSnapshot(r) => Record::PeerSnapshot(r),
            Record::Run(r) => Record::Run(r),
            Record::Reject(r) => Record::Reject(r),
            Record::Undecodable(r) => Record::Undecodable(r),
        }
    }
}

//! The records that Plumbline writes to its own topics. `codec` encodes them; `stream` picks the topics.

use std::borrow::Cow;
use std::sync::Arc;

use crate::card::peer_snapshot::PeerSnapshot;
use crate::card::public_group::PeerGroup;
use crate::card::scorecard::Scorecard;
use crate::event::{Batch, CodeDefinition, PackedBatch};
use crate::measure::measure_set::SetHash;
use crate::record::access_record::AccessRecord;
use crate::registry::entry::Entry;
use crate::registry::person_details::PersonDetails;
use crate::sums::measure_sums::{Base, MeasureSums, SignedSums};
use crate::time::calendar::{Day, Month, Timestamp};

pub use crate::sums::cell_sum::CellSum;

/// Closes a cut in a partition: every record before the tick belongs to the cut `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// An instant of the publication grid.
    pub at: Timestamp,
}

/// The key of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The feed of its events.
    pub feed: Arc<str>,
    /// `system|value`.
    pub clinician: Arc<str>,
    /// Practice code, or `unknown`.
    pub practice: Arc<str>,
    /// Calendar month of the events' civil days.
    pub month: Month,
}

/// A row: the sums of one clinician month at a tick, absolute and not a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClinicianMonth {
    /// Its key.
    pub key: RowKey,
    /// The partition of `events` with the feed.
    pub partition: u32,
    /// Offset of its tick in that partition.
    pub position: u64,
    /// The tick's instant.
    pub at: Timestamp,
    /// The measure set of its sums.
    pub measure_set: SetHash,
    /// Sums that belong to no single measure.
    pub base: Base,
    /// Non-zero sums in order of the measure's name (`id@version`).
    pub measures: Vec<(Arc<str>, MeasureSums)>,
    /// Signed sums that are not zero, in order of the side's number in the measure set.
    pub signed: Vec<(u32, SignedSums)>,
    /// Case mix: sums that are not zero, in order of side and cell; of measures with `adjust` only.
    pub cells: Vec<CellSum>,
}

/// Coverage of one feed in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedCoverage {
    /// The feed.
    pub feed: Arc<str>,
    /// Append time of its newest record.
    pub last_appended: Timestamp,
    /// The newest civil day of its events.
    pub newest_day: Option<Day>,
    /// For each open month, the days with at least one event: bit 0 is the first day.
    pub days: Vec<(Month, u32)>,
    /// Events that it sent of each kind, in order of practice, kind and month; empty until the tally counts kinds.
    pub kinds: Vec<KindMonth>,
}

/// Events of one kind that a feed sent for one practice and month. It tells a quiet month from a kind that is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindMonth {
    /// Practice code, or `unknown`.
    pub practice: Arc<str>,
    /// The kind, in the words of a card's gaps.
    pub kind: Arc<str>,
    /// The month.
    pub month: Month,
    /// Events of this kind.
    pub events: u64,
    /// Days with at least one event of this kind: bit 0 is the first day.
    pub days: u32,
    /// Median of its events on a weekday.
    pub weekday_median: u32,
}

/// Declares that a partition has written all its rows of the tick `at`.
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
    /// Number of open rows.
    pub rows: u64,
    /// The measure set of its rows.
    pub measure_set: SetHash,
    /// The first open month at this tick; rows of earlier months are not in the digest.
    pub open_from: Month,
    /// Coverage of the partition's feeds, in order of their names.
    pub feeds: Vec<FeedCoverage>,
    /// XXH3-64 over the fields above. Readers ignore a damaged mark.
    pub check: u64,
}

/// The first record of `registry`: the settings that a deployment can never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// Version of the formats in the log.
    pub format: u32,
    /// Partitions of `events`.
    pub partitions: u32,
    /// IANA name of the zone of the months.
    pub zone: String,
    /// Seconds between publication instants.
    pub grid_period_seconds: u32,
    /// Seconds from midnight UTC to a publication instant.
    pub grid_offset_seconds: u32,
    /// The first publication instant.
    pub first: Timestamp,
    /// Fingerprint of the permanent key.
    pub permanent_key: String,
    /// Fingerprints of the patients' keys, oldest epoch first.
    pub patient_keys: Vec<String>,
}

/// Digest of the rows of one month in one partition, at the cut that seals the month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedDigest {
    /// The partition of `events`.
    pub partition: u32,
    /// The month.
    pub month: Month,
    /// Number of rows.
    pub rows: u64,
    /// Sum modulo 2^128 of XXH3-128 over their canonical bytes.
    pub digest: u128,
}

/// The outcome of a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All changed cards are published.
    Published,
    /// No card is published; the text gives the reason.
    Skipped(String),
}

/// Cards of one month in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunMonth {
    /// The month.
    pub month: Month,
    /// Current cards of this month after the run, without withdrawn ones.
    pub cards: u64,
    /// Revisions that the run published.
    pub revisions: u64,
}

/// Closes the publication of a cut. It is written even if no card changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The cut.
    pub at: Timestamp,
    /// UUIDv5 of the cut.
    pub id: String,
    /// Published, or skipped with the reason.
    pub outcome: Outcome,
    /// Version of the engine that computed it.
    pub engine_version: String,
    /// The measure set of its cards.
    pub measure_set: SetHash,
    /// Revisions published.
    pub revisions: u64,
    /// Months whose cards changed, in order.
    pub months: Vec<RunMonth>,
    /// Offset of the cut's tick, by partition of `events`.
    pub positions: Vec<u64>,
    /// Offset in `registry` up to which entries are applied.
    pub registry_position: u64,
    /// Digests of the months that this cut seals.
    pub sealed: Vec<SealedDigest>,
    /// Partitions that publish folded itself.
    pub refolded: Vec<u32>,
}

/// The origin of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// A file, a topic or an address.
    pub source: String,
    /// Partition of a topic, 0 elsewhere.
    pub partition: u32,
    /// Line of a file, from 1, or offset in a topic.
    pub offset: u64,
    /// Index in an array or a Bundle, from 0.
    pub index: Option<u32>,
}

/// A rejected item with its cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Its origin.
    pub position: Position,
    /// The feed, if known.
    pub feed: Option<String>,
    /// A word from a closed list, such as `missing_field` or `not_json`.
    pub reason: String,
    /// Path of the field, such as `prescription.quantity`; empty for the whole record.
    pub field: String,
    /// The problem, the expected value and the cure; never the value itself.
    pub detail: String,
    /// The record with letters as `a` and digits as `9`, cut to 200 characters.
    pub excerpt: String,
}

/// The newest definition of a resource in a feed: the record of `definitions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedDefinition<'a> {
    /// The feed whose events refer to the resource.
    pub feed: Cow<'a, str>,
    /// The definition.
    pub definition: CodeDefinition<'a>,
}

/// Every record of every topic.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is its payload's documentation")]
pub enum Record<'a> {
    Batch(Batch<'a>),
    /// A batch that is only written; a reader gets [`Record::Batch`].
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
    Definition(FeedDefinition<'a>),
    PersonDetails(PersonDetails),
    Access(AccessRecord),
    /// The key has no record any more: compaction removes the earlier ones.
    Tombstone,
    /// Bytes that no schema of this topic can decode; the text gives the reason.
    Undecodable(String),
}

impl Record<'_> {
    /// The same record with owned text.
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
            Record::Definition(r) => Record::Definition(FeedDefinition {
                feed: Cow::Owned(r.feed.into_owned()),
                definition: r.definition.into_owned(),
            }),
            Record::PersonDetails(r) => Record::PersonDetails(r),
            Record::Access(r) => Record::Access(r),
            Record::Tombstone => Record::Tombstone,
            Record::Undecodable(r) => Record::Undecodable(r),
        }
    }
}

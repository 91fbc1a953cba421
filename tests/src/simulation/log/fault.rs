//! All kinds of faults, and the count of faults that hit unacknowledged work.

use std::collections::BTreeMap;

/// A kind of fault. Reports show its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An intake ended between two calls with unacknowledged work.
    CrashOfIntake,
    /// A tally ended between two calls with unacknowledged work.
    CrashOfTally,
    /// A publisher ended between two calls with unacknowledged work.
    CrashOfPublish,
    /// A superseded tally's record reached the log after its successor had begun.
    ZombieTally,
    /// A superseded publisher's record or transaction reached the log.
    ZombiePublish,
    /// A superseded intake's record reached the log.
    ZombieIntake,
    /// An append failed.
    AppendRefused,
    /// An append stored its record and failed all the same.
    AppendUnknown,
    /// An append stored its record twice.
    AppendTwice,
    /// A flush timed out with the first part stored.
    FlushPartly,
    /// A flush failed with nothing stored.
    FlushLost,
    /// A flush failed although everything was stored.
    FlushUnknown,
    /// A flush failed, and the stored records have gaps.
    FlushWithGaps,
    /// A write of an ended instance reached the log later.
    LateWrite,
    /// A read returned fewer records than the partition has.
    ReadShort,
    /// A read missed the newest records.
    ReadStale,
    /// A read failed.
    ReadFailed,
    /// A transaction was aborted.
    TransactionAborted,
    /// A transaction was committed and failed all the same.
    TransactionUnknown,
    /// A transaction was refused because of a fence.
    TransactionFenced,
    /// A transaction's end arrived late and was accepted.
    TransactionLate,
    /// A transaction's end arrived after a fence and was refused.
    TransactionTooLate,
    /// A fence took effect and failed all the same.
    FenceUnknown,
    /// Compaction removed a row or a mark that publish had not read.
    CompactionAhead,
    /// Compaction removed older cards, groups or snapshots.
    CompactionBehind,
    /// Retention deleted the oldest events within the recommended limit.
    RetentionAdvised,
    /// Retention deleted events that were still needed.
    RetentionEarly,
    /// A role moved from one instance to another.
    OwnerMoved,
    /// Two instances owned one role at the same moment.
    OwnerDoubled,
    /// A partition had no owner over a cut.
    PartitionAlone,
    /// No publisher ran for longer than the compaction lag.
    PublishAlone,
    /// An instance's clock was ahead, and it wrote a tick from the future.
    ClockAhead,
    /// An instance's clock was behind or stepped back.
    ClockBehind,
    /// Events of a feed that is slow.
    FeedSlow,
    /// Events of a feed that was silent and then sent everything at once.
    FeedBurst,
    /// Instances with both measure sets ran at the same moment.
    SetsMixed,
    /// A registry entry arrived between the ticks of a cut.
    RegistryNearCut,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 37] = [
        Kind::CrashOfIntake,
        Kind::CrashOfTally,
        Kind::CrashOfPublish,
        Kind::ZombieTally,
        Kind::ZombiePublish,
        Kind::ZombieIntake,
        Kind::AppendRefused,
        Kind::AppendUnknown,
        Kind::AppendTwice,
        Kind::FlushPartly,
        Kind::FlushLost,
        Kind::FlushUnknown,
        Kind::FlushWithGaps,
        Kind::LateWrite,
        Kind::ReadShort,
        Kind::ReadStale,
        Kind::ReadFailed,
        Kind::TransactionAborted,
        Kind::TransactionUnknown,
        Kind::TransactionFenced,
        Kind::TransactionLate,
        Kind::TransactionTooLate,
        Kind::FenceUnknown,
        Kind::CompactionAhead,
        Kind::CompactionBehind,
        Kind::RetentionAdvised,
        Kind::RetentionEarly,
        Kind::OwnerMoved,
        Kind::OwnerDoubled,
        Kind::PartitionAlone,
        Kind::PublishAlone,
        Kind::ClockAhead,
        Kind::ClockBehind,
        Kind::FeedSlow,
        Kind::FeedBurst,
        Kind::SetsMixed,
        Kind::RegistryNearCut,
    ];
}

/// The number of times that each kind of fault bit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bites(BTreeMap<Kind, u64>);

impl Bites {
    /// Counts one bite.
    pub(crate) fn bite(&mut self, kind: Kind) {
        self.many(kind, 1);
    }

    /// Counts `times` bites.
    pub(crate) fn many(&mut self, kind: Kind, times: u64) {
        *self.0.entry(kind).or_default() += times;
    }

    /// The count of one kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> u64 {
        self.0.get(&kind).copied().unwrap_or(0)
    }

    /// Adds the counts of another history.
    pub fn add(&mut self, other: &Bites) {
        for (kind, times) in &other.0 {
            self.many(*kind, *times);
        }
    }
}

/// The way in which a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    Refused,
    Unknown,
    Twice,
    Partly,
    Lost,
    WithGaps,
    /// The records of the call arrive later.
    InFlight,
    Short,
    Stale,
    Failed,
}

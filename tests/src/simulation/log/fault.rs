//! Every kind of fault there is, and how often each hit something that was not yet acknowledged.

use std::collections::BTreeMap;

/// A kind of fault. Its name is what reports say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An instance ended between two calls with work that the log had not acknowledged.
    CrashOfIntake,
    /// The same.
    CrashOfTally,
    /// The same.
    CrashOfPublish,
    /// A superseded tally's record reached the log after its successor had begun.
    ZombieTally,
    /// A superseded publisher's record or transaction reached the log.
    ZombiePublish,
    /// A superseded intake's record reached the log.
    ZombieIntake,
    /// An append was refused.
    AppendRefused,
    /// An append was taken and said to have failed.
    AppendUnknown,
    /// An append was taken twice.
    AppendTwice,
    /// A flush timed out with the first part stored.
    FlushPartly,
    /// A flush failed with nothing stored.
    FlushLost,
    /// A flush failed though everything was stored.
    FlushUnknown,
    /// A flush failed, and what was stored has gaps.
    FlushWithGaps,
    /// A write of a handle whose owner is gone reached the log later.
    LateWrite,
    /// A read lent fewer records than there were.
    ReadShort,
    /// A read did not see the newest records.
    ReadStale,
    /// A read failed.
    ReadFailed,
    /// A transaction was aborted.
    TransactionAborted,
    /// A transaction was committed and said to have failed.
    TransactionUnknown,
    /// A transaction was refused because another had fenced.
    TransactionFenced,
    /// A transaction's end came late and was still good.
    TransactionLate,
    /// A transaction's end came after another had fenced, and was refused.
    TransactionTooLate,
    /// A fence took effect and was said to have failed.
    FenceUnknown,
    /// Compaction took a row or a mark that publish had not yet come to.
    CompactionAhead,
    /// Compaction took older cards, groups or snapshots.
    CompactionBehind,
    /// Retention took the oldest events, as advised.
    RetentionAdvised,
    /// Retention took events that were still needed.
    RetentionEarly,
    /// A role moved from one instance to another.
    OwnerMoved,
    /// Two instances owned one role at the same moment.
    OwnerDoubled,
    /// A partition was nobody's over a cut.
    PartitionAlone,
    /// Nobody published for longer than the compaction lag.
    PublishAlone,
    /// An instance's clock was ahead and it wrote a tick from the future.
    ClockAhead,
    /// An instance's clock was behind or stepped back.
    ClockBehind,
    /// Events of a feed that is slow.
    FeedSlow,
    /// Events of a feed that had fallen silent, all at once.
    FeedBurst,
    /// Instances with both measure sets ran at the same moment.
    SetsMixed,
    /// An entry of the registry came between the ticks of a cut.
    RegistryNearCut,
}

impl Kind {
    /// All of them.
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

/// How often each kind of fault bit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bites(BTreeMap<Kind, u64>);

impl Bites {
    /// It bit once more.
    pub(crate) fn bite(&mut self, kind: Kind) {
        self.many(kind, 1);
    }

    /// It bit so many times more.
    pub(crate) fn many(&mut self, kind: Kind, times: u64) {
        *self.0.entry(kind).or_default() += times;
    }

    /// How often this kind bit.
    #[must_use]
    pub fn of(&self, kind: Kind) -> u64 {
        self.0.get(&kind).copied().unwrap_or(0)
    }

    /// Adds those of another history.
    pub fn add(&mut self, other: &Bites) {
        for (kind, times) in &other.0 {
            self.many(*kind, *times);
        }
    }
}

/// What happens to a call instead of its succeeding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    Refused,
    Unknown,
    Twice,
    Partly,
    Lost,
    WithGaps,
    /// What it was to store is still on its way.
    InFlight,
    Short,
    Stale,
    Failed,
}

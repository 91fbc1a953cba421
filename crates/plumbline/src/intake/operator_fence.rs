//! The operator's fence of an event: what it voids, and its records in the log.

use scorecard::record::item::Item;
use scorecard::record::log_record::Record;
use scorecard::registry::entry::{Entry, EntrySource, EventFence};
use serde::{Deserialize, Serialize};
use stream::intake::intake_task::Intake;
use stream::log::{Log, LogError, Topic};
use stream::partition::partition_of;

/// The result of a fence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FenceOutcome {
    /// The feed.
    pub feed: String,
    /// The id, as the log holds it.
    pub id: String,
    /// Records of the event that the log held, each version as often as the log has it. All of them are void.
    pub voided: u64,
    /// The highest version of them; absent if no record has one.
    pub newest: Option<u64>,
}

/// Fences an event of a feed, if the log holds one of this id. Waits until the log has acknowledged the fence.
///
/// # Errors
/// [`LogError`] when the log fails. A second fence does no harm: it voids what arrived since.
pub fn fence(log: &mut impl Log, partitions: u32, feed: &str, id: &str) -> Result<FenceOutcome, LogError> {
    let mut outcome = FenceOutcome { feed: feed.to_owned(), id: id.to_owned(), voided: 0, newest: None };
    let partition = partition_of(feed, partitions);
    let mut from = log.bounds(Topic::Events, partition)?.start;
    log.read_to_end(Topic::Events, partition, &mut from, &mut |entry| {
        let Record::Batch(batch) = entry.record else { return };
        for event in batch.events.iter().filter(|event| batch.feed == feed && event.id == id) {
            outcome.voided += 1;
            outcome.newest = outcome.newest.max(event.version);
        }
    })?;
    if outcome.voided > 0 {
        let entry = EventFence { feed: feed.to_owned(), id: id.to_owned(), source: Some(EntrySource::Operator) };
        let mut intake = Intake::new(partitions, 1);
        intake.take(log, Item::Registry(Entry::Fence(entry)))?;
        intake.flush(log)?;
    }
    Ok(outcome)
}

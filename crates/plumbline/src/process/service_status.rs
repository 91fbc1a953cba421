//! What the service's threads tell of themselves: readiness and metrics are read from here, and nothing waits for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use scorecard::record::log_record::FeedCoverage;
use scorecard::time::calendar::Timestamp;
use stream::intake::intake_task::IntakeCounts;
use stream::tally::tally_task::Outcomes;

/// One partition's tally.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionStatus {
    /// Whether this process tallies it.
    pub owned: bool,
    /// Offset of the next record to read.
    pub position: u64,
    /// One past the last record when the service started.
    pub replay_end: u64,
    /// One past the last record, as it was seen lately.
    pub end: u64,
    /// When the newest record that was read was appended.
    pub newest: Option<Timestamp>,
    /// When its thread last said anything.
    pub heard: Option<Instant>,
    /// Whether it has read everything that was there at the start.
    pub caught_up: bool,
    /// The last counting tick that was read.
    pub last_tick: Option<Timestamp>,
    /// What became of the events.
    pub outcomes: Outcomes,
    /// Facts that count but stand in no row.
    pub unattributed: u64,
    /// Facts that are held.
    pub facts: u64,
    /// Bytes that they and their index take.
    pub fact_bytes: u64,
    /// Open rows that are held.
    pub rows: u64,
    /// What was seen of its feeds up to the last tick.
    pub feeds: Vec<FeedCoverage>,
}

/// Publish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishStatus {
    /// Whether this process publishes; it stands by otherwise.
    pub active: bool,
    /// Whether it has read back what is published.
    pub caught_up: bool,
    /// When its thread last said anything.
    pub heard: Option<Instant>,
    /// The last cut that is done with.
    pub last_cut: Option<Timestamp>,
    /// Partitions that publish had to fold itself.
    pub refolds: u64,
}

/// Intake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntakeStatus {
    /// What became of what was received since the start.
    pub counts: IntakeCounts,
    /// Fields of native events that nobody reads.
    pub unknown_fields: u64,
    /// The newest clinical instant of an event that was logged since the start.
    pub newest_event: Option<Timestamp>,
}

/// A partition of an input topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputStatus {
    /// Offset of the next record to take.
    pub next: u64,
    /// One past the last record, as it was seen lately.
    pub end: u64,
    /// When the newest record that was taken came in.
    pub newest: Option<Timestamp>,
}

/// Partitions of input topics, by topic and number.
pub type Inputs = BTreeMap<(String, u32), InputStatus>;

/// What all threads tell.
#[derive(Debug)]
pub struct ServiceStatus {
    started: Instant,
    partitions: Vec<Mutex<PartitionStatus>>,
    publish: Mutex<PublishStatus>,
    intake: [Mutex<IntakeStatus>; 2],
    inputs: Mutex<Inputs>,
    joining: AtomicUsize,
}

/// The ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Requests.
    Http = 0,
    /// Topics.
    Topics = 1,
}

/// Why the service is not ready yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NotReady {
    /// What it does.
    pub reason: &'static str,
    /// Records of the log that are read again.
    pub done: u64,
    /// Records of the log that were there at the start.
    pub total: u64,
    /// How much longer it takes at the pace so far; none before there is a pace.
    pub estimate: Option<Duration>,
}

impl ServiceStatus {
    /// For a service with so many partitions, starting now.
    #[must_use]
    pub fn new(partitions: u32) -> Arc<ServiceStatus> {
        let partitions = (0..partitions).map(|_| Mutex::default()).collect();
        Arc::new(ServiceStatus {
            started: Instant::now(),
            partitions,
            publish: Mutex::default(),
            intake: Default::default(),
            inputs: Mutex::default(),
            joining: AtomicUsize::new(0),
        })
    }

    /// A group is being joined; the service is not ready before [`ServiceStatus::joined`].
    pub fn joining(&self) {
        self.joining.fetch_add(1, Ordering::Relaxed);
    }

    /// A group that was being joined has said what is this process's. True, for whoever remembers it.
    pub fn joined(&self) -> bool {
        self.joining.fetch_sub(1, Ordering::Relaxed);
        true
    }

    /// This process begins to tally a partition that ends there now.
    pub fn begin_partition(&self, partition: u32, replay_end: u64) {
        *self.partition(partition) = PartitionStatus { owned: true, replay_end, ..PartitionStatus::default() };
    }

    /// This process does not tally a partition any more.
    pub fn end_partition(&self, partition: u32) {
        *self.partition(partition) = PartitionStatus::default();
    }

    /// Changes what a partition tells.
    pub fn partition(&self, partition: u32) -> MutexGuard<'_, PartitionStatus> {
        guard(&self.partitions[partition as usize])
    }

    /// Changes what publish tells.
    pub fn publish(&self) -> MutexGuard<'_, PublishStatus> {
        guard(&self.publish)
    }

    /// Changes what the intake of one way tells.
    pub fn intake(&self, way: Way) -> MutexGuard<'_, IntakeStatus> {
        guard(&self.intake[way as usize])
    }

    /// Changes what the intake of topics tells of them.
    pub fn inputs(&self) -> MutexGuard<'_, Inputs> {
        guard(&self.inputs)
    }

    /// The role of a thread that has not said anything for so long, if there is one. Whoever waits for brokers says so now and then.
    #[must_use]
    pub fn silent(&self, at_least: Duration) -> Option<&'static str> {
        let is_silent = |heard: Option<Instant>| heard.is_some_and(|heard| heard.elapsed() > at_least);
        if is_silent(self.publish().heard) {
            return Some("publish");
        }
        self.partitions().iter().any(|partition| partition.owned && is_silent(partition.heard)).then_some("tally")
    }

    /// What intake tells, by all ways together.
    #[must_use]
    pub fn taken(&self) -> IntakeStatus {
        let mut all = self.intake(Way::Http).clone();
        let topics = self.intake(Way::Topics);
        all.counts.add(&topics.counts);
        all.unknown_fields += topics.unknown_fields;
        all.newest_event = all.newest_event.max(topics.newest_event);
        all
    }

    /// What every partition tells now.
    #[must_use]
    pub fn partitions(&self) -> Vec<PartitionStatus> {
        self.partitions.iter().map(|partition| guard(partition).clone()).collect()
    }

    /// Nothing when the service is ready; else why not, how far it is, and how long it may take.
    #[must_use]
    pub fn not_ready(&self) -> Option<NotReady> {
        let mut partitions = self.partitions();
        partitions.retain(|partition| partition.owned);
        let joining = self.joining.load(Ordering::Relaxed) > 0;
        let reading = partitions.iter().any(|partition| !partition.caught_up);
        let publish = self.publish();
        if !joining && !reading && (publish.caught_up || !publish.active) {
            return None;
        }
        drop(publish);
        let total = partitions.iter().map(|partition| partition.replay_end).sum();
        let done = partitions.iter().map(|partition| partition.position.min(partition.replay_end)).sum();
        let reason = match (joining, reading) {
            (_, true) => "the log is being replayed",
            (true, false) => "a group is being joined",
            (false, false) => "what is published is being read back",
        };
        Some(NotReady { reason, done, total, estimate: estimate(self.started.elapsed(), done, total) })
    }
}

/// At the pace so far.
fn estimate(elapsed: Duration, done: u64, total: u64) -> Option<Duration> {
    let left = total.saturating_sub(done);
    let seconds = u64::try_from(elapsed.as_millis()).ok()?.checked_mul(left)?.checked_div(done)?;
    Some(Duration::from_millis(seconds))
}

/// Every change is a few numbers: what a thread that panicked left is still what it knew.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_only_when_every_partition_and_publish_have_caught_up() {
        let vitals = ServiceStatus::new(2);
        vitals.publish().active = true;
        vitals.begin_partition(0, 30);
        (vitals.partition(0).position, vitals.partition(0).caught_up) = (30, true);
        vitals.begin_partition(1, 70);
        vitals.partition(1).position = 10;
        let not_ready = vitals.not_ready().unwrap();
        assert_eq!((not_ready.reason, not_ready.done, not_ready.total), ("the log is being replayed", 40, 100));
        vitals.partition(1).caught_up = true;
        assert_eq!(vitals.not_ready().unwrap().reason, "what is published is being read back");
        vitals.publish().caught_up = true;
        assert_eq!(vitals.not_ready(), None);
    }

    #[test]
    fn the_estimate_is_the_rest_at_the_pace_so_far() {
        assert_eq!(estimate(Duration::from_secs(2), 25, 100), Some(Duration::from_secs(6)));
        assert_eq!(estimate(Duration::from_secs(2), 0, 100), None);
    }
}

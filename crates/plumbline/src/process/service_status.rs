//! The status of a service's threads, for readiness and metrics. Threads write it and never wait for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use scorecard::record::log_record::FeedCoverage;
use scorecard::time::calendar::Timestamp;
use stream::intake::intake_task::IntakeCounts;
use stream::tally::tally_task::Outcomes;

/// The status of one partition's tally.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionStatus {
    /// Whether this process owns the partition.
    pub owned: bool,
    /// Offset of the next record to read.
    pub position: u64,
    /// One past the last record at the start of the tally.
    pub replay_end: u64,
    /// One past the last record, at the last check.
    pub end: u64,
    /// Append time of the newest record read.
    pub newest: Option<Timestamp>,
    /// Time of the thread's last sign of life.
    pub heard: Option<Instant>,
    /// Whether it has read everything below `replay_end`.
    pub caught_up: bool,
    /// The last counting tick read.
    pub last_tick: Option<Timestamp>,
    /// Events by outcome.
    pub outcomes: Outcomes,
    /// Facts that count for no row.
    pub unattributed: u64,
    /// Facts in memory.
    pub facts: u64,
    /// Memory of the facts and their index, bytes.
    pub fact_bytes: u64,
    /// Open rows in memory.
    pub rows: u64,
    /// Coverage of its feeds up to the last tick.
    pub feeds: Vec<FeedCoverage>,
}

/// The status of publish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishStatus {
    /// Whether this process publishes; otherwise it is on standby.
    pub active: bool,
    /// Whether it has read the published cards.
    pub caught_up: bool,
    /// Time of the thread's last sign of life.
    pub heard: Option<Instant>,
    /// The last finished cut.
    pub last_cut: Option<Timestamp>,
    /// Partitions that publish folded itself because rows were missing.
    pub refolds: u64,
}

/// The status of one intake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntakeStatus {
    /// Elements received since the start, by outcome.
    pub counts: IntakeCounts,
    /// Unknown fields of native events.
    pub unknown_fields: u64,
    /// The newest `occurred_at` of an event logged since the start.
    pub newest_event: Option<Timestamp>,
}

/// The status of a partition of an input topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputStatus {
    /// Offset of the next record to read.
    pub next: u64,
    /// One past the last record, at the last check.
    pub end: u64,
    /// Append time of the newest record read.
    pub newest: Option<Timestamp>,
}

/// The status of input partitions, by topic and partition.
pub type Inputs = BTreeMap<(String, u32), InputStatus>;

/// The status of all threads of a service.
#[derive(Debug)]
pub struct ServiceStatus {
    started: Instant,
    partitions: Vec<Mutex<PartitionStatus>>,
    publish: Mutex<PublishStatus>,
    intake: [Mutex<IntakeStatus>; 2],
    inputs: Mutex<Inputs>,
    joining: AtomicUsize,
}

/// The two intakes of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// HTTP requests.
    Http = 0,
    /// Input topics.
    Topics = 1,
}

/// Why the service is not ready yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NotReady {
    /// The current activity of the service.
    pub reason: &'static str,
    /// Records replayed so far.
    pub done: u64,
    /// Records to replay.
    pub total: u64,
    /// Remaining time at the pace so far; `None` before the first record.
    pub estimate: Option<Duration>,
}

impl ServiceStatus {
    /// The status of a service with this many partitions that starts now.
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

    /// A thread joins a group. The service is not ready before [`ServiceStatus::joined`].
    pub fn joining(&self) {
        self.joining.fetch_add(1, Ordering::Relaxed);
    }

    /// A thread received its first assignment from its group. Returns true, for the caller's flag.
    pub fn joined(&self) -> bool {
        self.joining.fetch_sub(1, Ordering::Relaxed);
        true
    }

    /// This process begins to tally a partition that ends at `replay_end` now.
    pub fn begin_partition(&self, partition: u32, replay_end: u64) {
        *self.partition(partition) = PartitionStatus { owned: true, replay_end, ..PartitionStatus::default() };
    }

    /// This process no longer tallies a partition.
    pub fn end_partition(&self, partition: u32) {
        *self.partition(partition) = PartitionStatus::default();
    }

    /// The status of a partition, locked for a change.
    pub fn partition(&self, partition: u32) -> MutexGuard<'_, PartitionStatus> {
        guard(&self.partitions[partition as usize])
    }

    /// The status of publish, locked for a change.
    pub fn publish(&self) -> MutexGuard<'_, PublishStatus> {
        guard(&self.publish)
    }

    /// The status of one intake, locked for a change.
    pub fn intake(&self, way: Way) -> MutexGuard<'_, IntakeStatus> {
        guard(&self.intake[way as usize])
    }

    /// The status of the input partitions, locked for a change.
    pub fn inputs(&self) -> MutexGuard<'_, Inputs> {
        guard(&self.inputs)
    }

    /// The role of a thread without a sign of life for longer than `at_most`, if there is one. Threads that wait for brokers give
    /// signs of life.
    #[must_use]
    pub fn silent(&self, at_most: Duration) -> Option<&'static str> {
        let is_silent = |heard: Option<Instant>| heard.is_some_and(|heard| heard.elapsed() > at_most);
        if is_silent(self.publish().heard) {
            return Some("publish");
        }
        self.partitions().iter().any(|partition| partition.owned && is_silent(partition.heard)).then_some("tally")
    }

    /// The status of both intakes together.
    #[must_use]
    pub fn both_intakes(&self) -> IntakeStatus {
        let mut all = self.intake(Way::Http).clone();
        let topics = self.intake(Way::Topics);
        all.counts.add(&topics.counts);
        all.unknown_fields += topics.unknown_fields;
        all.newest_event = all.newest_event.max(topics.newest_event);
        all
    }

    /// The status of every partition.
    #[must_use]
    pub fn partitions(&self) -> Vec<PartitionStatus> {
        self.partitions.iter().map(|partition| guard(partition).clone()).collect()
    }

    /// `None` when the service is ready; else the reason, the progress and the estimated time.
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
            (false, false) => "published cards are being read",
        };
        Some(NotReady { reason, done, total, estimate: estimate(self.started.elapsed(), done, total) })
    }
}

/// Remaining time at the pace so far.
fn estimate(elapsed: Duration, done: u64, total: u64) -> Option<Duration> {
    let left = total.saturating_sub(done);
    let seconds = u64::try_from(elapsed.as_millis()).ok()?.checked_mul(left)?.checked_div(done)?;
    Some(Duration::from_millis(seconds))
}

/// Locks a status. A change writes a few numbers, so the status of a thread that panicked is still valid.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_ready_after_every_partition_and_publish_have_caught_up() {
        let vitals = ServiceStatus::new(2);
        vitals.publish().active = true;
        vitals.begin_partition(0, 30);
        (vitals.partition(0).position, vitals.partition(0).caught_up) = (30, true);
        vitals.begin_partition(1, 70);
        vitals.partition(1).position = 10;
        let not_ready = vitals.not_ready().unwrap();
        assert_eq!((not_ready.reason, not_ready.done, not_ready.total), ("the log is being replayed", 40, 100));
        vitals.partition(1).caught_up = true;
        assert_eq!(vitals.not_ready().unwrap().reason, "published cards are being read");
        vitals.publish().caught_up = true;
        assert_eq!(vitals.not_ready(), None);
    }

    #[test]
    fn the_estimate_is_the_remaining_work_at_the_pace_so_far() {
        assert_eq!(estimate(Duration::from_secs(2), 25, 100), Some(Duration::from_secs(6)));
        assert_eq!(estimate(Duration::from_secs(2), 0, 100), None);
    }
}

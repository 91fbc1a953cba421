//! The state of a service, as its threads report it. `/readyz` and the metrics read it from here; no thread waits for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use codec::formats::record_decoder::DecodeOutcome;
use scorecard::fold::code_counts::{CodeCounts, CodeGaps};
use scorecard::fold::conflict_list::Conflict;
use scorecard::record::log_record::FeedCoverage;
use scorecard::time::calendar::{Month, Timestamp};
use stream::intake::intake_task::IntakeCounts;
use stream::tally::tally_task::Outcomes;

use crate::process::limits::{CLOCK_DIFFERENCE, FIRST_PUBLICATION_WITHIN};
use crate::process::service_faults::{FaultPlace, ServiceFaults};

/// The tally of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionStatus {
    /// Whether this process owns the partition.
    pub owned: bool,
    /// Offset of the next record to read.
    pub position: u64,
    /// One past the last record when the service started.
    pub replay_end: u64,
    /// One past the last record, at the last look.
    pub end: u64,
    /// The append time of the newest record that was read.
    pub newest: Option<Timestamp>,
    /// The last report of its thread.
    pub heard: Option<Instant>,
    /// Whether it has read everything that the log held at the start.
    pub caught_up: bool,
    /// The last counting tick that was read.
    pub last_tick: Option<Timestamp>,
    /// Counts of the events by outcome.
    pub outcomes: Outcomes,
    /// The latest conflicts, oldest first.
    pub conflicts: Arc<Vec<Conflict>>,
    /// Prescriptions, and those with an unmapped drug.
    pub codes: CodeCounts,
    /// Facts without a clinician: they are in no row.
    pub unattributed: u64,
    /// Facts in memory.
    pub facts: u64,
    /// Bytes of the facts and their index.
    pub fact_bytes: u64,
    /// Rows of open months in memory.
    pub rows: u64,
    /// The coverage of its feeds at the last tick.
    pub feeds: Vec<FeedCoverage>,
    /// Its feeds with codes that have no meaning, at the same time.
    pub code_gaps: BTreeMap<Arc<str>, CodeGaps>,
    /// The first month of which the partition has every event, where it has lost its beginning.
    pub whole_from: Option<Month>,
}

impl IntakeStatus {
    /// Adds what the decoder could not read of a record.
    pub fn add_decoded(&mut self, decoded: &DecodeOutcome) {
        self.unknown_fields += decoded.unknown_fields;
        self.dropped_details += decoded.dropped_details.values().sum::<u64>();
        self.rounded_details += decoded.rounded_details.values().sum::<u64>();
        self.impossible_numbers += decoded.impossible_numbers.values().sum::<u64>();
    }
}

impl PartitionStatus {
    /// Records that are not folded yet.
    #[must_use]
    pub fn behind(&self) -> u64 {
        self.end.saturating_sub(self.position)
    }
}

/// The publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishStatus {
    /// Whether this process publishes; otherwise it is on standby.
    pub active: bool,
    /// Whether it has read what is published already.
    pub caught_up: bool,
    /// The last report of its thread.
    pub heard: Option<Instant>,
    /// The last cut that was published or skipped.
    pub last_cut: Option<Timestamp>,
    /// The first publication of the log.
    pub first: Option<Timestamp>,
    /// Partitions that publish folded itself.
    pub refolds: u64,
}

/// Intake by one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntakeStatus {
    /// Counts of the received elements since the start, by outcome.
    pub counts: IntakeCounts,
    /// Fields of native events that no measure uses.
    pub unknown_fields: u64,
    /// Faulty details that are absent from their events.
    pub dropped_details: u64,
    /// Numbers that were rounded to thousandths.
    pub rounded_details: u64,
    /// Numbers of persons that cannot be of their system.
    pub impossible_numbers: u64,
    /// The newest clinical time of an event that was logged since the start.
    pub newest_event: Option<Timestamp>,
}

/// A partition of an input topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputStatus {
    /// The committed offset of intake, else the first offset.
    pub next: u64,
    /// One past the last record, at the last look.
    pub end: u64,
    /// A look since which the records below its end are not all committed: its time and its end.
    pub waits: Option<(Timestamp, u64)>,
}

impl InputStatus {
    /// Notes the offsets of a look at the brokers.
    pub fn look(&mut self, now: Timestamp, next: u64, end: u64) {
        (self.next, self.end) = (next, end);
        self.waits = match self.waits {
            _ if next >= end => None,
            Some((_, waited)) if next >= waited => Some((now, end)),
            None => Some((now, end)),
            since => since,
        };
    }
}

/// Partitions of input topics, by topic and number.
pub type Inputs = BTreeMap<(String, u32), InputStatus>;

/// The reports of all threads.
#[derive(Debug)]
pub struct ServiceStatus {
    started: Instant,
    partitions: Vec<Mutex<PartitionStatus>>,
    publish: Mutex<PublishStatus>,
    intake: [Mutex<IntakeStatus>; 3],
    inputs: Mutex<Inputs>,
    joining: AtomicUsize,
    /// The error of the write that found the disk full.
    disk_failure: Mutex<Option<String>>,
    /// The faults of threads and brokers.
    pub faults: ServiceFaults,
    /// Partitions of `events` beyond those of the log, at the last look.
    pub extra_partitions: AtomicU32,
}

/// The ways into the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Requests.
    Http = 0,
    /// Input topics.
    Topics = 1,
    /// Retries of rejected records over HTTP.
    Retry = 2,
}

/// The reason why the service is not ready yet, and its progress.
#[derive(Clone, Debug, PartialEq)]
pub struct NotReady {
    /// The current work.
    pub reason: String,
    /// Records of the log that are read.
    pub done: u64,
    /// Records that the log held at the start.
    pub total: u64,
    /// The remaining time at the pace so far; none before the first record.
    pub estimate: Option<Duration>,
}

impl ServiceStatus {
    /// The status of a service over this number of partitions that starts now.
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
            disk_failure: Mutex::default(),
            faults: ServiceFaults::default(),
            extra_partitions: AtomicU32::new(0),
        })
    }

    /// This process joins a group; the service is not ready before [`ServiceStatus::joined`].
    pub fn joining(&self) {
        self.joining.fetch_add(1, Ordering::Relaxed);
    }

    /// A group has assigned its partitions to this process for the first time. Returns true, so that callers can note it.
    pub fn joined(&self) -> bool {
        self.joining.fetch_sub(1, Ordering::Relaxed);
        true
    }

    /// A write found the disk full. Writes have ended, and reads go on until a restart. The first error is kept.
    pub fn fail_disk(&self, error: String) {
        guard(&self.disk_failure).get_or_insert(error);
    }

    /// The error of the write that found the disk full.
    #[must_use]
    pub fn disk_failure(&self) -> Option<String> {
        guard(&self.disk_failure).clone()
    }

    /// This process begins to tally a partition whose log ends at `replay_end` now.
    pub fn begin_partition(&self, partition: u32, replay_end: u64) {
        *self.partition(partition) = PartitionStatus { owned: true, replay_end, ..PartitionStatus::default() };
    }

    /// This process no longer tallies a partition.
    pub fn end_partition(&self, partition: u32) {
        self.faults.clear(FaultPlace::Tally(partition));
        *self.partition(partition) = PartitionStatus::default();
    }

    /// The status of a partition, locked.
    pub fn partition(&self, partition: u32) -> MutexGuard<'_, PartitionStatus> {
        guard(&self.partitions[partition as usize])
    }

    /// The status of publish, locked.
    pub fn publish(&self) -> MutexGuard<'_, PublishStatus> {
        guard(&self.publish)
    }

    /// The status of intake by one way, locked.
    pub fn intake(&self, way: Way) -> MutexGuard<'_, IntakeStatus> {
        guard(&self.intake[way as usize])
    }

    /// The status of the input topics, locked.
    pub fn inputs(&self) -> MutexGuard<'_, Inputs> {
        guard(&self.inputs)
    }

    /// The role of a thread that has not reported for `at_least`. A thread that waits for brokers reports regularly.
    #[must_use]
    pub fn silent(&self, at_least: Duration) -> Option<&'static str> {
        // Threads that write have ended.
        if self.disk_failure().is_some() {
            return None;
        }
        let is_silent = |heard: Option<Instant>| heard.is_some_and(|heard| heard.elapsed() > at_least);
        if is_silent(self.publish().heard) {
            return Some("publish");
        }
        self.owned(|partition| is_silent(partition.heard)).contains(&true).then_some("tally")
    }

    /// The status of intake by all ways together.
    #[must_use]
    pub fn all_intake(&self) -> IntakeStatus {
        let mut all = IntakeStatus::default();
        for way in [Way::Http, Way::Topics, Way::Retry] {
            let one = self.intake(way);
            all.counts.add(&one.counts);
            all.unknown_fields += one.unknown_fields;
            all.dropped_details += one.dropped_details;
            all.rounded_details += one.rounded_details;
            all.impossible_numbers += one.impossible_numbers;
            all.newest_event = all.newest_event.max(one.newest_event);
        }
        all
    }

    /// Reads each partition that this process owns, in order.
    #[must_use]
    pub fn owned<T>(&self, read: impl Fn(&PartitionStatus) -> T) -> Vec<T> {
        let read_owned = |partition: &Mutex<PartitionStatus>| {
            let partition = guard(partition);
            partition.owned.then(|| read(&partition))
        };
        self.partitions.iter().filter_map(read_owned).collect()
    }

    /// The sum over the partitions that this process owns.
    #[must_use]
    pub fn total(&self, value: impl Fn(&PartitionStatus) -> u64) -> u64 {
        self.owned(value).into_iter().sum()
    }

    /// Numbers of the partitions that this process owns.
    #[must_use]
    pub fn owned_numbers(&self) -> Vec<u32> {
        (0..).zip(&self.partitions).filter(|(_, partition)| guard(partition).owned).map(|(number, _)| number).collect()
    }

    /// The seconds by which the last cut is ahead of the clock. Differences below five minutes are none: clocks differ. Before the first
    /// cut, the seconds by which the first publication is further ahead than that of any new log.
    #[must_use]
    pub fn cut_ahead_seconds(&self, now: Timestamp) -> u64 {
        let (last_cut, first) = {
            let publish = self.publish();
            (publish.last_cut, publish.first)
        };
        let latest = match (last_cut, first) {
            (Some(cut), _) => cut.0,
            (None, Some(first)) => first.0.saturating_sub(FIRST_PUBLICATION_WITHIN.as_millis().try_into().unwrap_or(i64::MAX)),
            (None, None) => now.0,
        };
        let ahead = latest.saturating_sub(now.0) / 1_000;
        u64::try_from(ahead).ok().filter(|seconds| *seconds > CLOCK_DIFFERENCE.as_secs()).unwrap_or(0)
    }

    /// The fault that keeps the service from being ready.
    fn fault(&self, now: Timestamp) -> Option<String> {
        if self.disk_failure().is_some() {
            return Some("the disk is full, and only reads are answered; free disk space, then restart".to_owned());
        }
        if let Some(fault) = self.faults.first() {
            return Some(fault.text);
        }
        let ahead = match self.publish().last_cut {
            Some(_) => "the last cut is in the future, because a clock was or is wrong; set the clock of this machine",
            None => {
                "the first publication is more than two months ahead, because the clock was wrong at the first start; set the clock of \
                 this machine and begin a new data folder"
            }
        };
        (self.cut_ahead_seconds(now) > 0).then(|| ahead.to_owned())
    }

    /// The first month of which every partition of this process has every event; `None` where the log has kept its beginning.
    #[must_use]
    pub fn whole_from(&self) -> Option<Month> {
        self.owned(|partition| partition.whole_from).into_iter().flatten().max()
    }

    /// `None` when the service is ready; otherwise the reason, the progress and the remaining time.
    #[must_use]
    pub fn not_ready(&self, now: Timestamp) -> Option<NotReady> {
        if let Some(reason) = self.fault(now) {
            return Some(NotReady { reason, done: 0, total: 0, estimate: None });
        }
        let joining = self.joining.load(Ordering::Relaxed) > 0;
        let replaying = self.owned(|partition| partition.caught_up).contains(&false);
        let publish = self.publish();
        if !joining && !replaying && (publish.caught_up || !publish.active) {
            return None;
        }
        drop(publish);
        let total = self.total(|partition| partition.replay_end);
        let done = self.total(|partition| partition.position.min(partition.replay_end));
        let reason = match (joining, replaying) {
            (_, true) => "the log is being replayed",
            (true, false) => "the process is joining a consumer group",
            (false, false) => "publish is reading the published cards",
        };
        Some(NotReady { reason: reason.to_owned(), done, total, estimate: estimate(self.started.elapsed(), done, total) })
    }
}

/// The remaining time at the pace so far.
fn estimate(elapsed: Duration, done: u64, total: u64) -> Option<Duration> {
    let left = total.saturating_sub(done);
    let millis = u64::try_from(elapsed.as_millis()).ok()?.checked_mul(left)?.checked_div(done)?;
    Some(Duration::from_millis(millis))
}

/// Each change sets a few numbers, so the status that a panicked thread left is still its last report.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn it_is_ready_only_when_every_partition_and_publish_have_caught_up() {
        let status = ServiceStatus::new(2);
        status.publish().active = true;
        status.begin_partition(0, 30);
        (status.partition(0).position, status.partition(0).caught_up) = (30, true);
        status.begin_partition(1, 70);
        status.partition(1).position = 10;
        let not_ready = status.not_ready(NOW).unwrap();
        assert_eq!((not_ready.reason.as_str(), not_ready.done, not_ready.total), ("the log is being replayed", 40, 100));
        status.partition(1).caught_up = true;
        assert_eq!(status.not_ready(NOW).unwrap().reason, "publish is reading the published cards");
        status.publish().caught_up = true;
        assert_eq!(status.not_ready(NOW), None);
    }

    #[test]
    fn a_last_cut_in_the_future_is_never_ready() {
        let status = ServiceStatus::new(0);
        for (ahead, expected) in [(-86_400_000, 0), (300_000, 0), (301_000, 301), (63_072_000_000, 63_072_000)] {
            status.publish().last_cut = Some(Timestamp(NOW.0 + ahead));
            assert_eq!(status.cut_ahead_seconds(NOW), expected);
            assert_eq!(status.not_ready(NOW).is_some(), expected > 0);
        }
    }

    #[test]
    fn a_first_publication_beyond_every_new_logs_is_never_ready() {
        let status = ServiceStatus::new(0);
        for (days, expected) in [(-10, 0), (31, 0), (62, 0), (63, 86_400), (730, 668 * 86_400)] {
            status.publish().first = Some(Timestamp(NOW.0 + days * 86_400_000));
            assert_eq!(status.cut_ahead_seconds(NOW), expected, "{days} days");
            let said = status.not_ready(NOW).map(|not_ready| not_ready.reason);
            assert_eq!(said.is_some_and(|said| said.contains("begin a new data folder")), expected > 0);
        }
    }

    #[test]
    fn an_input_waits_since_the_look_whose_records_are_not_committed() {
        let (mut input, at) = (InputStatus::default(), |seconds: i64| Timestamp(NOW.0 + 1_000 * seconds));
        input.look(at(0), 10, 10);
        assert_eq!(input.waits, None);
        input.look(at(5), 10, 30);
        input.look(at(10), 20, 50);
        assert_eq!(input.waits, Some((at(5), 30)), "10 records of the look at 5 s are left");
        input.look(at(15), 30, 60);
        assert_eq!(input.waits, Some((at(15), 60)));
        input.look(at(20), 60, 60);
        assert_eq!(input.waits, None);
    }

    #[test]
    fn the_estimate_is_the_rest_at_the_pace_so_far() {
        assert_eq!(estimate(Duration::from_secs(2), 25, 100), Some(Duration::from_secs(6)));
        assert_eq!(estimate(Duration::from_secs(2), 0, 100), None);
    }
}

//! Retention and compaction of the embedded log, with the ages that the topics have over Kafka.
//!
//! # Records that may be removed
//!
//! A cut needs every event from its first open month on. So ages count back from the last published cut, or from the clock if that is
//! earlier: while nothing is published, nothing expires. A clock that jumps ahead removes nothing before a cut has sealed the months.
//!
//! * `events`: records that were appended 16 months before that cut. A cut seals a month after 13 months, and by rule [9] the months from
//!   the second one after the first record on are whole. So all open months stay whole.
//! * `scorecard-revisions` and `runs`: 25 months, in whole runs.
//! * `rejects`: 30 days.
//! * Compacted topics: a record that has a successor with the same key, if the successor is 7 days older than that cut. So every
//!   value that a later cut asks for is there, and a backup that takes less than 7 days finds each key. Marks of one partition count
//!   as one key.
//! * `registry` stays.
//!
//! Records expire as a prefix of their partition: behind a record that stays, nothing expires. The last record of a partition stays.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use codec::avro::encoding;
use scorecard::record::log_record::{Record, Run};
use scorecard::time::calendar::Timestamp;
use stream::log::{Log, LogError, Topic};
use xxhash_rust::xxh3::xxh3_128;

use crate::log::local_log::LocalLog;
use crate::process::limits::{
    ACCESS_RETENTION_DAYS, COMPACTION_LAG_DAYS, EVENTS_RETENTION_DAYS, PUBLISHED_RETENTION_DAYS, REJECT_RETENTION_DAYS,
};

const DAY_SECONDS: i64 = 86_400;
/// Published records expire a month at a time, because the index of cards is built again after it.
const PUBLISHED_STEP_DAYS: i64 = 31;
/// A compacted partition is read again when this many records are new, or half as many as it held: reading it costs as much as they do.
const NEW_RECORDS: u64 = 1_000;
/// Files are rewritten when the removed records held more than this part of their bytes.
const REWRITE_PART: u64 = 4;

/// The numbers of records that a pass removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrimCounts {
    /// Records that were too old.
    pub expired: u64,
    /// Revisions of cards among them.
    pub revisions: u64,
    /// Records that had a successor.
    pub outdated: u64,
}

/// Removes records from one log, pass by pass.
#[derive(Debug, Default)]
pub struct LogTrimmer {
    /// Compacted partitions: one past the last offset that was examined, and the records that stayed.
    examined: BTreeMap<(Topic, u32), (u64, u64)>,
    /// Bytes of removed records that files may still hold.
    removed_bytes: BTreeMap<Topic, u64>,
}

impl LogTrimmer {
    /// One pass: removes records, and rewrites the files of topics that lost many.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the disk refuses. The next pass goes on.
    pub fn trim(&mut self, log: &mut LocalLog, now: Timestamp) -> Result<TrimCounts, LogError> {
        let mut counts = TrimCounts::default();
        counts.expired += self.expire(log, Topic::Rejects, now.plus_seconds(-REJECT_RETENTION_DAYS * DAY_SECONDS))?;
        counts.expired += self.expire(log, Topic::Access, now.plus_seconds(-ACCESS_RETENTION_DAYS * DAY_SECONDS))?;
        if let Some(run) = last_run(log)? {
            let age = |days: i64| run.at.min(now).plus_seconds(-days * DAY_SECONDS);
            counts.expired += self.expire(log, Topic::Events, age(EVENTS_RETENTION_DAYS))?;
            counts.revisions = self.expire_published(log, age(PUBLISHED_RETENTION_DAYS))?;
            counts.expired += counts.revisions;
            for topic in Topic::ALL.into_iter().filter(|topic| is_compacted(*topic)) {
                for partition in log.partitions(topic) {
                    counts.outdated += self.compact(log, (topic, partition), age(COMPACTION_LAG_DAYS))?;
                }
            }
        }
        self.rewrite(log)?;
        Ok(counts)
    }

    /// Removes the records of a topic that were appended before this time.
    fn expire(&mut self, log: &LocalLog, topic: Topic, before: Timestamp) -> Result<u64, LogError> {
        let mut count = 0;
        for partition in log.partitions(topic) {
            count += self.expire_while(log, (topic, partition), |appended, _| appended < before)?;
        }
        Ok(count)
    }

    /// Removes whole runs: the revisions of every run whose record was appended before this time, then these records. So the numbers
    /// of the changes that stay do not move.
    fn expire_published(&mut self, log: &LocalLog, before: Timestamp) -> Result<u64, LogError> {
        let Some(oldest) = runs_before(log, before.plus_seconds(-PUBLISHED_STEP_DAYS * DAY_SECONDS))? else { return Ok(0) };
        let last = runs_before(log, before)?.unwrap_or(oldest);
        let mut count = 0;
        for partition in log.partitions(Topic::ScorecardRevisions) {
            count +=
                self.expire_while(log, (Topic::ScorecardRevisions, partition), |_, record| match encoding::decode(record) {
                    Record::Scorecard(card) => card.cut <= last,
                    _ => true,
                })?;
        }
        self.expire(log, Topic::Runs, before)?;
        Ok(count)
    }

    /// Removes the first records of a partition while `is_expired` says so, from append time and bytes.
    fn expire_while(
        &mut self,
        log: &LocalLog,
        (topic, partition): (Topic, u32),
        is_expired: impl Fn(Timestamp, &[u8]) -> bool,
    ) -> Result<u64, LogError> {
        let (mut offsets, mut bytes, mut expired) = (Vec::new(), 0, 0);
        log.each_stored((topic, partition), 0, &mut |record| {
            // A damaged record expires with one behind it.
            let goes = record.content.map(|(appended, _, bytes)| is_expired(appended, bytes));
            if goes == Some(false) {
                return ControlFlow::Break(());
            }
            offsets.push(record.offset);
            bytes += record.stored_bytes;
            if goes.is_some() {
                expired = offsets.len();
            }
            ControlFlow::Continue(())
        })?;
        offsets.truncate(expired);
        // The last record stays: the next offset of the partition follows from it.
        offsets.pop_if(|last| *last + 1 == log.end_of(topic, partition));
        self.remove(log, (topic, partition), &offsets, bytes)
    }

    /// Removes the records that have a successor with the same key, appended before this time.
    fn compact(&mut self, log: &LocalLog, (topic, partition): (Topic, u32), before: Timestamp) -> Result<u64, LogError> {
        let (examined, kept) = self.examined.get(&(topic, partition)).copied().unwrap_or_default();
        if log.end_of(topic, partition) - examined < NEW_RECORDS.max(kept / 2) && examined > 0 {
            return Ok(0);
        }
        // A key by its hash: with 128 bits two keys of a topic never share one.
        let mut newest: HashMap<u128, (u64, u64)> = HashMap::new();
        let (mut offsets, mut bytes, mut end) = (Vec::new(), 0, 0);
        log.each_stored((topic, partition), 0, &mut |record| {
            let Some((appended, key, _)) = record.content else { return ControlFlow::Continue(()) };
            if appended >= before {
                return ControlFlow::Break(());
            }
            end = record.offset + 1;
            let key = compaction_key(topic, key);
            if let Some((outdated, stored)) = newest.insert(xxh3_128(key.as_bytes()), (record.offset, record.stored_bytes)) {
                offsets.push(outdated);
                bytes += stored;
            }
            ControlFlow::Continue(())
        })?;
        offsets.sort_unstable();
        self.examined.insert((topic, partition), (end, newest.len() as u64));
        self.remove(log, (topic, partition), &offsets, bytes)
    }

    fn remove(&mut self, log: &LocalLog, (topic, partition): (Topic, u32), offsets: &[u64], bytes: u64) -> Result<u64, LogError> {
        if offsets.is_empty() {
            return Ok(0);
        }
        log.remove(topic, partition, offsets)?;
        *self.removed_bytes.entry(topic).or_default() += bytes;
        Ok(offsets.len() as u64)
    }

    /// Rewrites the files of topics that lost many records.
    fn rewrite(&mut self, log: &LocalLog) -> Result<(), LogError> {
        for (topic, removed) in &mut self.removed_bytes {
            if *removed > log.records().file_bytes(Some(*topic)) / REWRITE_PART {
                log.rewrite(*topic)?;
                *removed = 0;
            }
        }
        Ok(())
    }
}

/// Whether only the newest record of a key counts.
fn is_compacted(topic: Topic) -> bool {
    match topic {
        Topic::ClinicianMonths
        | Topic::Scorecards
        | Topic::PeerGroups
        | Topic::PeerSnapshots
        | Topic::Definitions
        | Topic::People => true,
        Topic::Events | Topic::Registry | Topic::ScorecardRevisions | Topic::Runs | Topic::Rejects | Topic::Access => false,
    }
}

/// The key by which a record replaces earlier ones. Every mark has a key of its own, `partition|n`, for 1,024 cuts. Behind the last
/// published cut only the newest mark of a partition is read, and a mark may be larger than all rows of its cut.
fn compaction_key(topic: Topic, key: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match key.split_once('|') {
        Some((partition, n)) if topic == Topic::ClinicianMonths && is_number(partition) && is_number(n) => partition,
        _ => key,
    }
}

/// The newest run.
fn last_run(log: &mut LocalLog) -> Result<Option<Run>, LogError> {
    let mut found = None;
    let from = log.end_of(Topic::Runs, 0).saturating_sub(1);
    log.read(Topic::Runs, 0, from, 1, &mut |entry| {
        if let Record::Run(run) = entry.record {
            found = Some(run);
        }
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// The cut of the last run whose record was appended before this time.
fn runs_before(log: &LocalLog, before: Timestamp) -> Result<Option<Timestamp>, LogError> {
    let mut last = None;
    log.each_stored((Topic::Runs, 0), 0, &mut |record| {
        let Some((appended, _, bytes)) = record.content else { return ControlFlow::Continue(()) };
        if appended >= before {
            return ControlFlow::Break(());
        }
        if let Record::Run(run) = encoding::decode(bytes) {
            last = Some(run.at);
        }
        ControlFlow::Continue(())
    })?;
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    use scorecard::measure::measure_set::SetHash;
    use scorecard::record::log_record::{Outcome, Tick};
    use scorecard::time::calendar::{Month, Zone};
    use scorecard::time::schedule::{Grid, Schedule};

    use crate::log::local_log::Durability;
    use crate::process::clock::Clock;

    /// Noon UTC on 1 January 2027.
    const START: Timestamp = Timestamp(1_798_804_800_000);

    fn day(number: i64) -> Timestamp {
        START.plus_seconds(number * DAY_SECONDS)
    }

    fn run_of(at: Timestamp) -> Record<'static> {
        Record::Run(Run {
            at,
            id: String::new(),
            outcome: Outcome::Published,
            engine_version: String::new(),
            measure_set: SetHash::default(),
            revisions: 0,
            months: Vec::new(),
            positions: Vec::new(),
            registry_position: 0,
            sealed: Vec::new(),
            refolded: Vec::new(),
        })
    }

    struct World {
        _dir: tempfile::TempDir,
        log: LocalLog,
        clock: Clock,
    }

    impl World {
        fn new() -> World {
            let dir = tempfile::tempdir().unwrap();
            let clock = Clock::standing_at(START);
            let log = LocalLog::open(&dir.path().join("log"), clock.clone(), Durability::Buffered).unwrap();
            World { _dir: dir, log, clock }
        }

        fn append(&mut self, at: Timestamp, topic: Topic, key: &str, record: &Record<'_>) {
            self.clock.set(at);
            self.log.append(topic, 0, key, record).unwrap();
            self.log.flush().unwrap();
        }

        fn keys(&self, topic: Topic) -> Vec<(u64, String)> {
            let mut keys = Vec::new();
            let keep = &mut |entry: crate::log::local_log::RawEntry<'_>| {
                keys.push((entry.offset, entry.content.expect("whole").1.to_owned()));
                ControlFlow::Continue(())
            };
            self.log.each_stored((topic, 0), 0, keep).unwrap();
            keys
        }
    }

    fn tick(at: Timestamp) -> Record<'static> {
        Record::Tick(Tick { at })
    }

    #[test]
    fn events_expire_by_the_last_published_cut_and_never_by_a_clock_that_is_ahead() {
        let mut world = World::new();
        for number in [0, 1, 100, 600] {
            world.append(day(number), Topic::Events, &format!("d{number}"), &tick(day(number)));
        }
        let far = day(10_000);
        let mut trimmer = LogTrimmer::default();
        assert_eq!(trimmer.trim(&mut world.log, far).unwrap(), TrimCounts::default(), "nothing is published");
        // 496 days after day 1 and a bit less.
        world.append(day(600), Topic::Runs, "r", &run_of(day(497)));
        assert_eq!(trimmer.trim(&mut world.log, day(600)).unwrap().expired, 1);
        assert_eq!(world.keys(Topic::Events).into_iter().map(|(offset, _)| offset).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(world.log.bounds(Topic::Events, 0).unwrap(), 1..4);
        assert_eq!(trimmer.trim(&mut world.log, day(-1)).unwrap().expired, 0, "a clock that is behind");
        world.append(day(600), Topic::Runs, "r", &run_of(day(9_000)));
        assert_eq!(trimmer.trim(&mut world.log, far).unwrap().expired, 2);
        assert_eq!(world.log.bounds(Topic::Events, 0).unwrap(), 3..4, "the last record stays");
    }

    #[test]
    fn bounds_and_records_are_the_same_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        {
            let clock = Clock::standing_at(START);
            let mut log = LocalLog::open(&path, clock.clone(), Durability::Buffered).unwrap();
            for _ in 0..3 {
                log.append(Topic::Rejects, 0, "r", &tick(START)).unwrap();
            }
            log.flush().unwrap();
            clock.set(day(31));
            assert_eq!(LogTrimmer::default().trim(&mut log, day(31)).unwrap().expired, 2);
        }
        let mut log = LocalLog::open(&path, Clock::standing_at(day(32)), Durability::Buffered).unwrap();
        assert_eq!(log.bounds(Topic::Rejects, 0).unwrap(), 2..3);
        log.append(Topic::Rejects, 0, "r", &tick(START)).unwrap();
        log.flush().unwrap();
        assert_eq!(log.bounds(Topic::Rejects, 0).unwrap(), 2..4, "no offset is used twice");
    }

    #[test]
    fn a_record_stays_while_its_successor_is_young_and_the_newest_of_a_key_stays() {
        let mut world = World::new();
        for (number, key) in [(0, "a"), (1, "b"), (2, "a"), (3, "a"), (20, "b")] {
            world.append(day(number), Topic::Scorecards, key, &Record::Tombstone);
        }
        world.append(day(20), Topic::Runs, "r", &run_of(day(20)));
        let mut trimmer = LogTrimmer::default();
        assert_eq!(trimmer.trim(&mut world.log, day(20)).unwrap().outdated, 2);
        let left = [(1, "b"), (3, "a"), (4, "b")].map(|(offset, key)| (offset, key.to_owned()));
        assert_eq!(world.keys(Topic::Scorecards), left);
    }

    #[test]
    fn marks_of_a_partition_replace_each_other_and_rows_only_rows_of_their_key() {
        let mut world = World::new();
        for (number, key) in [(0, "0|1"), (1, "1|1"), (2, "0|2"), (3, "f|gmc|7|A|2026-01"), (4, "0|3"), (5, "f|gmc|7|A|2026-02")]
        {
            world.append(day(number), Topic::ClinicianMonths, key, &tick(day(number)));
        }
        world.append(day(20), Topic::Runs, "r", &run_of(day(20)));
        assert_eq!(LogTrimmer::default().trim(&mut world.log, day(20)).unwrap().outdated, 2);
        assert_eq!(world.keys(Topic::ClinicianMonths).into_iter().map(|(offset, _)| offset).collect::<Vec<_>>(), [1, 3, 4, 5]);
    }

    #[test]
    fn a_reader_in_the_middle_of_a_removal_sees_every_record_that_stays() {
        let mut world = World::new();
        for number in 0..10 {
            world.append(day(number), Topic::Scorecards, "card", &tick(day(number)));
        }
        let (mut seen, log) = (Vec::new(), world.log.clone());
        let mut position = 0;
        world
            .log
            .read_to_end(Topic::Scorecards, 0, &mut position, &mut |entry| {
                if entry.offset == 1 {
                    log.remove(Topic::Scorecards, 0, &[0, 2, 4, 6]).unwrap();
                    log.rewrite(Topic::Scorecards).unwrap();
                }
                seen.push(entry.offset);
            })
            .unwrap();
        assert_eq!(position, 10);
        for stays in [1, 3, 5, 7, 8, 9] {
            assert!(seen.contains(&stays), "{stays} is not among {seen:?}");
        }
    }

    /// For each day of two years as the cut: the months that a log of 496 days has whole hold every open month.
    #[test]
    fn sixteen_months_of_events_hold_every_open_month_whole() {
        let zone = Zone::london();
        // Months are sealed from 13 months after the first publication on.
        let schedule = Schedule { grid: Grid::DAILY, zone: zone.clone(), first: Grid::DAILY.at_or_after(day(-1_500)) };
        for number in 0..731 {
            let cut = day(number);
            let earliest = cut.plus_seconds(-EVENTS_RETENTION_DAYS * DAY_SECONDS);
            let whole_from: Month = zone.day_of(earliest).month().plus(2);
            assert!(
                whole_from <= schedule.open_from(cut),
                "{cut}: whole from {whole_from}, open from {}",
                schedule.open_from(cut)
            );
        }
    }
}

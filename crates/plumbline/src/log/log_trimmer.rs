//! Retention and compaction of the embedded log, with the ages that the topics have over Kafka.
//!
//! # What may be removed
//!
//! A cut needs every event from its first open month on. So ages count back from the last published cut, or from the clock if that is
//! earlier: while nothing is published, nothing expires. A clock that jumps ahead removes nothing before a cut has sealed the months.
//!
//! * `events`: records that were appended 16 months before that cut. A cut seals a month after 13 months, and by rule [9] the months from
//!   the second one after the first record on are whole. So all open months stay whole.
//! * `scorecard-revisions` and `runs`: 25 months, in whole runs.
//! * `rejects`: 30 days.
//! * Compacted topics: a record that has a successor with the same key, if the successor is 7 days older than that cut. So every
//!   value that a later cut asks for is there, and a backup that takes less than 7 days finds each key.
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
use crate::process::limits::{COMPACTION_LAG_DAYS, EVENTS_RETENTION_DAYS, PUBLISHED_RETENTION_DAYS, REJECT_RETENTION_DAYS};

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
            count += self.expire_while(log, (Topic::ScorecardRevisions, partition), |_, record| match encoding::decode(record) {
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

    fn remove(
        &mut self,
        log: &LocalLog,
        (topic, partition): (Topic, u32),
        offsets: &[u64],
        bytes: u64,
    ) -> Result<u64, LogError> {
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
        Topic::Events | Topic::Registry | Topic::ScorecardRevisions | Topic::Runs | Topic::Rejects => false,
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

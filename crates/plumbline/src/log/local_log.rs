//! The embedded log: [`stream::log::Log`] over one directory and one process. `demo`, `replay` and a service without brokers use it.
//!
//! A handle buffers its appended records until [`Log::flush`], or until the buffer is full. Then the records get their offsets and
//! become visible to all handles at once. Offsets of a partition run 0, 1, 2... without a gap, across restarts. The append time of a
//! record is the time of its `append`.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use codec::avro::encoding;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use prometheus::Histogram;
use scorecard::event::Event;
use scorecard::record::log_record::Record;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};

use crate::log::log_directory::{LocalLogError, LogDirectory};
use crate::log::log_record_layout;
use crate::process::clock::Clock;
use crate::process::limits::{ENGINE_CACHE_BYTES, ENGINE_WRITE_BUFFER_BYTES, LOG_BUFFER_BYTES};
use crate::process::metric_registry::{MetricRegistry, histogram};

/// The guarantee of a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Flushed records are on the disk and survive a loss of power.
    Synced,
    /// Flushed records may be in memory only, for logs that can be rebuilt from their sources. A crash loses whole batches from
    /// the end of the log.
    Buffered,
}

/// A handle on the log. A clone is a new handle: it shares records and clock, but neither buffer nor fence.
pub struct LocalLog {
    shared: Arc<LogCore>,
    pending: Vec<PendingAppends>,
    pending_bytes: usize,
    fence: u64,
}

struct LogCore {
    records: Keyspace,
    database: Database,
    directory: LogDirectory,
    clock: Clock,
    durability: Durability,
    sync_duration: Histogram,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// One past the last offset, by topic number and partition.
    ends: BTreeMap<(u8, u32), u64>,
    /// Number of fences so far.
    fence: u64,
}

/// A whole record as the log stores it.
#[derive(Clone, Copy, Debug)]
pub struct StoredRecord<'v> {
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: u64,
    value: &'v [u8],
}

impl<'v> StoredRecord<'v> {
    /// Checks the stored bytes of a record.
    ///
    /// # Errors
    /// The reason why they cannot be decoded, with the record's own key if it is legible.
    pub fn whole(partition: u32, offset: u64, value: &'v [u8]) -> Result<StoredRecord<'v>, String> {
        match log_record_layout::parse_value(value) {
            None => Err("the stored value is truncated or damaged".to_owned()),
            Some((_, key, bytes)) => match encoding::decode(bytes) {
                Record::Undecodable(why) => Err(format!("{key}: {why}")),
                _ => Ok(StoredRecord { partition, offset, value }),
            },
        }
    }
}

struct PendingAppends {
    topic: Topic,
    partition: u32,
    /// Its offset in the source log, for a copied record.
    offset: Option<u64>,
    value: Vec<u8>,
}

impl LocalLog {
    /// Opens the log in this directory, or creates it.
    ///
    /// # Errors
    /// [`LocalLogError`] names the directory and the cure.
    pub fn open(dir: &Path, clock: Clock, durability: Durability) -> Result<LocalLog, LocalLogError> {
        let directory = LogDirectory::open(dir)?;
        directory.check_journal()?;
        let failed = |error| LocalLogError::of_engine(dir, "opened", error);
        // With manual persistence a commit makes no system call; `Synced` requests a sync at each commit.
        let builder = Database::builder(directory.engine_path())
            .manual_journal_persist(true)
            .worker_threads(1)
            .cache_size(ENGINE_CACHE_BYTES);
        let database = builder.open().map_err(failed)?;
        let options =
            || KeyspaceCreateOptions::default().manual_journal_persist(true).max_memtable_size(ENGINE_WRITE_BUFFER_BYTES);
        let records = database.keyspace("records", options).map_err(failed)?;
        let state = Mutex::new(State { ends: recover_ends(&records).map_err(failed)?, fence: 0 });
        let shared = Arc::new(LogCore { records, database, directory, clock, durability, sync_duration: sync_duration(), state });
        Ok(LocalLog { shared, pending: Vec::new(), pending_bytes: 0, fence: 0 })
    }

    /// The directory of the log.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.shared.directory.path()
    }

    /// Writes every flushed record to the disk, whatever the durability of this log.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the disk refuses.
    pub fn sync(&self) -> Result<(), LogError> {
        self.shared.database.persist(PersistMode::SyncAll).map_err(|error| self.shared.failed("written", error))
    }

    /// Bytes of the batches of events, with their keys and append times. Ticks are left out.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the log cannot be read.
    pub fn event_bytes(&self) -> Result<u64, LogError> {
        let events = log_record_layout::key(Topic::Events, 0, 0)..=log_record_layout::key(Topic::Events, u32::MAX, u64::MAX);
        let mut bytes = 0;
        for found in self.shared.records.range(events) {
            let value = found.value().map_err(|error| self.shared.failed("read", error))?;
            let is_tick = log_record_layout::parse_value(&value).is_some_and(|(_, key, _)| key == "tick");
            bytes += if is_tick { 0 } else { (log_record_layout::KEY_BYTES + value.len()) as u64 };
        }
        Ok(bytes)
    }

    /// Bytes of the log's directory on the disk.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the directory cannot be read.
    pub fn disk_bytes(&self) -> Result<u64, LogError> {
        self.shared.directory.disk_bytes().map_err(|error| LogError::Storage(error.into()))
    }

    /// Adds the metrics of this log.
    pub fn register_metrics(&self, registry: &MetricRegistry) {
        registry.observed(&self.shared.sync_duration);
    }

    /// The partitions of a topic that hold records, in order.
    #[must_use]
    pub fn partitions(&self, topic: Topic) -> Vec<u32> {
        let number = log_record_layout::topic_number(topic);
        self.shared.state().ends.range((number, 0)..=(number, u32::MAX)).map(|((_, partition), _)| *partition).collect()
    }

    /// One past the last offset of a partition.
    #[must_use]
    pub fn end_of(&self, topic: Topic, partition: u32) -> u64 {
        let of_partition = (log_record_layout::topic_number(topic), partition);
        self.shared.state().ends.get(&of_partition).copied().unwrap_or(0)
    }

    /// The stored bytes of one record; `None` in a gap.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the engine cannot read it. Other records may be readable.
    pub fn stored(&self, topic: Topic, partition: u32, offset: u64) -> Result<Option<fjall::UserValue>, LogError> {
        let key = log_record_layout::key(topic, partition, offset);
        self.shared.records.get(key).map_err(|error| self.shared.failed("read", error))
    }

    /// Appends a record of another log as it is stored there.
    ///
    /// # Errors
    /// As [`LocalLog::put`].
    pub fn put_stored(&mut self, topic: Topic, record: StoredRecord<'_>) -> Result<(), LogError> {
        let StoredRecord { partition, offset, value } = record;
        self.buffer_append(PendingAppends { topic, partition, offset: Some(offset), value: value.to_vec() });
        if self.pending_bytes < LOG_BUFFER_BYTES { Ok(()) } else { self.flush() }
    }

    /// Writes everything that was copied to the disk.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the disk refuses.
    pub fn finish_copy(&mut self) -> Result<(), LogError> {
        self.flush()?;
        self.sync()
    }

    fn buffer(&mut self, topic: Topic, partition: u32, key: &str, record: &Record<'_>) -> Result<(), LogError> {
        let mut value = Vec::with_capacity(128);
        log_record_layout::begin_value(&mut value, self.shared.clock.now(), key);
        encoding::encode(record, &mut value).map_err(|error| LogError::unencodable(topic, error))?;
        self.buffer_append(PendingAppends { topic, partition, offset: None, value });
        Ok(())
    }

    /// Appends a record of another log with its offset and append time. Offsets of a partition must rise; omitted ones leave a gap.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the write fails.
    pub fn put(&mut self, topic: Topic, partition: u32, lent: &LogEntry<'_>) -> Result<(), LogError> {
        let mut value = Vec::with_capacity(128);
        log_record_layout::begin_value(&mut value, lent.appended, lent.key);
        if let Err(error) = encoding::encode(&lent.record, &mut value) {
            // A record that is undecodable in the source would be undecodable here.
            tracing::warn!(topic = topic.name(), partition, offset = lent.offset, %error, "record not copied");
            return Ok(());
        }
        self.buffer_append(PendingAppends { topic, partition, offset: Some(lent.offset), value });
        if self.pending_bytes < LOG_BUFFER_BYTES { Ok(()) } else { self.flush() }
    }

    fn buffer_append(&mut self, pending: PendingAppends) {
        self.pending_bytes += pending.value.len();
        self.pending.push(pending);
    }

    fn commit(&mut self, mut state: MutexGuard<'_, State>) -> Result<(), LogError> {
        self.pending_bytes = 0;
        self.shared.commit(&mut state, self.pending.drain(..))
    }
}

impl LogCore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the state")
    }

    /// Assigns offsets and commits all records in one batch of the engine. The state stays locked, so offsets appear in order and
    /// every record below the bounds is readable.
    fn commit(&self, state: &mut State, records: impl Iterator<Item = PendingAppends>) -> Result<(), LogError> {
        let mut batch = self.database.batch();
        if self.durability == Durability::Synced {
            batch = batch.durability(Some(PersistMode::SyncAll));
        }
        let mut ends = BTreeMap::new();
        for PendingAppends { topic, partition, offset, value } in records {
            let of_partition = (log_record_layout::topic_number(topic), partition);
            let end = ends.entry(of_partition).or_insert_with(|| state.ends.get(&of_partition).copied().unwrap_or(0));
            *end = (*end).max(offset.unwrap_or(0));
            batch.insert(&self.records, log_record_layout::key(topic, partition, *end), value);
            *end += 1;
        }
        let begun = Instant::now();
        batch.commit().map_err(|error| self.failed("written", error))?;
        if self.durability == Durability::Synced {
            self.sync_duration.observe(begun.elapsed().as_secs_f64());
        }
        state.ends.extend(ends);
        Ok(())
    }

    fn failed(&self, doing: &'static str, error: fjall::Error) -> LogError {
        LogError::Storage(LocalLogError::of_engine(self.directory.path(), doing, error).into())
    }
}

/// A request waits for the sync of its events, which aims at 50 ms.
fn sync_duration() -> Histogram {
    let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
    let help = "Time of one sync of the embedded log to the disk. High: the disk is slow, and requests with it.";
    histogram("plumbline_log_sync_duration_seconds", help, &bounds)
}

/// One past the last offset of every partition. One look-up per partition: it jumps from one to the next.
fn recover_ends(records: &Keyspace) -> fjall::Result<BTreeMap<(u8, u32), u64>> {
    let mut ends = BTreeMap::new();
    for topic in Topic::ALL {
        let number = log_record_layout::topic_number(topic);
        let mut below = log_record_layout::key(topic, u32::MAX, u64::MAX);
        while let Some(last) = records.range(log_record_layout::key(topic, 0, 0)..=below).next_back() {
            let Some((_, partition, offset)) = log_record_layout::parse_key(&last.key()?) else { break };
            ends.insert((number, partition), offset + 1);
            let Some(before) = partition.checked_sub(1) else { break };
            below = log_record_layout::key(topic, before, u64::MAX);
        }
    }
    Ok(ends)
}

impl Log for LocalLog {
    fn read(
        &mut self,
        topic: Topic,
        partition: u32,
        from: u64,
        most: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        let end = self.bounds(topic, partition)?.end;
        // Most reads find nothing and must not cost a scan.
        if from >= end || most == 0 {
            return Ok(from);
        }
        let to = end.min(from.saturating_add(most as u64));
        let range = log_record_layout::key(topic, partition, from)..log_record_layout::key(topic, partition, to);
        for found in self.shared.records.range(range) {
            let (key, value) = found.into_inner().map_err(|error| self.shared.failed("read", error))?;
            let Some((_, _, offset)) = log_record_layout::parse_key(&key) else { continue };
            let flow = match log_record_layout::parse_value(&value) {
                Some((appended, key, bytes)) => each(LogEntry { offset, appended, key, record: encoding::decode(bytes) }),
                None => each(damaged(offset)),
            };
            if flow.is_break() {
                return Ok(offset + 1);
            }
        }
        Ok(to)
    }

    fn bounds(&mut self, topic: Topic, partition: u32) -> Result<Range<u64>, LogError> {
        let of_partition = (log_record_layout::topic_number(topic), partition);
        Ok(0..self.shared.state().ends.get(&of_partition).copied().unwrap_or(0))
    }

    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError> {
        encoding::pack(event, to).map_err(|error| LogError::unencodable(Topic::Events, error))
    }

    fn append(&mut self, topic: Topic, partition: u32, key: &str, record: &Record<'_>) -> Result<(), LogError> {
        self.buffer(topic, partition, key, record)?;
        if self.pending_bytes < LOG_BUFFER_BYTES { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), LogError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let shared = self.shared.clone();
        self.commit(shared.state())
    }

    fn fence(&mut self) -> Result<(), LogError> {
        let mut state = self.shared.state();
        state.fence += 1;
        self.fence = state.fence;
        Ok(())
    }

    /// Earlier records of this handle go first, in the same batch.
    fn append_atomically(&mut self, fill: &mut Fill<'_>) -> Result<(), LogError> {
        let before = (self.pending.len(), self.pending_bytes);
        let filled = fill(&mut |topic, partition, key, record| self.buffer(topic, partition, key, record));
        let shared = self.shared.clone();
        let state = shared.state();
        let fenced = state.fence != self.fence;
        match filled {
            Ok(()) if !fenced => self.commit(state),
            other => {
                self.pending.truncate(before.0);
                self.pending_bytes = before.1;
                Err(other.err().filter(|_| !fenced).unwrap_or(LogError::Fenced))
            }
        }
    }
}

/// An entry for bytes that are not a stored value. Its append time is unknown: the earliest time decides nothing.
fn damaged(offset: u64) -> LogEntry<'static> {
    let record = Record::Undecodable("the stored value is truncated or damaged".to_owned());
    LogEntry { offset, appended: scorecard::time::calendar::Timestamp::EARLIEST, key: "", record }
}

impl Clone for LocalLog {
    fn clone(&self) -> LocalLog {
        LocalLog { shared: self.shared.clone(), pending: Vec::new(), pending_bytes: 0, fence: 0 }
    }
}

impl fmt::Debug for LocalLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalLog").field("directory", &self.path()).field("pending", &self.pending.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scorecard::record::log_record::Tick;
    use scorecard::time::calendar::Timestamp;
    use stream::log::Put;

    fn tick(at: i64) -> Record<'static> {
        Record::Tick(Tick { at: Timestamp(at) })
    }

    fn open(dir: &Path) -> LocalLog {
        LocalLog::open(dir, Clock::standing_at(Timestamp(1_000)), Durability::Buffered).unwrap()
    }

    type ReadEntry = (u64, Timestamp, String, Record<'static>);

    fn all(log: &mut LocalLog, topic: Topic, partition: u32) -> Vec<ReadEntry> {
        let mut seen = Vec::new();
        let mut from = 0;
        loop {
            let next = log
                .read(topic, partition, from, 2, &mut |lent| {
                    seen.push((lent.offset, lent.appended, lent.key.to_owned(), lent.record.into_owned()));
                    ControlFlow::Continue(())
                })
                .unwrap();
            if next == from {
                return seen;
            }
            from = next;
        }
    }

    fn at_once(log: &mut LocalLog, ats: &[i64]) -> Result<(), LogError> {
        log.append_atomically(&mut |put| ats.iter().try_for_each(|at| put(Topic::Runs, 0, &at.to_string(), &tick(*at))))
    }

    #[test]
    fn flushed_records_are_read_in_order_with_key_and_append_time() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(Timestamp(1));
        let mut log = LocalLog::open(dir.path(), clock.clone(), Durability::Synced).unwrap();
        for n in 0..5 {
            clock.set(Timestamp(10 + n));
            log.append(Topic::Events, 3, &format!("feed-{n}"), &tick(n)).unwrap();
        }
        log.append(Topic::Events, 2, "other", &tick(99)).unwrap();
        log.flush().unwrap();
        let expected: Vec<ReadEntry> =
            (0..5).zip(0..).map(|(offset, n)| (offset, Timestamp(10 + n), format!("feed-{n}"), tick(n))).collect();
        assert_eq!(all(&mut log, Topic::Events, 3), expected);
        assert_eq!(log.bounds(Topic::Events, 3).unwrap(), 0..5);
        assert_eq!(log.bounds(Topic::Events, 0).unwrap(), 0..0);
        assert_eq!(log.read(Topic::Events, 0, 7, 10, &mut |_| panic!("the partition is empty")).unwrap(), 7);
    }

    #[test]
    fn the_bytes_of_events_are_those_of_their_keys_and_values_without_ticks() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        let mut record = Vec::new();
        encoding::encode(&tick(0), &mut record).unwrap();
        for partition in [0, 7] {
            log.append(Topic::Events, partition, "feed", &tick(0)).unwrap();
        }
        log.append(Topic::Events, 0, "tick", &tick(0)).unwrap();
        log.append(Topic::Runs, 0, "run", &tick(0)).unwrap();
        log.flush().unwrap();
        // A key of 13 bytes; append time, length of the key, the key and the record.
        assert_eq!(log.event_bytes().unwrap(), 2 * (13 + 8 + 4 + 4 + record.len() as u64));
        assert!(log.disk_bytes().unwrap() > 0);
    }

    #[test]
    fn a_read_that_breaks_off_returns_the_next_offset() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        for n in 0..5 {
            log.append(Topic::Events, 0, "feed", &tick(n)).unwrap();
        }
        log.flush().unwrap();
        let stop_at_2 = |lent: LogEntry<'_>| if lent.offset == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        assert_eq!(log.read(Topic::Events, 0, 1, 100, &mut { stop_at_2 }).unwrap(), 3);
    }

    #[test]
    fn appended_records_are_visible_only_after_the_flush() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = open(dir.path());
        let mut reader = writer.clone();
        writer.append(Topic::Rejects, 0, "a", &tick(1)).unwrap();
        assert!(all(&mut reader, Topic::Rejects, 0).is_empty());
        assert!(all(&mut writer, Topic::Rejects, 0).is_empty());
        writer.flush().unwrap();
        assert_eq!(all(&mut reader, Topic::Rejects, 0).len(), 1);
    }

    #[test]
    fn offsets_go_on_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let places = [(Topic::Events, 0), (Topic::Events, 63), (Topic::Rejects, 0), (Topic::ClinicianMonths, 0)];
        for round in 0..3 {
            let mut log = open(dir.path());
            for (topic, partition) in places {
                assert_eq!(log.bounds(topic, partition).unwrap(), 0..round);
                log.append(topic, partition, "k", &tick(0)).unwrap();
            }
            log.flush().unwrap();
        }
        let mut log = open(dir.path());
        let offsets: Vec<u64> = all(&mut log, Topic::Events, 63).into_iter().map(|seen| seen.0).collect();
        assert_eq!(offsets, [0, 1, 2]);
        assert_eq!(log.bounds(Topic::Events, 7).unwrap(), 0..0);
    }

    #[test]
    fn a_fenced_handle_publishes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut old = open(dir.path());
        let mut new = old.clone();
        old.fence().unwrap();
        at_once(&mut old, &[1]).unwrap();
        new.fence().unwrap();
        assert!(matches!(at_once(&mut old, &[2]), Err(LogError::Fenced)));
        at_once(&mut new, &[3]).unwrap();
        let published: Vec<String> = all(&mut new, Topic::Runs, 0).into_iter().map(|seen| seen.2).collect();
        assert_eq!(published, ["1", "3"]);
    }

    #[test]
    fn a_transaction_with_a_record_that_cannot_be_written_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        log.fence().unwrap();
        let damaged = Record::Undecodable("damaged".to_owned());
        let put_both = |put: &mut Put<'_>| {
            put(Topic::Runs, 0, "1", &tick(1))?;
            put(Topic::Runs, 0, "2", &damaged)
        };
        log.append_atomically(&mut { put_both }).unwrap_err();
        at_once(&mut log, &[3]).unwrap();
        let kept: Vec<String> = all(&mut log, Topic::Runs, 0).into_iter().map(|seen| seen.2).collect();
        assert_eq!(kept, ["3"]);
    }

    #[test]
    fn a_tombstone_is_read_with_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        log.append(Topic::People, 0, "dr-lee", &Record::Tombstone).unwrap();
        log.flush().unwrap();
        drop(log);
        let kept = all(&mut open(dir.path()), Topic::People, 0);
        assert_eq!(kept, [(0, Timestamp(1_000), "dr-lee".to_owned(), Record::Tombstone)]);
    }

    #[test]
    fn a_transaction_truncated_in_the_journal_is_lost_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        log.fence().unwrap();
        at_once(&mut log, &[1, 2]).unwrap();
        at_once(&mut log, &[3, 4, 5]).unwrap();
        drop(log);
        cut_last_byte_of_journal(dir.path());
        let kept: Vec<String> = all(&mut open(dir.path()), Topic::Runs, 0).into_iter().map(|seen| seen.2).collect();
        assert_eq!(kept, ["1", "2"]);
    }

    /// Cuts the journal before its last byte that is not zero: the journal is preallocated with zeros.
    fn cut_last_byte_of_journal(dir: &Path) {
        let engine = dir.join("records");
        let journal = std::fs::read_dir(engine)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|extension| extension == "jnl"))
            .expect("a written log has a journal");
        let mut bytes = std::fs::read(&journal).unwrap();
        let last = bytes.iter().rposition(|byte| *byte != 0).expect("the journal holds records");
        bytes.truncate(last);
        std::fs::write(&journal, bytes).unwrap();
    }

    #[test]
    fn damaged_bytes_are_undecodable_and_end_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        for n in 0..4 {
            log.append(Topic::Events, 0, "feed", &tick(n)).unwrap();
        }
        log.flush().unwrap();
        let whole = log.shared.records.get(log_record_layout::key(Topic::Events, 0, 1)).unwrap().unwrap();
        log.shared.records.insert(log_record_layout::key(Topic::Events, 0, 1), &whole[..5]).unwrap();
        log.shared.records.insert(log_record_layout::key(Topic::Events, 0, 2), &whole[..whole.len() - 1]).unwrap();
        let seen = all(&mut log, Topic::Events, 0);
        assert_eq!(seen.len(), 4);
        assert!(matches!(seen[1].3, Record::Undecodable(_)), "{:?}", seen[1]);
        assert!(matches!(seen[2].3, Record::Undecodable(_)), "{:?}", seen[2]);
        assert_eq!(seen[3].3, tick(3));
    }

    #[test]
    fn a_full_buffer_is_committed_without_a_flush() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        let key = "k".repeat(1 << 20);
        for _ in 0..5 {
            log.append(Topic::Events, 0, &key, &tick(0)).unwrap();
        }
        assert!(log.bounds(Topic::Events, 0).unwrap().end >= 4);
    }
}

//! The embedded log: [`stream::log::Log`] over one directory and one process. `demo`, `replay` and a service without brokers use it.
//!
//! A handle buffers its appended records until [`Log::flush`], or until the buffer is full. Then the records get their offsets and
//! become visible to all handles at once. Offsets of a partition run 0, 1, 2... without a gap, across restarts. The append time of a
//! record is the time of its `append`.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use codec::avro::encoding;
use fjall::PersistMode;
use prometheus::Histogram;
use scorecard::event::Event;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};

use crate::log::log_directory::{LocalLogError, LogDirectory};
use crate::log::log_record_layout;
use crate::log::record_store::RecordStore;
use crate::process::clock::Clock;
use crate::process::limits::{LOG_BUFFER_BYTES, RECORDS_PER_REMOVAL};
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
    records: RecordStore,
    directory: LogDirectory,
    clock: Clock,
    durability: Durability,
    sync_duration: Histogram,
    /// Removed records, in the order of [`Topic::ALL`].
    removed: [AtomicU64; Topic::ALL.len()],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The first offset and one past the last one, by topic number and partition.
    bounds: BTreeMap<(u8, u32), Range<u64>>,
    /// Number of fences so far.
    fence: u64,
}

/// A record as the log stores it, without its decoding.
#[derive(Clone, Copy, Debug)]
pub struct RawEntry<'v> {
    /// The offset.
    pub offset: u64,
    /// Append time, key and bytes; `None` for a damaged value.
    pub content: Option<(Timestamp, &'v str, &'v [u8])>,
    /// Bytes of stored key and value.
    pub stored_bytes: u64,
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
    /// Stored bytes of any kind: a copy keeps damaged ones, too.
    #[must_use]
    pub fn any(partition: u32, offset: u64, value: &'v [u8]) -> StoredRecord<'v> {
        StoredRecord { partition, offset, value }
    }

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
        let records = RecordStore::open(&directory)?;
        let bounds = recover_bounds(&records).map_err(|error| LocalLogError::of_engine(dir, "opened", error))?;
        let (state, removed) = (Mutex::new(State { bounds, fence: 0 }), Default::default());
        let shared = Arc::new(LogCore { records, directory, clock, durability, sync_duration: sync_duration(), removed, state });
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
        self.shared.records.sync().map_err(|error| self.shared.failed("written", error))
    }

    /// Bytes of the batches of events, with their keys and append times. Ticks are left out.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the log cannot be read.
    pub fn event_bytes(&self) -> Result<u64, LogError> {
        let events = log_record_layout::key(Topic::Events, 0, 0)..=log_record_layout::key(Topic::Events, u32::MAX, u64::MAX);
        let mut bytes = 0;
        for found in self.shared.records.range(Topic::Events, events) {
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
        let log = self.shared.clone();
        let help = "Bytes of the files of the embedded log, by topic, and of its journal. A topic that grows beyond its retention: the log \
                    is not trimmed, and the service's log says why.";
        registry.gauges("plumbline_log_bytes", help, ["topic"], move || {
            let topics = Topic::ALL.into_iter().map(|topic| ([topic.name()], log.records.file_bytes(Some(topic)) as f64));
            topics.chain([(["journal"], log.records.file_bytes(None) as f64)]).collect()
        });
        let log = self.shared.clone();
        let help = "Records that the embedded log removed since the start, by topic: expired ones, and those with a successor.";
        registry.counters("plumbline_log_removed_records_total", help, ["topic"], move || {
            Topic::ALL
                .iter()
                .zip(&log.removed)
                .map(|(topic, removed)| ([topic.name()], removed.load(Ordering::Relaxed)))
                .collect()
        });
    }

    /// The storage engine under the log.
    #[must_use]
    pub fn records(&self) -> &RecordStore {
        &self.shared.records
    }

    /// Removes these records of a partition, for good. The last record of a partition stays, because the next offset follows from it.
    ///
    /// The caller decides that no task needs them: see [`crate::log::log_trimmer`]. A crash removes a part of them, in the given order.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the disk refuses.
    pub fn remove(&self, topic: Topic, partition: u32, offsets: &[u64]) -> Result<(), LogError> {
        let core = &self.shared;
        let last = self.end_of(topic, partition).saturating_sub(1);
        for some in offsets.chunks(RECORDS_PER_REMOVAL) {
            let mut batch = core.records.batch();
            for offset in some.iter().filter(|offset| **offset < last) {
                batch.remove(core.records.of(topic), log_record_layout::key(topic, partition, *offset));
            }
            batch.commit().map_err(|error| core.failed("written", error))?;
        }
        let place = usize::from(log_record_layout::topic_number(topic)) - 1;
        core.removed[place].fetch_add(offsets.len() as u64, Ordering::Relaxed);
        let first = first_offset(&core.records, topic, partition).map_err(|error| core.failed("read", error))?;
        let of_partition = (log_record_layout::topic_number(topic), partition);
        if let (Some(first), Some(bounds)) = (first, core.state().bounds.get_mut(&of_partition)) {
            bounds.start = first;
        }
        Ok(())
    }

    /// The partitions of a topic that hold records, in order.
    #[must_use]
    pub fn partitions(&self, topic: Topic) -> Vec<u32> {
        let number = log_record_layout::topic_number(topic);
        self.shared.state().bounds.range((number, 0)..=(number, u32::MAX)).map(|((_, partition), _)| *partition).collect()
    }

    /// One past the last offset of a partition.
    #[must_use]
    pub fn end_of(&self, topic: Topic, partition: u32) -> u64 {
        self.shared.bounds(topic, partition).end
    }

    /// The first offset that a partition holds.
    #[must_use]
    pub fn start_of(&self, topic: Topic, partition: u32) -> u64 {
        self.shared.bounds(topic, partition).start
    }

    /// The stored bytes of one record; `None` in a gap.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the engine cannot read it. Other records may be readable.
    pub fn stored(&self, topic: Topic, partition: u32, offset: u64) -> Result<Option<fjall::UserValue>, LogError> {
        let key = log_record_layout::key(topic, partition, offset);
        self.shared.records.of(topic).get(key).map_err(|error| self.shared.failed("read", error))
    }

    /// Calls `each` with the records of a partition from this offset on, until it breaks. Records that are appended meanwhile are left
    /// out.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the log cannot be read.
    pub fn each_stored(
        &self,
        (topic, partition): (Topic, u32),
        from: u64,
        each: &mut dyn FnMut(RawEntry<'_>) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        let bounds = self.shared.bounds(topic, partition);
        let key = |offset| log_record_layout::key(topic, partition, offset);
        for found in self.shared.records.range(topic, key(from.max(bounds.start))..key(bounds.end.max(from))) {
            let (key, value) = found.into_inner().map_err(|error| self.shared.failed("read", error))?;
            let Some((_, _, offset)) = log_record_layout::parse_key(&key) else { continue };
            let stored_bytes = (key.len() + value.len()) as u64;
            if each(RawEntry { offset, content: log_record_layout::parse_value(&value), stored_bytes }).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls `each` with the offsets and the stored values of a partition between two offsets, until it breaks.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the log cannot be read.
    pub fn each_raw(
        &self,
        (topic, partition): (Topic, u32),
        offsets: Range<u64>,
        each: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        let bounds = self.shared.bounds(topic, partition);
        let (from, to) = (offsets.start.max(bounds.start), offsets.end.min(bounds.end));
        if from >= to {
            return Ok(());
        }
        let key = |offset| log_record_layout::key(topic, partition, offset);
        for found in self.shared.records.range(topic, key(from)..key(to)) {
            let (key, value) = found.into_inner().map_err(|error| self.shared.failed("read", error))?;
            let Some((_, _, offset)) = log_record_layout::parse_key(&key) else { continue };
            if each(offset, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The bounds of every partition that holds records, at one moment.
    #[must_use]
    pub fn all_bounds(&self) -> Vec<(Topic, u32, Range<u64>)> {
        let state = self.shared.state();
        let of_number = |number: u8| Topic::ALL.into_iter().find(|topic| log_record_layout::topic_number(*topic) == number);
        let bounds = state.bounds.iter();
        bounds.filter_map(|((number, partition), at)| Some((of_number(*number)?, *partition, at.clone()))).collect()
    }

    /// Rewrites the files of a topic without its removed records.
    ///
    /// # Errors
    /// [`LogError::Storage`] when the disk refuses. Nothing is lost then.
    pub fn rewrite(&self, topic: Topic) -> Result<(), LogError> {
        let records = &self.shared.records;
        // Removals wait in the buffer: without them the files would be written as they are.
        let rewritten = records.flush_buffers().and_then(|_| records.rewrite(topic));
        rewritten.map_err(|error| self.shared.failed("written", error))
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

    fn bounds(&self, topic: Topic, partition: u32) -> Range<u64> {
        self.state().bounds.get(&(log_record_layout::topic_number(topic), partition)).cloned().unwrap_or(0..0)
    }

    /// Assigns offsets and commits all records in one batch of the engine. The state stays locked, so offsets appear in order and
    /// every record below the bounds is readable.
    fn commit(&self, state: &mut State, records: impl Iterator<Item = PendingAppends>) -> Result<(), LogError> {
        let mut batch = self.records.batch();
        if self.durability == Durability::Synced {
            batch = batch.durability(Some(PersistMode::SyncAll));
        }
        let mut changed: BTreeMap<(u8, u32), Range<u64>> = BTreeMap::new();
        for PendingAppends { topic, partition, offset, value } in records {
            let of_partition = (log_record_layout::topic_number(topic), partition);
            let bounds = changed.entry(of_partition).or_insert_with(|| state.bounds.get(&of_partition).cloned().unwrap_or(0..0));
            let place = bounds.end.max(offset.unwrap_or(0));
            if bounds.is_empty() {
                bounds.start = place;
            }
            bounds.end = place + 1;
            batch.insert(self.records.of(topic), log_record_layout::key(topic, partition, place), value);
        }
        let begun = Instant::now();
        batch.commit().map_err(|error| self.failed("written", error))?;
        if self.durability == Durability::Synced {
            self.sync_duration.observe(begun.elapsed().as_secs_f64());
        }
        // A removal may have moved the start meanwhile; only the ends are ours.
        for (of_partition, bounds) in changed {
            state.bounds.entry(of_partition).or_insert(bounds.clone()).end = bounds.end;
        }
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

/// The first offset and one past the last one of every partition. Two look-ups per partition: it jumps from one to the next.
fn recover_bounds(records: &RecordStore) -> fjall::Result<BTreeMap<(u8, u32), Range<u64>>> {
    let mut bounds = BTreeMap::new();
    for topic in Topic::ALL {
        let number = log_record_layout::topic_number(topic);
        let mut below = log_record_layout::key(topic, u32::MAX, u64::MAX);
        while let Some(last) = records.range(topic, log_record_layout::key(topic, 0, 0)..=below).next_back() {
            let Some((_, partition, offset)) = log_record_layout::parse_key(&last.key()?) else { break };
            bounds.insert((number, partition), first_offset(records, topic, partition)?.unwrap_or(offset)..offset + 1);
            let Some(before) = partition.checked_sub(1) else { break };
            below = log_record_layout::key(topic, before, u64::MAX);
        }
    }
    Ok(bounds)
}

fn first_offset(records: &RecordStore, topic: Topic, partition: u32) -> fjall::Result<Option<u64>> {
    let keys = log_record_layout::key(topic, partition, 0)..=log_record_layout::key(topic, partition, u64::MAX);
    let first = records.range(topic, keys).next().map(|found| found.key()).transpose()?;
    Ok(first.and_then(|key| log_record_layout::parse_key(&key)).map(|(_, _, offset)| offset))
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
        let Range { start, end } = self.bounds(topic, partition)?;
        // Most reads find nothing and must not cost a scan.
        if from >= end || most == 0 {
            return Ok(from);
        }
        let from = from.max(start);
        let to = end.min(from.saturating_add(most as u64));
        let range = log_record_layout::key(topic, partition, from)..log_record_layout::key(topic, partition, to);
        for found in self.shared.records.range(topic, range) {
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
        Ok(self.shared.bounds(topic, partition))
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
    LogEntry { offset, appended: Timestamp::EARLIEST, key: "", record }
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
mod tests;

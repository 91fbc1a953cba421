//! A log in memory, in virtual time, with scripted faults: it loses or damages records, fails calls and drops its beginning.
//!
//! Every record passes through `codec` on its way in and out, so tasks read the same records as from a real log.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ops::{ControlFlow, Range};
use std::rc::Rc;

use scorecard::event::Event;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};

/// The fault of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The next append fails and stores nothing.
    AppendRefused,
    /// The next append stores its record and fails all the same.
    AppendUnknown,
    /// The next flush fails. The records since the last flush are lost.
    FlushLost,
    /// The next transaction fails and stores nothing.
    TransactionRefused,
    /// The next transaction stores its records and fails all the same.
    TransactionUnknown,
}

/// One stored record.
#[derive(Clone, Debug)]
pub struct StoredEntry {
    /// The offset.
    pub offset: u64,
    /// The append time.
    pub appended: Timestamp,
    /// The key.
    pub key: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Partition {
    records: Vec<StoredEntry>,
    next: u64,
}

#[derive(Debug, Default)]
struct State {
    now: Timestamp,
    partitions: BTreeMap<(Topic, u32), Partition>,
    faults: VecDeque<Fault>,
    epoch: u64,
}

/// A handle to the log; clones share it.
#[derive(Clone, Debug, Default)]
pub struct SimulatedLog {
    state: Rc<RefCell<State>>,
    unflushed: Vec<(Topic, u32, String, Vec<u8>)>,
    epoch: u64,
}

impl SimulatedLog {
    /// An empty log.
    #[must_use]
    pub fn new() -> SimulatedLog {
        SimulatedLog::default()
    }

    /// A handle without unflushed records, as a restarted task has one.
    #[must_use]
    pub fn handle(&self) -> SimulatedLog {
        SimulatedLog { state: self.state.clone(), unflushed: Vec::new(), epoch: 0 }
    }

    /// Sets the log's clock.
    pub fn set_now(&self, now: Timestamp) {
        self.state.borrow_mut().now = now;
    }

    /// The log's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.borrow().now
    }

    /// Scripts the next fault. It happens once, at the first operation of its kind.
    pub fn script(&self, fault: Fault) {
        self.state.borrow_mut().faults.push_back(fault);
    }

    /// The number of scripted faults that have not happened yet.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.state.borrow().faults.len()
    }

    /// All records of a partition.
    #[must_use]
    pub fn stored(&self, topic: Topic, partition: u32) -> Vec<StoredEntry> {
        self.state.borrow().partitions.get(&(topic, partition)).map(|p| p.records.clone()).unwrap_or_default()
    }

    /// Changes the records of a partition directly: compaction, retention or damage.
    pub fn tamper(&self, topic: Topic, partition: u32, change: impl FnOnce(&mut Vec<StoredEntry>)) {
        if let Some(held) = self.state.borrow_mut().partitions.get_mut(&(topic, partition)) {
            change(&mut held.records);
        }
    }

    /// Replaces a partition by records of another log, with their offsets and append times, in order of their offsets.
    pub fn put(&self, topic: Topic, partition: u32, records: Vec<StoredEntry>) {
        let next = records.last().map_or(0, |last| last.offset + 1);
        self.state.borrow_mut().partitions.insert((topic, partition), Partition { records, next });
    }

    /// A log with the same records.
    #[must_use]
    pub fn copy(&self) -> SimulatedLog {
        let state = self.state.borrow();
        let partitions = state.partitions.iter();
        let partitions = partitions.map(|(at, p)| (*at, Partition { records: p.records.clone(), next: p.next })).collect();
        let copy = State { now: state.now, partitions, faults: VecDeque::new(), epoch: state.epoch };
        SimulatedLog { state: Rc::new(RefCell::new(copy)), unflushed: Vec::new(), epoch: 0 }
    }

    /// A log with the records of these topics only.
    #[must_use]
    pub fn copy_of(&self, topics: &[Topic]) -> SimulatedLog {
        let copy = self.copy();
        copy.state.borrow_mut().partitions.retain(|(topic, _), _| topics.contains(topic));
        copy
    }

    fn takes(&self, fits: &[Fault]) -> Option<Fault> {
        let mut state = self.state.borrow_mut();
        let at = state.faults.iter().position(|fault| fits.contains(fault))?;
        state.faults.remove(at)
    }

    fn store(&self, topic: Topic, partition: u32, key: String, bytes: Vec<u8>) {
        let mut state = self.state.borrow_mut();
        let appended = state.now;
        let held = state.partitions.entry((topic, partition)).or_default();
        held.records.push(StoredEntry { offset: held.next, appended, key, bytes });
        held.next += 1;
    }
}

/// The bytes of a record.
#[must_use]
pub fn encoded(record: &Record<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::avro::encoding::encode(record, &mut bytes).expect("the tests write records that can be written");
    bytes
}

impl Log for SimulatedLog {
    fn read(
        &mut self,
        topic: Topic,
        partition: u32,
        from: u64,
        most: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        let state = self.state.borrow();
        let Some(held) = state.partitions.get(&(topic, partition)) else { return Ok(from) };
        let start = held.records.partition_point(|stored| stored.offset < from);
        let mut next = from;
        for stored in held.records[start..].iter().take(most) {
            next = stored.offset + 1;
            let record = codec::avro::encoding::decode(&stored.bytes);
            let lent = LogEntry { offset: stored.offset, appended: stored.appended, key: &stored.key, record };
            if each(lent).is_break() {
                break;
            }
        }
        Ok(next)
    }

    fn bounds(&mut self, topic: Topic, partition: u32) -> Result<Range<u64>, LogError> {
        let state = self.state.borrow();
        let Some(held) = state.partitions.get(&(topic, partition)) else { return Ok(0..0) };
        Ok(held.records.first().map_or(held.next, |stored| stored.offset)..held.next)
    }

    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError> {
        codec::avro::encoding::pack(event, to).map_err(|error| LogError::unencodable(Topic::Events, error))
    }

    fn append(&mut self, topic: Topic, partition: u32, key: &str, record: &Record<'_>) -> Result<(), LogError> {
        match self.takes(&[Fault::AppendRefused, Fault::AppendUnknown]) {
            Some(Fault::AppendRefused) => return Err(LogError::failed("an append failed", "scripted")),
            Some(_) => {
                self.store(topic, partition, key.to_owned(), encoded(record));
                return Err(LogError::Unacknowledged {
                    what: "a record was appended".to_owned(),
                    source: Some("scripted".into()),
                });
            }
            None => {}
        }
        self.unflushed.push((topic, partition, key.to_owned(), encoded(record)));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        let unflushed = std::mem::take(&mut self.unflushed);
        if self.takes(&[Fault::FlushLost]).is_some() {
            return Err(LogError::failed("a flush failed", "scripted"));
        }
        for (topic, partition, key, bytes) in unflushed {
            self.store(topic, partition, key, bytes);
        }
        Ok(())
    }

    fn fence(&mut self) -> Result<(), LogError> {
        let mut state = self.state.borrow_mut();
        state.epoch += 1;
        self.epoch = state.epoch;
        Ok(())
    }

    fn append_atomically(&mut self, fill: &mut Fill<'_>) -> Result<(), LogError> {
        let mut records = Vec::new();
        fill(&mut |topic, partition, key, record| {
            records.push((topic, partition, key.to_owned(), encoded(record)));
            Ok(())
        })?;
        if self.epoch != self.state.borrow().epoch {
            return Err(LogError::Fenced);
        }
        let fault = self.takes(&[Fault::TransactionRefused, Fault::TransactionUnknown]);
        if fault == Some(Fault::TransactionRefused) {
            return Err(LogError::failed("a transaction failed", "scripted"));
        }
        for (topic, partition, key, bytes) in records {
            self.store(topic, partition, key, bytes);
        }
        match fault {
            Some(_) => {
                Err(LogError::Unacknowledged { what: "a transaction was sent".to_owned(), source: Some("scripted".into()) })
            }
            None => Ok(()),
        }
    }
}

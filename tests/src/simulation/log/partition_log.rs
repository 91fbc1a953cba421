//! One partition of the simulated log, with a journal of all records that it ever had for the verifier.

use std::collections::BTreeMap;
use std::rc::Rc;

use scorecard::time::calendar::Timestamp;

/// One stored record, with the bytes of a real log.
#[derive(Clone, Debug)]
pub(crate) struct StoredBytes {
    pub offset: u64,
    pub appended: Timestamp,
    pub key: Rc<str>,
    pub bytes: Rc<[u8]>,
    /// Its number among all records of the log, in order of storage.
    pub sequence: u64,
}

/// One partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartitionLog {
    records: Vec<StoredBytes>,
    next: u64,
    start: u64,
    journal: Vec<StoredBytes>,
}

impl PartitionLog {
    /// A partition with these records and an equal journal.
    pub(crate) fn of(records: Vec<StoredBytes>) -> PartitionLog {
        let next = records.last().map_or(0, |last| last.offset + 1);
        PartitionLog { journal: records.clone(), records, next, start: 0 }
    }

    pub(crate) fn push(&mut self, appended: Timestamp, key: Rc<str>, bytes: Rc<[u8]>, sequence: u64) -> u64 {
        let stored = StoredBytes { offset: self.next, appended, key, bytes, sequence };
        self.journal.push(stored.clone());
        self.records.push(stored);
        self.next += 1;
        self.next - 1
    }

    /// The records from an offset on.
    pub(crate) fn from(&self, offset: u64) -> &[StoredBytes] {
        &self.records[self.records.partition_point(|stored| stored.offset < offset)..]
    }

    /// The first offset.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// One past the last offset.
    pub(crate) fn end(&self) -> u64 {
        self.next
    }

    /// All records that it ever had.
    pub(crate) fn journal(&self) -> &[StoredBytes] {
        &self.journal
    }

    /// The records that it has now.
    pub(crate) fn records(&self) -> &[StoredBytes] {
        &self.records
    }

    /// Compacts the records before `until` to the newest of each key. Returns the removed ones.
    pub(crate) fn compact(&mut self, until: Timestamp) -> Vec<StoredBytes> {
        let mut newest: BTreeMap<Rc<str>, u64> = BTreeMap::new();
        for stored in self.records.iter().filter(|stored| stored.appended < until) {
            newest.insert(stored.key.clone(), stored.offset);
        }
        let stays = |stored: &StoredBytes| stored.appended >= until || newest.get(&stored.key) == Some(&stored.offset);
        let (kept, gone) = std::mem::take(&mut self.records).into_iter().partition(stays);
        self.records = kept;
        gone
    }

    /// Deletes the records from an offset on.
    pub(crate) fn lose_end(&mut self, from: u64) {
        self.records.retain(|stored| stored.offset < from);
        self.next = from;
    }

    /// Deletes the records before `until`, except the last `spared` of them: a log deletes whole segments, and a segment with a
    /// younger record stays. Returns the number of deleted records.
    pub(crate) fn truncate(&mut self, until: Timestamp, spared: usize) -> u64 {
        let old = self.records.iter().take_while(|stored| stored.appended < until).count();
        let gone = old.saturating_sub(spared);
        self.records.drain(..gone);
        if gone > 0 {
            self.start = self.records.first().map_or(self.next, |stored| stored.offset);
        }
        gone as u64
    }
}

//! One partition of the simulated log: what it still holds, and for the verifier everything that it ever held.

use std::collections::BTreeMap;
use std::rc::Rc;

use scorecard::time::calendar::Timestamp;

/// One record as it is stored. Its bytes are those that a real log would hold.
#[derive(Clone, Debug)]
pub(crate) struct StoredBytes {
    pub offset: u64,
    pub appended: Timestamp,
    pub key: Rc<str>,
    pub bytes: Rc<[u8]>,
    /// Its number among all records of the log, in the order in which they were stored.
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
    /// A partition that holds these and never held anything else.
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

    /// What it holds from an offset on.
    pub(crate) fn from(&self, offset: u64) -> &[StoredBytes] {
        &self.records[self.records.partition_point(|stored| stored.offset < offset)..]
    }

    /// Its first offset.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// One past its last offset.
    pub(crate) fn end(&self) -> u64 {
        self.next
    }

    /// Everything that it ever held.
    pub(crate) fn journal(&self) -> &[StoredBytes] {
        &self.journal
    }

    /// What it holds now.
    pub(crate) fn records(&self) -> &[StoredBytes] {
        &self.records
    }

    /// Of the records before `until` only the newest of each key stays. Returns those that went.
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

    /// Takes away what was stored before `until`, but for the last `spared` of it: a log goes segment by segment, and one that holds
    /// a younger record stays. Returns how much that was.
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

//! The simulated log: partitions, unsent records of producers, delayed writes of ended instances, and transactions of unknown
//! outcome.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use stream::log::Topic;
use xxhash_rust::xxh3::Xxh3;

use crate::simulation::log::fault::{Bites, Kind};
use crate::simulation::log::partition_log::{PartitionLog, StoredBytes};
use crate::simulation::random::Random;

/// A writer.
pub(crate) type Writer = usize;

/// A record on its way to the log.
#[derive(Clone, Debug)]
pub(crate) struct InFlightRecord {
    pub topic: Topic,
    pub partition: u32,
    pub key: Rc<str>,
    pub bytes: Rc<[u8]>,
    pub writer: Writer,
}

/// A transaction whose end has not arrived.
#[derive(Clone, Debug)]
struct Doubtful {
    epoch: u64,
    records: Vec<InFlightRecord>,
}

/// The log.
#[derive(Debug)]
pub(crate) struct Broker {
    pub now: Timestamp,
    pub random: Random,
    pub bites: Bites,
    partitions: BTreeMap<(Topic, u32), PartitionLog>,
    sequence: u64,
    epoch: u64,
    buffers: BTreeMap<Writer, VecDeque<InFlightRecord>>,
    late: Vec<VecDeque<InFlightRecord>>,
    doubtful: Vec<Doubtful>,
    /// Writers whose role has another owner, and the kind of fault that their writes are.
    superseded: BTreeMap<Writer, Kind>,
    /// Number of stored records by the task that waits for them: tallies, publish.
    pub news: [u64; 2],
}

impl Broker {
    /// An empty log.
    pub(crate) fn new(random: Random) -> Broker {
        Broker {
            now: Timestamp(0),
            random,
            bites: Bites::default(),
            partitions: BTreeMap::new(),
            sequence: 0,
            epoch: 0,
            buffers: BTreeMap::new(),
            late: Vec::new(),
            doubtful: Vec::new(),
            superseded: BTreeMap::new(),
            news: [0; 2],
        }
    }

    /// A log with every record that these topics of another log ever had.
    pub(crate) fn copy_of(&self, topics: &[Topic], random: Random) -> Broker {
        let mut copy = Broker::new(random);
        let chosen = self.partitions.iter().filter(|((topic, _), _)| topics.contains(topic));
        copy.partitions = chosen.map(|(at, partition)| (*at, PartitionLog::of(partition.journal().to_vec()))).collect();
        (copy.now, copy.sequence) = (self.now, self.sequence);
        copy
    }

    pub(crate) fn partition(&self, topic: Topic, partition: u32) -> Option<&PartitionLog> {
        self.partitions.get(&(topic, partition))
    }

    /// All records that a partition ever had.
    pub(crate) fn journal(&self, topic: Topic, partition: u32) -> &[StoredBytes] {
        self.partition(topic, partition).map_or(&[], PartitionLog::journal)
    }

    /// XXH3-128 of all records that the topics ever had.
    pub(crate) fn digest(&self) -> u128 {
        let mut hash = Xxh3::new();
        for ((topic, partition), held) in &self.partitions {
            for stored in held.journal() {
                hash.update(topic.name().as_bytes());
                for number in
                    [u64::from(*partition), stored.offset, stored.sequence, stored.key.len() as u64, stored.bytes.len() as u64]
                {
                    hash.update(&number.to_le_bytes());
                }
                hash.update(&stored.appended.0.to_le_bytes());
                hash.update(stored.key.as_bytes());
                hash.update(&stored.bytes);
            }
        }
        hash.digest128()
    }

    /// The number of stored records.
    pub(crate) fn stored(&self) -> u64 {
        self.sequence
    }

    // Producers.

    /// Adds a record to a producer's buffer.
    pub(crate) fn buffer(&mut self, one: InFlightRecord) {
        self.buffers.entry(one.writer).or_default().push_back(one);
    }

    /// The number of records in a producer's buffer.
    pub(crate) fn buffered(&self, writer: Writer) -> usize {
        self.buffers.get(&writer).map_or(0, VecDeque::len)
    }

    /// Sends at most the first `most` records of a producer's buffer.
    pub(crate) fn send(&mut self, writer: Writer, most: usize) {
        let buffer = self.buffers.entry(writer).or_default();
        let count = most.min(buffer.len());
        let first: Vec<InFlightRecord> = buffer.drain(..count).collect();
        first.into_iter().for_each(|one| self.store(one));
    }

    /// Drops a producer's buffer.
    pub(crate) fn lose(&mut self, writer: Writer) {
        self.buffers.remove(&writer);
    }

    /// Sends a part of a producer's buffer and drops the rest.
    pub(crate) fn send_with_gaps(&mut self, writer: Writer) {
        for one in self.buffers.remove(&writer).unwrap_or_default() {
            if self.random.happens(500) {
                self.store(one);
            }
        }
    }

    /// Delays a producer's buffer. Its records arrive later, in their order.
    pub(crate) fn let_fly(&mut self, writer: Writer) {
        let flying = self.buffers.remove(&writer).unwrap_or_default();
        if !flying.is_empty() {
            self.late.push(flying);
        }
    }

    /// Delivers some of the delayed records and drops some of them.
    pub(crate) fn land_some(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let at = self.random.index(self.late.len());
        let count = 1 + self.random.index(4);
        for _ in 0..count {
            let Some(one) = self.late[at].pop_front() else { break };
            self.bites.bite(Kind::LateWrite);
            self.store(one);
        }
        if self.late[at].is_empty() || self.random.happens(100) {
            self.late.swap_remove(at);
        }
    }

    /// Delivers all delayed records.
    pub(crate) fn land_all(&mut self) {
        for one in std::mem::take(&mut self.late).into_iter().flatten() {
            self.store(one);
        }
    }

    pub(crate) fn store(&mut self, one: InFlightRecord) {
        match one.topic {
            Topic::Events => self.news[0] += 1,
            Topic::ClinicianMonths | Topic::Registry => self.news[1] += 1,
            _ => {}
        }
        let held = self.partitions.entry((one.topic, one.partition)).or_default();
        held.push(self.now, one.key, one.bytes, self.sequence);
        self.sequence += 1;
    }

    /// Counts a write of a writer whose role has another owner.
    pub(crate) fn bite_if_superseded(&mut self, writer: Writer) {
        if let Some(kind) = self.superseded.get(&writer) {
            self.bites.bite(*kind);
        }
    }

    /// Marks a writer whose role has another owner.
    pub(crate) fn supersede(&mut self, writer: Writer, kind: Kind) {
        self.superseded.insert(writer, kind);
    }

    // Transactions.

    /// Fences all earlier writers. Their open transactions are committed or aborted first, or their ends arrive too late.
    pub(crate) fn fence(&mut self) -> u64 {
        for open in std::mem::take(&mut self.doubtful) {
            match self.random.below(3) {
                0 if open.epoch == self.epoch => self.commit_late(open),
                1 => {}
                _ => self.doubtful.push(open),
            }
        }
        self.epoch += 1;
        self.epoch
    }

    pub(crate) fn is_fenced(&self, epoch: u64) -> bool {
        epoch != self.epoch
    }

    pub(crate) fn commit(&mut self, records: Vec<InFlightRecord>) {
        records.into_iter().for_each(|one| self.store(one));
    }

    /// Delays the end of a transaction.
    pub(crate) fn leave_open(&mut self, epoch: u64, records: Vec<InFlightRecord>) {
        self.doubtful.push(Doubtful { epoch, records });
    }

    fn commit_late(&mut self, open: Doubtful) {
        self.bites.bite(Kind::TransactionLate);
        self.news[1] += 1;
        self.commit(open.records);
    }

    /// Delivers the ends of transactions. Ends of fenced writers are refused.
    pub(crate) fn end_transactions(&mut self) {
        for open in std::mem::take(&mut self.doubtful) {
            if open.epoch != self.epoch {
                self.bites.bite(Kind::TransactionTooLate);
            } else if self.random.happens(600) {
                self.commit_late(open);
            }
        }
    }

    // Compaction and retention.

    /// Compacts a topic's partitions up to an instant. Returns the removed records.
    pub(crate) fn compact(&mut self, topic: Topic, until: Timestamp) -> Vec<StoredBytes> {
        let chosen = self.partitions.iter_mut().filter(|((held, _), _)| *held == topic);
        chosen.flat_map(|(_, partition)| partition.compact(until)).collect()
    }

    /// Deletes the records of a partition of events from an offset on. The next record gets that offset.
    pub(crate) fn lose_end(&mut self, partition: u32, from: u64) {
        if let Some(held) = self.partitions.get_mut(&(Topic::Events, partition)) {
            held.lose_end(from);
        }
    }

    /// Deletes the beginning of a partition of events. Returns the number of deleted records.
    pub(crate) fn truncate(&mut self, partition: u32, until: Timestamp, spared: usize) -> u64 {
        self.partitions.get_mut(&(Topic::Events, partition)).map_or(0, |held| held.truncate(until, spared))
    }
}

/// A record in its encoded form.
pub(crate) fn flying(topic: Topic, partition: u32, key: &str, record: &Record<'_>, writer: Writer) -> InFlightRecord {
    let mut bytes = Vec::new();
    codec::avro::encoding::encode(record, &mut bytes).expect("tasks write records that can be written");
    InFlightRecord { topic, partition, key: key.into(), bytes: bytes.into(), writer }
}

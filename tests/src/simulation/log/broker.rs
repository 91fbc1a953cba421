//! The simulated log: partitions, what producers have not yet handed over, writes of the dead that are still on their way, and
//! transactions whose end is not known.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use stream::log::Topic;
use xxhash_rust::xxh3::Xxh3;

use crate::simulation::log::fault::{Bites, Kind};
use crate::simulation::log::partition_log::{PartitionLog, StoredBytes};
use crate::simulation::random::Dice;

/// Who writes.
pub(crate) type Writer = usize;

/// A record on its way.
#[derive(Clone, Debug)]
pub(crate) struct InFlightRecord {
    pub topic: Topic,
    pub partition: u32,
    pub key: Rc<str>,
    pub bytes: Rc<[u8]>,
    pub writer: Writer,
}

/// A transaction whose end is still to come.
#[derive(Clone, Debug)]
struct Doubtful {
    epoch: u64,
    records: Vec<InFlightRecord>,
}

/// The log.
#[derive(Debug)]
pub(crate) struct Broker {
    pub now: Timestamp,
    pub dice: Dice,
    pub bites: Bites,
    partitions: BTreeMap<(Topic, u32), PartitionLog>,
    sequence: u64,
    epoch: u64,
    buffers: BTreeMap<Writer, VecDeque<InFlightRecord>>,
    late: Vec<VecDeque<InFlightRecord>>,
    doubtful: Vec<Doubtful>,
    /// Writers whose role has another owner by now, and what they do.
    superseded: BTreeMap<Writer, Kind>,
    /// How often something was stored, by who is waiting for it: tallies, publish.
    pub news: [u64; 2],
}

impl Broker {
    /// An empty log.
    pub(crate) fn new(dice: Dice) -> Broker {
        Broker {
            now: Timestamp(0),
            dice,
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

    /// A log that holds everything that these topics of another ever held.
    pub(crate) fn copy_of(&self, topics: &[Topic], dice: Dice) -> Broker {
        let mut copy = Broker::new(dice);
        let chosen = self.partitions.iter().filter(|((topic, _), _)| topics.contains(topic));
        copy.partitions = chosen.map(|(at, partition)| (*at, PartitionLog::of(partition.journal().to_vec()))).collect();
        (copy.now, copy.sequence) = (self.now, self.sequence);
        copy
    }

    pub(crate) fn partition(&self, topic: Topic, partition: u32) -> Option<&PartitionLog> {
        self.partitions.get(&(topic, partition))
    }

    /// Everything that a partition ever held.
    pub(crate) fn journal(&self, topic: Topic, partition: u32) -> &[StoredBytes] {
        self.partition(topic, partition).map_or(&[], PartitionLog::journal)
    }

    /// XXH3-128 of every record that every topic ever held.
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

    /// How many records were stored.
    pub(crate) fn stored(&self) -> u64 {
        self.sequence
    }

    // Producers.

    /// A producer takes a record.
    pub(crate) fn buffer(&mut self, one: InFlightRecord) {
        self.buffers.entry(one.writer).or_default().push_back(one);
    }

    /// How many records a producer has not handed over.
    pub(crate) fn buffered(&self, writer: Writer) -> usize {
        self.buffers.get(&writer).map_or(0, VecDeque::len)
    }

    /// A producer hands over its first records, so many at most, without being asked.
    pub(crate) fn send(&mut self, writer: Writer, most: usize) {
        let buffer = self.buffers.entry(writer).or_default();
        let count = most.min(buffer.len());
        let first: Vec<InFlightRecord> = buffer.drain(..count).collect();
        first.into_iter().for_each(|one| self.store(one));
    }

    /// A producer loses what it has not handed over.
    pub(crate) fn lose(&mut self, writer: Writer) {
        self.buffers.remove(&writer);
    }

    /// A producer loses some of it.
    pub(crate) fn send_with_gaps(&mut self, writer: Writer) {
        for one in self.buffers.remove(&writer).unwrap_or_default() {
            if self.dice.happens(500) {
                self.store(one);
            }
        }
    }

    /// What a producer has not handed over will come later, in its order.
    pub(crate) fn let_fly(&mut self, writer: Writer) {
        let flying = self.buffers.remove(&writer).unwrap_or_default();
        if !flying.is_empty() {
            self.late.push(flying);
        }
    }

    /// Some of what is still flying reaches the log, and some of it never will.
    pub(crate) fn land_some(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let at = self.dice.index(self.late.len());
        let count = 1 + self.dice.index(4);
        for _ in 0..count {
            let Some(one) = self.late[at].pop_front() else { break };
            self.bites.bite(Kind::LateWrite);
            self.store(one);
        }
        if self.late[at].is_empty() || self.dice.happens(100) {
            self.late.swap_remove(at);
        }
    }

    /// Everything that is still flying reaches the log.
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

    /// A writer whose role has another owner has just done something.
    pub(crate) fn bite_if_superseded(&mut self, writer: Writer) {
        if let Some(kind) = self.superseded.get(&writer) {
            self.bites.bite(*kind);
        }
    }

    /// Somebody else has this writer's role now.
    pub(crate) fn supersede(&mut self, writer: Writer, kind: Kind) {
        self.superseded.insert(writer, kind);
    }

    // Transactions.

    /// A writer takes over the right to append atomically. Transactions whose end is open are committed or aborted first, or
    /// their end will come too late.
    pub(crate) fn fence(&mut self) -> u64 {
        for open in std::mem::take(&mut self.doubtful) {
            match self.dice.below(3) {
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

    /// A transaction's end is on its way.
    pub(crate) fn leave_open(&mut self, epoch: u64, records: Vec<InFlightRecord>) {
        self.doubtful.push(Doubtful { epoch, records });
    }

    fn commit_late(&mut self, open: Doubtful) {
        self.bites.bite(Kind::TransactionLate);
        self.news[1] += 1;
        self.commit(open.records);
    }

    /// The ends of transactions arrive: those of writers that are fenced are refused.
    pub(crate) fn end_transactions(&mut self) {
        for open in std::mem::take(&mut self.doubtful) {
            if open.epoch != self.epoch {
                self.bites.bite(Kind::TransactionTooLate);
            } else if self.dice.happens(600) {
                self.commit_late(open);
            }
        }
    }

    // What the log does to itself.

    /// Compacts a topic's partitions up to an instant. Returns what went.
    pub(crate) fn compact(&mut self, topic: Topic, until: Timestamp) -> Vec<StoredBytes> {
        let chosen = self.partitions.iter_mut().filter(|((held, _), _)| *held == topic);
        chosen.flat_map(|(_, partition)| partition.compact(until)).collect()
    }

    /// Takes away the beginning of a partition of events. Returns how many records that were.
    pub(crate) fn truncate(&mut self, partition: u32, until: Timestamp, spared: usize) -> u64 {
        self.partitions.get_mut(&(Topic::Events, partition)).map_or(0, |held| held.truncate(until, spared))
    }
}

/// A record as it goes over the wire.
pub(crate) fn flying(topic: Topic, partition: u32, key: &str, record: &Record<'_>, writer: Writer) -> InFlightRecord {
    let mut bytes = Vec::new();
    codec::avro::encoding::encode(record, &mut bytes).expect("tasks write records that can be written");
    InFlightRecord { topic, partition, key: key.into(), bytes: bytes.into(), writer }
}

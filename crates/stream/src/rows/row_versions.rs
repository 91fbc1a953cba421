//! The rows in memory of publish: the value of each row at the last cut, and its newer values.
//!
//! Each partition has a digest of its rows. Publish compares it with the digest in a mark to verify that it has the rows of
//! tally.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scorecard::measure::measure_set::SetHash;
use scorecard::record::digest::row_digest;
use scorecard::record::log_record::{Mark, RowKey};
use scorecard::sums::measure_sums::Sums;
use scorecard::sums::packed_sums::PackedSums;
use scorecard::time::calendar::Month;

use crate::partition::partition_of;

/// The clinician id and the practice of a row. Rows are stored by these, then by month, then by feed.
pub(crate) type PracticePerson = (Arc<str>, Arc<str>);

/// The sums of a row and their digest.
#[derive(Debug)]
struct Value {
    sums: PackedSums,
    digest: u128,
}

impl Value {
    fn new(set: SetHash, key: &RowKey, sums: &Sums) -> Value {
        Value { sums: PackedSums::of(sums), digest: row_digest(set, key, sums) }
    }
}

/// One row: its value at the last cut and the values after it.
#[derive(Debug, Default)]
struct RowVersions {
    current: Option<Value>,
    /// Values at later positions, in order of the position.
    newer: Vec<(u64, Value)>,
}

impl RowVersions {
    /// The digest at the last cut; 0 where the row has no value.
    fn digest(&self) -> u128 {
        self.current.as_ref().map_or(0, |value| value.digest)
    }
}

/// The rows of one person at one practice in one month, in order of their feeds. Most months have one.
#[derive(Debug, Default)]
struct Feeds(Vec<(Arc<str>, RowVersions)>);

impl Feeds {
    fn find(&self, feed: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(feed))
    }

    fn get_mut(&mut self, feed: &str) -> Option<&mut RowVersions> {
        let at = self.find(feed).ok()?;
        Some(&mut self.0[at].1)
    }

    /// The row of this feed; created if missing.
    fn row(&mut self, feed: &Arc<str>) -> &mut RowVersions {
        let at = self.find(feed).unwrap_or_else(|at| {
            self.0.reserve_exact(1);
            self.0.insert(at, (feed.clone(), RowVersions::default()));
            at
        });
        &mut self.0[at].1
    }

    fn rows(&self) -> impl Iterator<Item = &RowVersions> {
        self.0.iter().map(|(_, row)| row)
    }
}

/// The rows of one person at one practice, by month.
#[derive(Debug, Default)]
struct Months {
    months: BTreeMap<Month, Feeds>,
}

/// The state of one partition.
#[derive(Debug)]
struct Partition {
    /// Sum of the digests of the current rows of months from `open_from` on.
    digest: u128,
    /// Number of these rows.
    rows: u64,
    open_from: Month,
    /// Position of the last cut.
    position: Option<u64>,
    /// Rows that have newer values.
    pending: BTreeSet<RowKey>,
    /// Feeds with a row in this partition.
    feeds: BTreeSet<Arc<str>>,
}

/// The rows of all partitions.
#[derive(Debug)]
pub(crate) struct RowVersionStore {
    set: SetHash,
    persons: BTreeMap<PracticePerson, Months>,
    /// All months with rows, current or not.
    months: BTreeSet<Month>,
    partitions: Vec<Partition>,
}

/// A row whose value differs from its value at the previous cut.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowChange {
    pub person: PracticePerson,
    pub month: Month,
}

impl RowVersionStore {
    pub(crate) fn new(set: SetHash, partitions: u32) -> RowVersionStore {
        let empty = || Partition {
            digest: 0,
            rows: 0,
            open_from: Month::EARLIEST,
            position: None,
            pending: BTreeSet::new(),
            feeds: BTreeSet::new(),
        };
        RowVersionStore {
            set,
            persons: BTreeMap::new(),
            months: BTreeSet::new(),
            partitions: (0..partitions).map(|_| empty()).collect(),
        }
    }

    /// Adds a row value that was read from `clinician-months`.
    pub(crate) fn add(&mut self, partition: u32, position: u64, key: RowKey, sums: &Sums) {
        let count = u32::try_from(self.partitions.len()).expect("partitions are counted with 32 bits");
        if partition_of(&key.feed, count) != partition {
            return;
        }
        let part = &mut self.partitions[partition as usize];
        // A late write into a sealed month, or a value that the last cut already has in a newer version [1].
        if key.month < part.open_from || part.position.is_some_and(|at| position <= at) {
            return;
        }
        part.feeds.insert(key.feed.clone());
        let set = self.set;
        let row = self.row(&key);
        if let Err(at) = row.newer.binary_search_by_key(&position, |(p, _)| *p) {
            row.newer.insert(at, (position, Value::new(set, &key, sums)));
            self.partitions[partition as usize].pending.insert(key);
        }
    }

    /// Advances a partition to the cut of this mark: each row gets its value with the highest position up to the mark's [1].
    ///
    /// Returns whether the rows have exactly the digest of the mark [2], and the rows that changed.
    pub(crate) fn advance(&mut self, mark: &Mark) -> (bool, Vec<RowChange>) {
        let partition = mark.partition;
        self.close_until(partition, mark.open_from);
        let pending = std::mem::take(&mut self.partitions[partition as usize].pending);
        let mut changed = Vec::new();
        for key in pending {
            let (moved, more) = self.advance_row(partition, &key, mark.position);
            if moved {
                changed.push(RowChange { person: (key.clinician.clone(), key.practice.clone()), month: key.month });
            }
            if more {
                self.partitions[partition as usize].pending.insert(key);
            }
        }
        self.partitions[partition as usize].position = Some(mark.position);
        (self.matches(mark), changed)
    }

    /// Whether the rows of a partition have exactly the digest of this mark [2].
    pub(crate) fn matches(&mut self, mark: &Mark) -> bool {
        self.close_until(mark.partition, mark.open_from);
        let part = &self.partitions[mark.partition as usize];
        part.digest == mark.digest && part.rows == mark.rows
    }

    /// Advances one row to a position. Returns whether its value changed, and whether it has newer values.
    fn advance_row(&mut self, partition: u32, key: &RowKey, position: u64) -> (bool, bool) {
        let Some(row) = self.existing_row(key) else { return (false, false) };
        let split = row.newer.partition_point(|(p, _)| *p <= position);
        let value = row.newer.drain(..split).next_back().map(|(_, value)| value);
        let more = !row.newer.is_empty();
        if !more {
            row.newer = Vec::new();
        }
        let Some(value) = value else { return (false, more) };
        (self.set_current(partition, key, value), more)
    }

    /// Sets the value at the cut. Returns whether it differs from the previous one.
    fn set_current(&mut self, partition: u32, key: &RowKey, value: Value) -> bool {
        let Some(row) = self.existing_row(key) else { return false };
        let (old, digest) = (row.digest(), value.digest);
        row.current = Some(value);
        let part = &mut self.partitions[partition as usize];
        if key.month >= part.open_from {
            part.digest = part.digest.wrapping_sub(old).wrapping_add(digest);
            part.rows = part.rows + u64::from(digest != 0) - u64::from(old != 0);
        }
        old != digest
    }

    /// A row; created if missing.
    fn row(&mut self, key: &RowKey) -> &mut RowVersions {
        self.months.insert(key.month);
        let months = self.persons.entry((key.clinician.clone(), key.practice.clone())).or_default();
        months.months.entry(key.month).or_default().row(&key.feed)
    }

    fn existing_row(&mut self, key: &RowKey) -> Option<&mut RowVersions> {
        let months = self.persons.get_mut(&(key.clinician.clone(), key.practice.clone()))?;
        months.months.get_mut(&key.month)?.get_mut(&key.feed)
    }

    /// Replaces all open rows of a partition by those that publish folded itself. Returns the rows that changed.
    pub(crate) fn replace(&mut self, mark: &Mark, rows: Vec<(RowKey, Sums)>) -> Vec<RowChange> {
        self.close_until(mark.partition, mark.open_from);
        let mut changed = Vec::new();
        let folded: BTreeMap<RowKey, Sums> = rows.into_iter().collect();
        for key in self.keys_of(mark.partition, mark.open_from) {
            if !folded.contains_key(&key) && self.clear(mark.partition, &key) {
                changed.push(RowChange { person: (key.clinician.clone(), key.practice.clone()), month: key.month });
            }
        }
        for (key, sums) in folded {
            self.partitions[mark.partition as usize].feeds.insert(key.feed.clone());
            let person = (key.clinician.clone(), key.practice.clone());
            self.row(&key).newer.retain(|(position, _)| *position > mark.position);
            let value = Value::new(self.set, &key, &sums);
            if self.set_current(mark.partition, &key, value) {
                changed.push(RowChange { person, month: key.month });
            }
        }
        self.partitions[mark.partition as usize].position = Some(mark.position);
        changed
    }

    /// Removes the value of a row. Returns whether it had one.
    fn clear(&mut self, partition: u32, key: &RowKey) -> bool {
        let Some(row) = self.existing_row(key) else { return false };
        let old = row.digest();
        row.current = None;
        let part = &mut self.partitions[partition as usize];
        part.digest = part.digest.wrapping_sub(old);
        part.rows -= u64::from(old != 0);
        old != 0
    }

    /// The keys of a partition's rows of months from `from` on.
    fn keys_of(&self, partition: u32, from: Month) -> Vec<RowKey> {
        let feeds = &self.partitions[partition as usize].feeds;
        let mut keys = Vec::new();
        for ((clinician, practice), months) in &self.persons {
            for (month, by_feed) in months.months.range(from..) {
                for (feed, _) in by_feed.0.iter().filter(|(feed, _)| feeds.contains(feed)) {
                    keys.push(RowKey {
                        feed: feed.clone(),
                        clinician: clinician.clone(),
                        practice: practice.clone(),
                        month: *month,
                    });
                }
            }
        }
        keys
    }

    /// Removes months before `open_from` from the partition's digest: no row of theirs is written again.
    fn close_until(&mut self, partition: u32, open_from: Month) {
        let before = self.partitions[partition as usize].open_from;
        if open_from <= before {
            return;
        }
        for key in self.keys_of(partition, before) {
            let digest = self.existing_row(&key).map_or(0, |row| row.digest());
            let part = &mut self.partitions[partition as usize];
            if key.month < open_from {
                part.digest = part.digest.wrapping_sub(digest);
                part.rows -= u64::from(digest != 0);
                part.pending.remove(&key);
            }
        }
        self.partitions[partition as usize].open_from = open_from;
    }

    /// The number and the digest of a partition's current rows of one month.
    pub(crate) fn digest_of(&self, partition: u32, month: Month) -> (u64, u128) {
        let feeds = &self.partitions[partition as usize].feeds;
        let mut sum = (0, 0u128);
        for months in self.persons.values() {
            let rows = months.months.get(&month).into_iter().flat_map(|by_feed| &by_feed.0);
            for digest in rows.filter(|(feed, _)| feeds.contains(feed)).map(|(_, row)| row.digest()) {
                sum = (sum.0 + u64::from(digest != 0), sum.1.wrapping_add(digest));
            }
        }
        sum
    }

    /// Replaces the rows of a sealed month of a partition.
    pub(crate) fn restore(&mut self, partition: u32, month: Month, rows: Vec<(RowKey, Sums)>) {
        for key in self.keys_of(partition, month).into_iter().filter(|key| key.month == month) {
            if let Some(row) = self.existing_row(&key) {
                row.current = None;
            }
        }
        for (key, sums) in rows {
            self.partitions[partition as usize].feeds.insert(key.feed.clone());
            self.row(&key);
            let value = Value::new(self.set, &key, &sums);
            self.set_current(partition, &key, value);
        }
    }

    /// Seals months before `open_from`, and drops those before `rows_from`: no window reaches back to them.
    pub(crate) fn seal(&mut self, open_from: Month, rows_from: Month) {
        for partition in 0..self.partitions.len() {
            self.close_until(u32::try_from(partition).expect("partitions are counted with 32 bits"), open_from);
        }
        self.months = self.months.split_off(&rows_from);
        self.persons.retain(|_, months| {
            months.months = months.months.split_off(&rows_from);
            !months.months.is_empty()
        });
    }

    /// The persons with a row at the cut. Values beyond the cut do not count, so the progress of a tally cannot change a card.
    pub(crate) fn persons(&self) -> impl Iterator<Item = &PracticePerson> {
        let has_row = |months: &Months| months.months.values().flat_map(Feeds::rows).any(|row| row.digest() != 0);
        self.persons.iter().filter(move |(_, months)| has_row(months)).map(|(person, _)| person)
    }

    /// The persons with a current row in this month.
    pub(crate) fn persons_in(&self, month: Month) -> Vec<PracticePerson> {
        let has_row =
            |months: &Months| months.months.get(&month).is_some_and(|feeds| feeds.rows().any(|row| row.current.is_some()));
        self.persons.iter().filter(|(_, months)| has_row(months)).map(|(person, _)| person.clone()).collect()
    }

    /// The months with rows, from this one on.
    pub(crate) fn months_from(&self, from: Month) -> BTreeSet<Month> {
        self.months.range(from..).copied().collect()
    }

    /// Adds the current rows of a person from one month to another, both included, to `sums`.
    pub(crate) fn add_window(&self, person: &PracticePerson, from: Month, to: Month, sums: &mut Sums) {
        self.rows(person, from, to).for_each(|row| row.add_to(sums));
    }

    /// The number of facts in the current rows of a person from one month to another, both included.
    pub(crate) fn facts(&self, person: &PracticePerson, from: Month, to: Month) -> i64 {
        self.rows(person, from, to).map(PackedSums::facts).sum()
    }

    fn rows(&self, person: &PracticePerson, from: Month, to: Month) -> impl Iterator<Item = &PackedSums> {
        let months = self.persons.get(person).into_iter().flat_map(move |months| months.months.range(from..=to));
        months.flat_map(|(_, feeds)| feeds.rows()).filter_map(|row| Some(&row.current.as_ref()?.sums))
    }

    /// The feeds with a current row of a person in a month, in order.
    pub(crate) fn feeds_of(&self, person: &PracticePerson, month: Month) -> Vec<Arc<str>> {
        let Some(feeds) = self.persons.get(person).and_then(|months| months.months.get(&month)) else { return Vec::new() };
        feeds.0.iter().filter(|(_, row)| row.current.is_some()).map(|(feed, _)| feed.clone()).collect()
    }

    /// The feeds with facts in a current row of a person in a month, in order.
    pub(crate) fn feeds_with_facts(&self, person: &PracticePerson, month: Month) -> impl Iterator<Item = Arc<str>> {
        let feeds = self.persons.get(person).and_then(|months| months.months.get(&month));
        let has_facts = |row: &RowVersions| row.current.as_ref().is_some_and(|value| value.sums.facts() > 0);
        let rows = feeds.into_iter().flat_map(|feeds| &feeds.0);
        rows.filter(move |(_, row)| has_facts(row)).map(|(feed, _)| feed.clone())
    }

    /// Restores the state after the last run in a restarted publisher: the value of each row at `positions` becomes current.
    ///
    /// A row of a sealed month keeps its value at the cut that sealed it. `sealed` has the position of that cut by partition and
    /// month.
    pub(crate) fn resume(&mut self, positions: &[u64], open_from: Month, sealed: &BTreeMap<(u32, Month), u64>) {
        for (partition, &position) in (0u32..).zip(positions) {
            let pending = std::mem::take(&mut self.partitions[partition as usize].pending);
            for key in pending {
                let limit = sealed.get(&(partition, key.month)).copied().unwrap_or(position);
                let (_, more) = self.advance_row(partition, &key, limit);
                if more && key.month >= open_from {
                    self.partitions[partition as usize].pending.insert(key);
                }
            }
            self.partitions[partition as usize].position = Some(position);
            self.close_until(partition, open_from);
        }
    }
}

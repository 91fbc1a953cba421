//! The intake task, the first step of the flow: it packs decoded items into batches of one feed each and appends them.
//!
//! It keeps no state across a restart and delivers at least once: the fold drops duplicates.

use std::collections::BTreeMap;
use std::sync::Arc;

use scorecard::event::{CodeDefinition, Detail, Event};
use scorecard::fold::fast_map::FastMap;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{FeedDefinition, Record, Reject};
use scorecard::registry::entry::{Entry, EntrySource, EventFence, FeedRule};

use crate::feed_rules::FeedRules;
use crate::intake::definition_store::DefinitionStore;
use crate::intake::open_batch::OpenBatch;
use crate::log::{Log, LogError, Topic};
use crate::partition::partition_of;

/// Counts of items: `received = logged + registered + rejected + skipped`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntakeCounts {
    /// Items that intake received.
    pub received: u64,
    /// Events that intake appended.
    pub logged: u64,
    /// Registry entries and definitions that intake appended or knew.
    pub registered: u64,
    /// Items that intake rejected, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Items of a type that Plumbline does not count, by type.
    pub skipped: BTreeMap<String, u64>,
}

impl IntakeCounts {
    /// Adds the counts of another intake.
    pub fn add(&mut self, other: &IntakeCounts) {
        self.received += other.received;
        self.logged += other.logged;
        self.registered += other.registered;
        let add = |to: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>| {
            from.iter().for_each(|(word, count)| *to.entry(word.clone()).or_default() += count);
        };
        add(&mut self.rejected, &other.rejected);
        add(&mut self.skipped, &other.skipped);
    }
}

/// Packs events of one feed into batches and appends them to the feed's partition.
#[derive(Debug)]
pub struct Intake {
    partitions: u32,
    batch_events: usize,
    open: FastMap<Arc<str>, OpenBatch>,
    /// The rules of feeds in the registry; `None` before the first event.
    rules: Option<FeedRules>,
    definitions: DefinitionStore,
    /// Whether other intakes may have appended definitions since the last read.
    definitions_are_stale: bool,
    counts: IntakeCounts,
}

impl Intake {
    /// An intake for a log with `partitions` partitions of `events` and at most `batch_events` events in a batch.
    #[must_use]
    pub fn new(partitions: u32, batch_events: usize) -> Intake {
        Intake {
            partitions,
            batch_events: batch_events.max(1),
            open: FastMap::default(),
            rules: None,
            definitions: DefinitionStore::default(),
            definitions_are_stale: true,
            counts: IntakeCounts::default(),
        }
    }

    /// Counts of all items so far.
    #[must_use]
    pub fn counts(&self) -> &IntakeCounts {
        &self.counts
    }

    /// Adds one item. It is certainly in the log only after [`Intake::flush`].
    ///
    /// # Errors
    /// [`LogError`] when the log fails; the source must send the item again.
    pub fn take(&mut self, log: &mut impl Log, item: Item<'_>) -> Result<(), LogError> {
        self.counts.received += 1;
        match item {
            Item::Event(feed, event) => self.pack(log, feed, event),
            Item::Registry(entry) => self.register(log, entry),
            Item::Definition(feed, definition) => self.define(log, feed, definition.into_owned()),
            Item::Skipped(kind) => {
                *self.counts.skipped.entry(kind).or_default() += 1;
                Ok(())
            }
            Item::Reject(reject) => self.reject(log, reject),
        }
    }

    /// Appends the open batches and waits until the log has acknowledged every record, rejects included.
    ///
    /// The caller acknowledges items to their source only after this returns.
    ///
    /// # Errors
    /// [`LogError`] when the log fails; the source must send every item since the last flush again.
    pub fn flush(&mut self, log: &mut impl Log) -> Result<(), LogError> {
        self.send(log)?;
        log.flush()
    }

    /// Appends the open batches without waiting for the log.
    ///
    /// # Errors
    /// As [`Intake::flush`].
    pub fn send(&mut self, log: &mut impl Log) -> Result<(), LogError> {
        let Intake { partitions, open, counts, definitions_are_stale, .. } = self;
        *definitions_are_stale = true;
        // A feed that sends keeps its memory for the next batch; a silent feed frees it.
        open.retain(|_, batch| !batch.is_empty());
        let mut batches: Vec<_> = open.iter_mut().collect();
        batches.sort_unstable_by(|one, other| one.0.cmp(other.0));
        let appended = batches.into_iter().try_for_each(|(feed, batch)| {
            counts.logged += append(log, feed, partition_of(feed, *partitions), batch)?;
            Ok(())
        });
        if appended.is_err() {
            self.forget();
        }
        appended
    }

    /// Drops the open batches. The source must send their items again.
    pub fn forget(&mut self) {
        self.open.clear();
    }

    fn pack(&mut self, log: &mut impl Log, feed: Arc<Feed>, event: Event<'_>) -> Result<(), LogError> {
        let reference = match &event.detail {
            Detail::Prescription(Some(prescription)) => prescription.reference.as_deref(),
            _ => None,
        };
        if reference.is_some() && self.definitions_are_stale {
            self.refresh(log)?;
        }
        let batch = match self.open.get_mut(&feed.name) {
            Some(batch) => batch,
            None => {
                settle(&mut self.rules, log, &feed)?;
                self.open.entry(feed.name.clone()).or_insert_with(|| OpenBatch::new(feed.clone()))
            }
        };
        batch.push(log, &event)?;
        if let Some(definition) = reference.and_then(|reference| self.definitions.find(&feed.name, reference)) {
            batch.define(definition);
        }
        self.counts.logged += append_full(log, &feed, self.partitions, self.batch_events, batch)?;
        Ok(())
    }

    /// Appends the newest definition behind the events that refer to it. The source may repeat it after a failure, so it is appended
    /// again even if intake knew it.
    fn define(&mut self, log: &mut impl Log, feed: Arc<Feed>, definition: CodeDefinition<'static>) -> Result<(), LogError> {
        if self.definitions_are_stale {
            self.refresh(log)?;
        }
        settle(&mut self.rules, log, &feed)?;
        let (name, reference) = (&feed.name, definition.reference.clone());
        if self.definitions.learn(name, definition.clone()) {
            let key = format!("{}|{}", feed.name, definition.reference);
            let record = FeedDefinition { feed: feed.name.as_ref().into(), definition };
            log.append(Topic::Definitions, 0, &key, &Record::Definition(record))?;
        }
        let batch = self.open.entry(name.clone()).or_insert_with(|| OpenBatch::new(feed.clone()));
        batch.define(self.definitions.find(name, &reference).expect("it was learned before"));
        self.counts.logged += append_full(log, &feed, self.partitions, self.batch_events, batch)?;
        self.counts.registered += 1;
        Ok(())
    }

    fn refresh(&mut self, log: &mut impl Log) -> Result<(), LogError> {
        self.definitions.refresh(log)?;
        self.definitions_are_stale = false;
        Ok(())
    }

    fn register(&mut self, log: &mut impl Log, entry: Entry) -> Result<(), LogError> {
        if let Entry::Fence(fence) = &entry {
            self.fence(log, fence)?;
        }
        log.append(Topic::Registry, 0, &entry.log_key(), &Record::Registry(entry))?;
        self.counts.registered += 1;
        Ok(())
    }

    /// Appends a fence to the partition of its feed, behind the events that this intake has received.
    fn fence(&mut self, log: &mut impl Log, fence: &EventFence) -> Result<(), LogError> {
        let partition = partition_of(&fence.feed, self.partitions);
        if let Some(batch) = self.open.get_mut(fence.feed.as_str()) {
            self.counts.logged += append(log, &fence.feed, partition, batch)?;
        }
        log.append(Topic::Events, partition, &fence.feed, &Record::Registry(Entry::Fence(fence.clone())))
    }

    fn reject(&mut self, log: &mut impl Log, reject: Reject) -> Result<(), LogError> {
        let at = &reject.position;
        let key = format!("{}|{}|{}", at.source, at.partition, at.offset);
        let reason = reject.reason.clone();
        log.append(Topic::Rejects, 0, &key, &Record::Reject(reject))?;
        *self.counts.rejected.entry(reason).or_default() += 1;
        Ok(())
    }
}

/// Makes sure that the registry holds the rules of this feed, and that they are those of the configuration.
fn settle(rules: &mut Option<FeedRules>, log: &mut impl Log, feed: &Feed) -> Result<(), LogError> {
    let rules = match rules {
        Some(rules) => rules,
        None => rules.insert(FeedRules::read(log)?),
    };
    if rules.get(&feed.name).is_none() {
        let source = Some(EntrySource::Feed(feed.name.to_string()));
        let ours = FeedRule { feed: feed.name.to_string(), ids: feed.ids, versioning: feed.versioning, source };
        rules.settle(log, &ours)?;
    }
    rules.check(feed)
}

/// Appends a batch if it is full, and returns its number of events.
fn append_full(log: &mut impl Log, feed: &Feed, partitions: u32, most: usize, batch: &mut OpenBatch) -> Result<u64, LogError> {
    if !batch.is_full(most) {
        return Ok(0);
    }
    append(log, &feed.name, partition_of(&feed.name, partitions), batch)
}

/// Appends a batch and returns its number of events. The batch is empty afterwards, even after an error.
fn append(log: &mut impl Log, feed: &str, partition: u32, open: &mut OpenBatch) -> Result<u64, LogError> {
    if open.is_empty() {
        return Ok(0);
    }
    let events = open.events() as u64;
    open.lend(|batch| log.append(Topic::Events, partition, feed, &Record::Packed(batch))).map(|()| events)
}

//! The accounts, from the topics alone: each produced element is either logged, registered, rejected or skipped. Each logged event is
//! either accepted, duplicate, stale, conflict or sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use codec::formats::record_decoder::{Context, RecordDecoder};
use promises::simulation::verifier::verdict::Verdict;
use scorecard::event::{Batch, Event};
use scorecard::fold::tally::Outcomes;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Record, Reject};
use scorecard::registry::entry::Entry;
use scorecard::time::calendar::Timestamp;
use stream::log::Topic;

use crate::dump::{Dump, InputRecord};

pub const LOGGED: &str = "the log holds every valid produced event, and nothing else, in the order of its feed";
pub const REJECTED: &str = "rejects holds every invalid produced element, and nothing else";
pub const REGISTERED: &str = "the registry holds every produced entry, and nothing else";
pub const FOLDED: &str = "logged = accepted + duplicate + stale + conflict + sealed";

/// The produced elements, decoded outside of the pipeline.
#[derive(Debug, Default)]
pub struct ProducedCounts {
    /// Events by feed, in order.
    pub events: BTreeMap<String, Vec<Vec<u8>>>,
    pub registered: BTreeSet<Vec<u8>>,
    pub rejected: BTreeSet<RejectKey>,
    pub skipped: u64,
    pub received: u64,
}

/// Position, reason and field of a reject.
pub type RejectKey = (Position, String, String);

impl ProducedCounts {
    /// Decodes the records of an input topic; `feed` is the topic's feed in the configuration.
    pub fn decode(
        &mut self,
        decoder: &RecordDecoder,
        topic: &str,
        records: &[InputRecord],
        feed: Option<&Arc<Feed>>,
        now: Timestamp,
    ) {
        for raw in records {
            let position = Position { source: topic.to_owned(), partition: raw.partition, offset: raw.offset, index: None };
            let context = Context { position: &position, feed: feed.cloned(), received_at: now, now };
            let Some(value) = &raw.value else { continue };
            decoder.decode(value, &context, &mut |item| self.take(item));
        }
    }

    fn take(&mut self, item: Item<'_>) {
        self.received += 1;
        match item {
            Item::Event(feed, event) => {
                let bytes = event_bytes(&feed.name, event);
                self.events.entry(feed.name.to_string()).or_default().push(bytes);
            }
            Item::Registry(entry) => {
                self.registered.insert(entry_bytes(entry));
            }
            Item::Definition(..) | Item::Skipped(_) => self.skipped += 1,
            Item::Reject(reject) => {
                self.rejected.insert(reject_key(reject));
            }
        }
    }
}

/// The expected delivery of produced events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// No process failed: each event is in the log once.
    ExactlyOnce,
    /// A process failed before it committed: events may be in the log repeatedly.
    AtLeastOnce,
}

/// Compares the produced elements with the topics. `known` are the registry's earlier entries.
pub fn judge(dump: &Dump, produced: &ProducedCounts, known: &[Entry], times: Delivery, verdict: &mut Verdict) {
    let mut logged: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for (_, _, record) in dump.records(Topic::Events) {
        let Record::Batch(batch) = record else { continue };
        let feed = batch.feed.to_string();
        logged.entry(feed.clone()).or_default().extend(batch.events.into_iter().map(|event| event_bytes(&feed, event)));
    }
    for feed in logged.keys().chain(produced.events.keys()).collect::<BTreeSet<_>>() {
        let none = Vec::new();
        let (got, wanted) = (logged.get(feed).unwrap_or(&none), produced.events.get(feed).unwrap_or(&none));
        let holds = match times {
            Delivery::ExactlyOnce => got == wanted,
            Delivery::AtLeastOnce => got.len() >= wanted.len() && firsts(got) == firsts(wanted),
        };
        verdict.hold(holds, LOGGED, || format!("{feed}: {} events logged, {} produced", got.len(), wanted.len()));
    }
    let rejects = dump.records(Topic::Rejects).filter_map(|(_, _, record)| match record {
        Record::Reject(reject) => Some(reject_key(reject)),
        _ => None,
    });
    differ(&rejects.collect(), &produced.rejected, REJECTED, verdict);
    let known: BTreeSet<Vec<u8>> = known.iter().cloned().map(entry_bytes).collect();
    // Intake writes the rule of each feed before its first event.
    let rules: BTreeSet<String> = dump.records(Topic::Registry).filter_map(|(_, _, record)| rule_of(record)).collect();
    let ruled = produced.events.keys().all(|feed| rules.contains(feed));
    verdict.hold(ruled, REGISTERED, || format!("rules of {rules:?}, events of {:?}", produced.events.keys()));
    let entries = dump.records(Topic::Registry).filter_map(|(_, _, record)| match record {
        Record::Registry(Entry::Feed(_)) => None,
        Record::Registry(entry) => Some(entry_bytes(entry)).filter(|bytes| !known.contains(bytes)),
        _ => None,
    });
    differ(&entries.collect(), &produced.registered, REGISTERED, verdict);
}

/// The feed whose rule a record fixes.
fn rule_of(record: Record<'_>) -> Option<String> {
    if let Record::Registry(Entry::Feed(rule)) = record { Some(rule.feed) } else { None }
}

/// Judges whether the tallies account for every logged event.
pub fn judge_folded(dump: &Dump, outcomes: &[Outcomes], verdict: &mut Verdict) {
    let logged: u64 = dump
        .records(Topic::Events)
        .map(|(_, _, record)| if let Record::Batch(batch) = record { batch.events.len() as u64 } else { 0 })
        .sum();
    let folded: u64 = outcomes.iter().map(|o| o.accepted + o.duplicate + o.stale + o.conflict + o.sealed).sum();
    verdict.hold(logged == folded, FOLDED, || format!("{logged} logged, {outcomes:?}"));
}

fn differ<T: Ord + std::fmt::Debug>(got: &BTreeSet<T>, wanted: &BTreeSet<T>, promise: &'static str, verdict: &mut Verdict) {
    let (missing, extra) = (wanted.difference(got).next(), got.difference(wanted).next());
    verdict.hold(missing.is_none() && extra.is_none(), promise, || {
        format!("{} there, {} produced; missing {missing:?}, extra {extra:?}", got.len(), wanted.len())
    });
}

/// The first occurrence of each, in order.
fn firsts(all: &[Vec<u8>]) -> Vec<&Vec<u8>> {
    let mut seen = BTreeSet::new();
    all.iter().filter(|one| seen.insert(*one)).collect()
}

fn reject_key(reject: Reject) -> RejectKey {
    (reject.position, reject.reason, reject.field)
}

fn event_bytes(feed: &str, event: Event<'_>) -> Vec<u8> {
    let batch = Batch::new(feed, vec![event]);
    promises::simulated_log::encoded(&Record::Batch(batch))
}

fn entry_bytes(entry: Entry) -> Vec<u8> {
    promises::simulated_log::encoded(&Record::Registry(entry))
}

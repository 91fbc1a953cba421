//! The accounting, from the topics alone: what was produced is logged, registered, rejected or skipped, each element exactly one of
//! them; what is logged is accepted, duplicate, stale, conflict or sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use codec::formats::record_decoder::{Context, RecordDecoder};
use promises::simulation::verifier::verdict::Verdict;
use scorecard::event::{Batch, Event, Versioning};
use scorecard::fold::tally::Outcomes;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Record, Reject};
use scorecard::registry::entry::Entry;
use scorecard::time::calendar::Timestamp;
use stream::log::Topic;

use crate::dump::{Dump, Raw};

pub const LOGGED: &str =
    "everything that was produced and can be taken is in the log, and nothing else, in the order of its feed";
pub const REJECTED: &str = "everything that was produced and cannot be taken is in rejects, and nothing else";
pub const REGISTERED: &str = "every entry that was produced is in the registry, and nothing else";
pub const FOLDED: &str = "logged = accepted + duplicate + stale + conflict + sealed";

/// What was produced, element by element, as the decoder reads it without a pipeline around it.
#[derive(Debug, Default)]
pub struct ProducedCounts {
    /// Events by feed, in order.
    pub events: BTreeMap<String, Vec<Vec<u8>>>,
    pub registered: BTreeSet<Vec<u8>>,
    pub rejected: BTreeSet<Refusal>,
    pub skipped: u64,
    pub received: u64,
}

/// Where and why something cannot be taken.
pub type Refusal = (Position, String, String);

impl ProducedCounts {
    /// Opens what an input topic holds; `feed` is what the configuration says of the topic.
    pub fn open(&mut self, decoder: &RecordDecoder, topic: &str, records: &[Raw], feed: Option<&Arc<Feed>>, now: Timestamp) {
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
            Item::Skipped(_) => self.skipped += 1,
            Item::Reject(reject) => {
                self.rejected.insert(refusal(reject));
            }
        }
    }
}

/// How often what was produced may stand in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Nothing went wrong on the way.
    Once,
    /// Somebody died before they could say what they had done.
    OnceOrMore,
}

/// Compares what was produced with what the topics hold; `known` are entries that were in the registry before.
pub fn judge(dump: &Dump, produced: &ProducedCounts, known: &[Entry], times: Times, verdict: &mut Verdict) {
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
            Times::Once => got == wanted,
            Times::OnceOrMore => got.len() >= wanted.len() && firsts(got) == firsts(wanted),
        };
        verdict.hold(holds, LOGGED, || format!("{feed}: {} events logged, {} produced", got.len(), wanted.len()));
    }
    let rejects = dump.records(Topic::Rejects).filter_map(|(_, _, record)| match record {
        Record::Reject(reject) => Some(refusal(reject)),
        _ => None,
    });
    differ(&rejects.collect(), &produced.rejected, REJECTED, verdict);
    let known: BTreeSet<Vec<u8>> = known.iter().cloned().map(entry_bytes).collect();
    let entries = dump.records(Topic::Registry).filter_map(|(_, _, record)| match record {
        Record::Registry(entry) => Some(entry_bytes(entry)).filter(|bytes| !known.contains(bytes)),
        _ => None,
    });
    differ(&entries.collect(), &produced.registered, REGISTERED, verdict);
}

/// Whether the tallies account for everything that is logged.
pub fn judge_folded(dump: &Dump, outcomes: &[Outcomes], verdict: &mut Verdict) {
    let logged: u64 = dump
        .records(Topic::Events)
        .map(|(_, _, record)| if let Record::Batch(batch) = record { batch.events.len() as u64 } else { 0 })
        .sum();
    let folded: u64 = outcomes.iter().map(|o| o.accepted + o.duplicate + o.stale + o.conflict + o.sealed).sum();
    verdict.hold(logged == folded, FOLDED, || format!("{logged} logged, {outcomes:?}"));
}

fn differ<T: Ord + std::fmt::Debug>(got: &BTreeSet<T>, wanted: &BTreeSet<T>, promise: &'static str, verdict: &mut Verdict) {
    let (lacking, extra) = (wanted.difference(got).next(), got.difference(wanted).next());
    verdict.hold(lacking.is_none() && extra.is_none(), promise, || {
        format!("{} there, {} produced; lacking {lacking:?}, extra {extra:?}", got.len(), wanted.len())
    });
}

/// Each of them once, in the order in which it first came.
fn firsts(all: &[Vec<u8>]) -> Vec<&Vec<u8>> {
    let mut seen = BTreeSet::new();
    all.iter().filter(|one| seen.insert(*one)).collect()
}

fn refusal(reject: Reject) -> Refusal {
    (reject.position, reject.reason, reject.field)
}

fn event_bytes(feed: &str, event: Event<'_>) -> Vec<u8> {
    let batch = Batch { feed: feed.into(), practice: None, versioning: Versioning::Id, events: vec![event] };
    promises::simulated_log::encoded(&Record::Batch(batch))
}

fn entry_bytes(entry: Entry) -> Vec<u8> {
    promises::simulated_log::encoded(&Record::Registry(entry))
}

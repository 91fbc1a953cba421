//! Promise 1, first half: every acknowledged item is in the log, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::event::Event;
use scorecard::record::item::Item;
use scorecard::record::log_record::Record;
use stream::intake::intake_task::IntakeCounts;
use stream::log::Topic;

use crate::simulation::traffic::source::{Delivery, Source};
use crate::simulation::verifier::evidence::{Evidence, filed};
use crate::simulation::verifier::verdict::Verdict;

const ACKNOWLEDGED: &str = "every item is in the log before its source sees the acknowledgement";
const NOTHING_ELSE: &str = "the log contains only delivered items";
const INTAKE_ADDS_UP: &str = "received = logged + registered + rejected + skipped";

/// An event by feed, id and version.
type VersionKey = (String, String, Option<u64>);

/// The items of the source in the log, each with the number of its first record.
#[derive(Default)]
struct ItemPlaces {
    events: BTreeMap<VersionKey, Vec<(Event<'static>, u64)>>,
    entries: Vec<(scorecard::registry::entry::Entry, u64)>,
    rejects: BTreeMap<(u64, Option<u32>), u64>,
}

pub(crate) fn check(evidence: &Evidence<'_>, source: &Source, counts: &[IntakeCounts], verdict: &mut Verdict) {
    let found = find(evidence);
    let stored: Vec<Option<u64>> = source.deliveries.iter().map(|delivery| stored(delivery, &found)).collect();
    for (upto, sequence) in &source.acknowledgements {
        let late = stored[..*upto].iter().position(|at| at.is_none_or(|at| at >= *sequence));
        verdict.hold(late.is_none(), ACKNOWLEDGED, || format!("delivery {late:?}, acknowledged with the first {upto}"));
    }
    let acknowledged = source.acknowledgements.iter().map(|(upto, _)| *upto).max().unwrap_or(0);
    verdict.hold(acknowledged == stored.len(), "every delivery is acknowledged in the end", || {
        format!("{acknowledged} of {} deliveries", stored.len())
    });
    check_nothing_else(source, &found, verdict);
    for one in counts {
        let rejected: u64 = one.rejected.values().sum();
        let skipped: u64 = one.skipped.values().sum();
        let holds = one.received == one.logged + one.registered + rejected + skipped;
        verdict.hold_tasks(holds, INTAKE_ADDS_UP, || format!("{one:?}"));
    }
}

fn find(evidence: &Evidence<'_>) -> ItemPlaces {
    let mut found = ItemPlaces::default();
    let broker = evidence.broker.borrow();
    for partition in 0..evidence.plan.partitions {
        for one in filed(&broker, Topic::Events, partition) {
            let Record::Batch(batch) = one.what else { continue };
            for event in batch.events {
                let key = (batch.feed.to_string(), event.id.to_string(), event.version);
                let same = found.events.entry(key).or_default();
                if !same.iter().any(|(known, _)| *known == event) {
                    same.push((event, one.sequence));
                }
            }
        }
    }
    for one in &evidence.registry {
        if let Record::Registry(entry) = &one.what
            && !found.entries.iter().any(|(known, _)| known == entry)
        {
            found.entries.push((entry.clone(), one.sequence));
        }
    }
    for one in filed(&broker, Topic::Rejects, 0) {
        if let Record::Reject(reject) = one.what {
            found.rejects.entry((reject.position.offset, reject.position.index)).or_insert(one.sequence);
        }
    }
    found
}

/// The number of the record with the last of its items; `None` when one is missing.
fn stored(delivery: &Delivery, found: &ItemPlaces) -> Option<u64> {
    let of = |item: &Item<'static>| match item {
        Item::Event(feed, event) => {
            let key = (feed.name.to_string(), event.id.to_string(), event.version);
            found.events.get(&key)?.iter().find(|(known, _)| known == event).map(|(_, at)| *at)
        }
        Item::Registry(entry) => found.entries.iter().find(|(known, _)| known == entry).map(|(_, at)| *at),
        Item::Skipped(_) | Item::Definition(..) => Some(0),
        Item::Reject(reject) => found.rejects.get(&(reject.position.offset, reject.position.index)).copied(),
    };
    delivery.items.iter().map(of).try_fold(0, |last, at| Some(last.max(at?)))
}

fn check_nothing_else(source: &Source, found: &ItemPlaces, verdict: &mut Verdict) {
    let mut delivered: BTreeMap<(String, String, Option<u64>), Vec<&Event<'static>>> = BTreeMap::new();
    let mut rejected = BTreeSet::new();
    for item in source.deliveries.iter().flat_map(|delivery| &delivery.items) {
        match item {
            Item::Event(feed, event) => {
                delivered.entry((feed.name.to_string(), event.id.to_string(), event.version)).or_default().push(event);
            }
            Item::Reject(reject) => {
                rejected.insert((reject.position.offset, reject.position.index));
            }
            _ => {}
        }
    }
    for (key, events) in &found.events {
        let known = delivered.get(key);
        let unknown = events.iter().find(|(event, _)| !known.is_some_and(|known| known.contains(&event)));
        verdict.hold(unknown.is_none(), NOTHING_ELSE, || format!("{key:?}"));
    }
    for position in found.rejects.keys() {
        verdict.hold(rejected.contains(position), NOTHING_ELSE, || format!("reject {position:?}"));
    }
}

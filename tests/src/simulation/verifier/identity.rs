//! Promise 2: the published records are, byte by byte, those of the same log without a fault.

use std::collections::BTreeMap;
use std::rc::Rc;

use scorecard::record::log_record::{Record, Run};
use serde_json::Value;
use stream::log::Topic;

use crate::simulation::log::broker::Broker;
use crate::simulation::verifier::evidence::{Evidence, runs};
use crate::simulation::verifier::verdict::Verdict;

const CARDS: &str = "revisions are those of a run without faults, byte by byte";
const RUNS: &str = "run records are those of a run without faults";
const PEERS: &str = "peer groups and snapshots are those of a run without faults";
const NO_NEED: &str = "publish folds no log again whose rows are complete";

/// Compares with the replay without faults.
pub(crate) fn check(evidence: &Evidence<'_>, calm: &Broker, verdict: &mut Verdict) {
    let calm_runs = runs(calm);
    let sets: std::collections::BTreeSet<u128> = evidence.published().map(|run| run.measure_set.0).collect();
    if sets.len() == 1 {
        let refolded = calm_runs.iter().find(|run| !run.what.refolded.is_empty());
        verdict.hold(refolded.is_none(), NO_NEED, || format!("{:?}", refolded.map(|run| (run.what.at, &run.what.refolded))));
    }
    let incomplete = evidence.cards.iter().any(|card| !card.what.content.coverage.is_empty());
    if evidence.skipped() || evidence.lost_its_beginning() || incomplete {
        return;
    }
    compare_cards(&evidence.broker.borrow(), calm, verdict);
    for (got, wanted) in evidence.runs.iter().zip(&calm_runs) {
        let bare = |run: &Run| Run { refolded: Vec::new(), ..run.clone() };
        let (got, wanted) = (bare(&got.what), bare(&wanted.what));
        verdict.hold(got == wanted, RUNS, || format!("{got:?} instead of {wanted:?}"));
    }
    verdict
        .hold(evidence.runs.len() == calm_runs.len(), RUNS, || format!("{} instead of {}", evidence.runs.len(), calm_runs.len()));
    for topic in [Topic::PeerGroups, Topic::PeerSnapshots] {
        let broker = evidence.broker.borrow();
        let (got, wanted) = (by_key(&broker, topic, 1), by_key(calm, topic, 1));
        let differs = got.iter().find(|(key, bytes)| wanted.get(*key) != Some(*bytes)).map(|(key, _)| key);
        verdict.hold(differs.is_none() && got.len() == wanted.len(), PEERS, || {
            format!("{topic:?}: {differs:?}; {} records instead of {}", got.len(), wanted.len())
        });
    }
}

fn compare_cards(got: &Broker, wanted: &Broker, verdict: &mut Verdict) {
    let (got, wanted) = (by_key(got, Topic::ScorecardRevisions, 6), by_key(wanted, Topic::ScorecardRevisions, 6));
    for ((key, number), bytes) in &got {
        let other = wanted.get(&(key.clone(), *number));
        verdict.hold(other == Some(bytes), CARDS, || {
            let differs =
                other.map_or_else(|| Some("it is missing".to_owned()), |other| difference("", &json(bytes), &json(other)));
            format!("revision {} of {key}: {}", number + 1, differs.unwrap_or_default())
        });
    }
    let missing = wanted.keys().find(|key| !got.contains_key(*key));
    verdict.hold(missing.is_none(), CARDS, || format!("{missing:?} is missing"));
}

/// The bytes of all records that a topic ever had, by key and index among the records of the key.
fn by_key(broker: &Broker, topic: Topic, partitions: u32) -> BTreeMap<(Rc<str>, usize), Rc<[u8]>> {
    let mut found = BTreeMap::new();
    let mut counts: BTreeMap<Rc<str>, usize> = BTreeMap::new();
    for stored in (0..partitions).flat_map(|partition| broker.journal(topic, partition)) {
        let count = counts.entry(stored.key.clone()).or_default();
        found.insert((stored.key.clone(), *count), stored.bytes.clone());
        *count += 1;
    }
    found
}

fn json(bytes: &[u8]) -> Value {
    match codec::avro::encoding::decode(bytes) {
        Record::Scorecard(card) => serde_json::to_value(&*card).expect("a card is printable"),
        other => Value::String(format!("{other:?}")),
    }
}

/// The first difference of two values.
fn difference(at: &str, got: &Value, wanted: &Value) -> Option<String> {
    match (got, wanted) {
        (Value::Object(got), Value::Object(wanted)) if got.len() == wanted.len() => got.iter().find_map(|(key, value)| {
            let other = wanted.get(key).unwrap_or(&Value::Null);
            if key == "content_hash" { None } else { difference(&format!("{at}.{key}"), value, other) }
        }),
        (Value::Array(got), Value::Array(wanted)) if got.len() == wanted.len() => {
            let mut both = got.iter().zip(wanted).enumerate();
            both.find_map(|(n, (value, other))| difference(&format!("{at}[{n}]"), value, other))
        }
        _ if got == wanted => None,
        _ => Some(format!("{at} is {got} instead of {wanted}")),
    }
}

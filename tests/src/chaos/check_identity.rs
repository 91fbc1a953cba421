//! Promise 2: whatever happened on the way, what is published is what the same log gives without a fault, byte by byte.

use std::collections::BTreeMap;

use scorecard::card::Scorecard;
use scorecard::record::Run;
use serde_json::Value;
use stream::log::Topic;

use super::broker::Broker;
use super::evidence::{Evidence, Filed, published};
use super::verdict::Verdict;

const CARDS: &str = "revisions are those of a run without faults, byte by byte";
const RUNS: &str = "run records are those of a run without faults";
const PEERS: &str = "peer groups and snapshots are those of a run without faults";
const NO_NEED: &str = "rows and marks suffice: nobody folds a log again whose rows are all there";

/// Compares with the calm log.
pub(crate) fn check(evidence: &Evidence<'_>, calm: &Broker, verdict: &mut Verdict) {
    let (calm_runs, calm_cards) = published(calm);
    let sets: std::collections::BTreeSet<u128> = evidence.published().map(|run| run.measure_set.0).collect();
    if sets.len() == 1 {
        let refolded = calm_runs.iter().find(|run| !run.what.refolded.is_empty());
        verdict.hold(refolded.is_none(), NO_NEED, || format!("{:?}", refolded.map(|run| (run.what.at, &run.what.refolded))));
    }
    let incomplete = evidence.cards.iter().any(|card| !card.what.quality.incomplete_windows.is_empty());
    if evidence.skipped() || evidence.lost_its_beginning() || incomplete {
        return;
    }
    compare_cards(&evidence.cards, &calm_cards, verdict);
    for (got, wanted) in evidence.runs.iter().zip(&calm_runs) {
        let bare = |run: &Run| Run { refolded: Vec::new(), ..run.clone() };
        let (got, wanted) = (bare(&got.what), bare(&wanted.what));
        verdict.hold(got == wanted, RUNS, || format!("{got:?} instead of {wanted:?}"));
    }
    verdict
        .hold(evidence.runs.len() == calm_runs.len(), RUNS, || format!("{} instead of {}", evidence.runs.len(), calm_runs.len()));
    for topic in [Topic::PeerGroups, Topic::PeerSnapshots] {
        let broker = evidence.broker.borrow();
        let (got, wanted) = (newest(&broker, topic), newest(calm, topic));
        let differs = got.iter().find(|(key, bytes)| wanted.get(*key) != Some(*bytes)).map(|(key, _)| key);
        verdict.hold(differs.is_none() && got.len() == wanted.len(), PEERS, || {
            format!("{topic:?}: {differs:?}; {} keys instead of {}", got.len(), wanted.len())
        });
    }
}

fn compare_cards(got: &[Filed<Scorecard>], wanted: &[Filed<Scorecard>], verdict: &mut Verdict) {
    let by_key = |cards: &[Filed<Scorecard>]| {
        let key = |card: &Filed<Scorecard>| ((card.what.cut, card.what.key()), json(&card.what));
        cards.iter().map(key).collect::<BTreeMap<_, _>>()
    };
    let (got, wanted) = (by_key(got), by_key(wanted));
    for (key, card) in &got {
        let same = wanted.get(key).map_or_else(|| Some("it is not there".to_owned()), |wanted| difference("", card, wanted));
        verdict.hold(same.is_none(), CARDS, || format!("{} of {}: {}", key.1, key.0, same.unwrap_or_default()));
    }
    let missing = wanted.keys().find(|key| !got.contains_key(*key));
    verdict.hold(missing.is_none(), CARDS, || format!("{missing:?} is missing"));
}

fn json(card: &Scorecard) -> Value {
    serde_json::to_value(card).expect("a card is printable")
}

/// The first place in which two values differ.
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

fn newest(broker: &Broker, topic: Topic) -> BTreeMap<String, Vec<u8>> {
    let stored = broker.journal(topic, 0).iter();
    stored.map(|stored| (stored.key.to_string(), stored.bytes.to_vec())).collect()
}

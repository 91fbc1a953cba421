//! Promise 2: whatever happened on the way, what is published is what the same log gives without a fault, byte by byte.

use std::collections::BTreeMap;

use scorecard::card::Scorecard;
use scorecard::record::Run;
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
    if evidence.skipped() || evidence.lost_its_beginning() {
        return;
    }
    compare_cards(&evidence.cards, &calm_cards, verdict);
    for (got, wanted) in evidence.runs.iter().zip(&calm_runs) {
        let bare = |run: &Run| Run { refolded: Vec::new(), ..run.clone() };
        let (got, wanted) = (bare(&got.what), bare(&wanted.what));
        verdict.hold(got == wanted, RUNS, || format!("{got:?} instead of {wanted:?}"));
    }
    verdict.hold(evidence.runs.len() == calm_runs.len(), RUNS, || format!("{} instead of {}", evidence.runs.len(), calm_runs.len()));
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
    let text = |card: &Scorecard| serde_json::to_string(card).expect("a card is printable");
    let by_key = |cards: &[Filed<Scorecard>]| {
        let key = |card: &Filed<Scorecard>| ((card.what.key(), card.what.revision), text(&card.what));
        cards.iter().map(key).collect::<BTreeMap<_, _>>()
    };
    let (got, wanted) = (by_key(got), by_key(wanted));
    for (key, card) in &got {
        verdict.hold(wanted.get(key) == Some(card), CARDS, || {
            format!("{key:?}:\n  {card}\n  instead of\n  {}", wanted.get(key).map_or("nothing", String::as_str))
        });
    }
    let missing = wanted.keys().find(|key| !got.contains_key(*key));
    verdict.hold(missing.is_none(), CARDS, || format!("{missing:?} is missing"));
}

fn newest(broker: &Broker, topic: Topic) -> BTreeMap<String, Vec<u8>> {
    let stored = broker.journal(topic, 0).iter();
    stored.map(|stored| (stored.key.to_string(), stored.bytes.to_vec())).collect()
}

//! The promises to subscribers, judged over a dump: revisions without a gap, complete runs, the newest revision in the compacted topic.
//! The file knows nothing of the dump's origin.

use std::collections::{BTreeMap, BTreeSet};

use promises::simulation::verifier::verdict::Verdict;
use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::record::log_record::{Record, Run};
use scorecard::time::calendar::Timestamp;
use scorecard::time::schedule::Schedule;
use sha2::{Digest, Sha256};
use stream::log::Topic;
use stream::partition::partition_of;
use uuid::Uuid;

use crate::dump::Dump;

pub const OPENS: &str = "every record of every topic decodes";
pub const GAPLESS: &str = "revisions are gapless, and each differs from the previous one and names it";
pub const HASHED: &str = "a content hash is that of the content";
pub const PLACED: &str = "a card has its own key and the partition of Java's partitioner";
pub const WHOLE: &str = "a run is published completely or not at all, with its record";
pub const IN_ORDER: &str = "cuts are published one after the other, each once";
pub const NEWEST: &str = "the compacted topic holds the newest revision of every card";

/// Partitions of the topics of cards.
const CARD_PARTITIONS: u32 = 6;
/// The namespace of Plumbline's UUIDs.
const NAMESPACE: Uuid = Uuid::from_u128(0x4817_6363_625e_4860_8f4e_15de_06b7_3ee0);

/// Judges a dump of a deployment with this schedule. The dump was made while no process published.
pub fn judge(dump: &Dump, schedule: &Schedule, verdict: &mut Verdict) {
    opens(dump, verdict);
    let revisions = revisions(dump, verdict);
    for (key, list) in &revisions {
        gapless(key, list, verdict);
    }
    runs(dump, schedule, &revisions, verdict);
    newest(dump, verdict);
}

fn opens(dump: &Dump, verdict: &mut Verdict) {
    for topic in Topic::ALL {
        for (partition, stored, record) in dump.records(topic) {
            let closed = match &record {
                Record::Undecodable(why) => Some(why),
                _ => None,
            };
            verdict.hold(closed.is_none(), OPENS, || {
                format!("{} {partition}@{}: {}", topic.name(), stored.offset, closed.cloned().unwrap_or_default())
            });
        }
    }
}

fn revisions(dump: &Dump, verdict: &mut Verdict) -> BTreeMap<String, Vec<Scorecard>> {
    let mut revisions: BTreeMap<String, Vec<Scorecard>> = BTreeMap::new();
    for (partition, stored, record) in dump.records(Topic::ScorecardRevisions) {
        let Record::Scorecard(card) = record else {
            verdict.hold(false, OPENS, || format!("scorecard-revisions {partition}@{}: no card", stored.offset));
            continue;
        };
        let placed = card.key() == stored.key && partition_of(&stored.key, CARD_PARTITIONS) == partition;
        verdict.hold(placed, PLACED, || format!("{} under {} in partition {partition}", card.key(), stored.key));
        revisions.entry(stored.key.clone()).or_default().push(*card);
    }
    revisions
}

fn gapless(key: &str, list: &[Scorecard], verdict: &mut Verdict) {
    let mut before: Option<&Scorecard> = None;
    for (number, card) in (1..).zip(list) {
        let at = || format!("{key}: revision {} of {} where {number} is due", card.revision, card.cut);
        let id = Uuid::new_v5(&NAMESPACE, format!("{key}|{number}").as_bytes()).to_string();
        verdict.hold(card.revision == number && card.scorecard_id == id, GAPLESS, at);
        verdict.hold(card.supersedes.as_ref() == before.map(|before| &before.scorecard_id), GAPLESS, at);
        verdict.hold(before.is_none_or(|before| before.content_hash != card.content_hash), GAPLESS, at);
        verdict.hold(before.is_none_or(|before| before.cut < card.cut), GAPLESS, at);
        let canonical = serde_json_canonicalizer::to_vec(&card.content).expect("a content has text keys and finite reals");
        let hash: String = Sha256::digest(&canonical).iter().map(|byte| format!("{byte:02x}")).collect();
        verdict.hold(card.content_hash == hash, HASHED, || {
            format!("{key} {}: {} instead of {hash}", card.revision, card.content_hash)
        });
        before = Some(card);
    }
}

fn runs(dump: &Dump, schedule: &Schedule, revisions: &BTreeMap<String, Vec<Scorecard>>, verdict: &mut Verdict) {
    let mut by_cut: BTreeMap<Timestamp, Vec<&Scorecard>> = BTreeMap::new();
    for card in revisions.values().flatten() {
        by_cut.entry(card.cut).or_default().push(card);
    }
    let mut next = schedule.first;
    let mut published = BTreeMap::new();
    for run in dump.runs() {
        verdict.hold(run.at == next, IN_ORDER, || format!("{} instead of {next}", run.at));
        next = schedule.grid.after(run.at);
        whole(&run, &by_cut.remove(&run.at).unwrap_or_default(), &mut published, verdict);
    }
    verdict.hold(by_cut.is_empty(), WHOLE, || format!("revisions of {:?} without a run record", by_cut.keys()));
}

fn whole(run: &Run, cards: &[&Scorecard], published: &mut BTreeMap<String, bool>, verdict: &mut Verdict) {
    let id = Uuid::new_v5(&NAMESPACE, format!("run|{}", run.at.0).as_bytes()).to_string();
    let named = run.id == id && cards.iter().all(|card| card.run_id == id);
    verdict.hold(named, WHOLE, || format!("{}: not every card has the run id {id}", run.at));
    let there = cards.iter().map(|card| card.key()).collect::<BTreeSet<String>>().len() as u64;
    verdict.hold(run.revisions == there && there == cards.len() as u64, WHOLE, || {
        format!("{}: {} revisions counted, {} there, of {there} cards", run.at, run.revisions, cards.len())
    });
    let mut by_month: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for card in cards {
        published.insert(card.key(), card.content.status != Status::Withdrawn);
        by_month.entry(card.content.period.month.to_string()).or_default().1 += 1;
    }
    for (month, counts) in &mut by_month {
        counts.0 = published.iter().filter(|(key, is_published)| **is_published && key.ends_with(month.as_str())).count() as u64;
    }
    let counted: BTreeMap<String, (u64, u64)> =
        run.months.iter().map(|month| (month.month.to_string(), (month.cards, month.revisions))).collect();
    verdict.hold(counted == by_month, WHOLE, || format!("{}: {counted:?} in the run record, {by_month:?} in the topic", run.at));
}

fn newest(dump: &Dump, verdict: &mut Verdict) {
    let last = |topic| dump.stored(topic).map(|(_, stored)| (&stored.key, &stored.bytes)).collect::<BTreeMap<_, _>>();
    let (newest, last) = (last(Topic::Scorecards), last(Topic::ScorecardRevisions));
    let differs = last.iter().find(|(key, bytes)| newest.get(*key) != Some(*bytes)).map(|(key, _)| key);
    verdict.hold(differs.is_none() && newest.len() == last.len(), NEWEST, || {
        format!("{differs:?}; {} cards in scorecards, {} in scorecard-revisions", newest.len(), last.len())
    });
}

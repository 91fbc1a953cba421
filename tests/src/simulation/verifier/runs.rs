//! Promise 3 and the order of cuts: runs have no gap, each is complete, and a skipped cut names its reason.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::record::log_record::{Outcome, Record, Run};
use scorecard::time::calendar::Timestamp;
use sha2::{Digest, Sha256};
use stream::log::Topic;
use uuid::Uuid;

use crate::simulation::log::fault::{Bites, Kind};
use crate::simulation::verifier::evidence::{Evidence, TopicRecord, filed};
use crate::simulation::verifier::verdict::Verdict;

const IN_ORDER: &str = "cuts are published in order, each once";
const SKIPPED: &str = "a cut is skipped only when the log lost records that it needs, with that reason";
const WHOLE: &str = "a run is committed completely or not at all, with its record last";
const GAPLESS: &str = "revisions have no gap, each has a new content and names the one before";
const REST: &str = "every cut is published after the faults have stopped";
const AT_ITS_CUT: &str = "a run reads up to the ticks of its cut";
const FROZEN: &str = "frozen peers never change";
const NEWEST: &str = "the compacted topic holds the newest revision of every card";

/// The namespace of Plumbline's name-based UUIDs.
const NAMESPACE: Uuid = Uuid::from_u128(0x4817_6363_625e_4860_8f4e_15de_06b7_3ee0);

pub(crate) fn check(evidence: &Evidence<'_>, bites: &mut Bites, verdict: &mut Verdict) {
    check_order(evidence, verdict);
    let mut revisions: BTreeMap<String, Vec<&Scorecard>> = BTreeMap::new();
    let mut cards = evidence.cards.iter().peekable();
    let mut is_card: BTreeMap<String, bool> = BTreeMap::new();
    for run in &evidence.runs {
        let mut of_run = Vec::new();
        while let Some(card) = cards.next_if(|card| card.sequence < run.sequence) {
            of_run.push(&card.what);
        }
        check_whole(&run.what, &of_run, &mut is_card, verdict);
        check_positions(evidence, run, bites, verdict);
        for card in of_run {
            revisions.entry(card.key()).or_default().push(card);
        }
    }
    verdict.hold(cards.next().is_none(), WHOLE, || "a revision follows the last run record".to_owned());
    for (key, list) in &revisions {
        check_revisions(key, list, verdict);
    }
    check_newest(evidence, &revisions, verdict);
    check_frozen(evidence, verdict);
}

fn check_order(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let schedule = &evidence.plan.schedule;
    let period = i64::from(schedule.grid.period_seconds) * 1000;
    let mut next = schedule.first;
    for run in evidence.runs.iter().map(|run| &run.what) {
        verdict.hold(run.at == next, IN_ORDER, || format!("{} instead of {next}", run.at));
        next = Timestamp(next.0 + period);
        if let Outcome::Skipped(why) = &run.outcome {
            let may = evidence.lost_its_beginning() && why.contains("partition");
            verdict.hold(may, SKIPPED, || format!("{}: {why}", run.at));
        }
    }
    let until = evidence.plan.last_cut();
    verdict.hold(next > until, REST, || {
        let partitions: Vec<String> = (0..evidence.plan.partitions).map(|partition| progress(evidence, partition)).collect();
        format!("the next cut is {next}, and it is {until}; {}", partitions.join("; "))
    });
}

/// The progress of a partition.
fn progress(evidence: &Evidence<'_>, partition: u32) -> String {
    let ticks = &evidence.partitions[partition as usize].ticks;
    let mark = evidence.marks().map(|(_, mark)| mark).filter(|mark| mark.partition == partition).max_by_key(|mark| mark.at);
    let tick = ticks.iter().rfind(|tick| tick.counts).map(|tick| tick.at.to_string());
    let start = evidence.start_of(partition);
    format!("partition {partition} from {start}, last tick {tick:?}, last mark {:?}", mark.map(|mark| mark.at.to_string()))
}

fn check_whole(run: &Run, cards: &[&Scorecard], is_card: &mut BTreeMap<String, bool>, verdict: &mut Verdict) {
    let id = Uuid::new_v5(&NAMESPACE, format!("run|{}", run.at.0).as_bytes()).to_string();
    verdict.hold(run.id == id, WHOLE, || format!("{}: id {} instead of {id}", run.at, run.id));
    for card in cards {
        verdict.hold(card.cut == run.at && card.run_id == run.id, WHOLE, || {
            format!("{} of {} is in the run of {}", card.key(), card.cut, run.at)
        });
        is_card.insert(card.key(), card.content.status != Status::Withdrawn);
    }
    let keys: BTreeSet<String> = cards.iter().map(|card| card.key()).collect();
    verdict.hold(keys.len() == cards.len(), WHOLE, || format!("{}: two revisions of one card", run.at));
    verdict.hold(run.revisions == cards.len() as u64, WHOLE, || {
        format!("{}: the record has {} revisions, the topic {}", run.at, run.revisions, cards.len())
    });
    let mut by_month: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for card in cards {
        by_month.entry(card.content.period.month.to_string()).or_default().1 += 1;
    }
    for (month, counts) in &mut by_month {
        counts.0 = is_card.iter().filter(|(key, is_card)| **is_card && key.ends_with(month.as_str())).count() as u64;
    }
    let recorded: BTreeMap<String, (u64, u64)> =
        run.months.iter().map(|month| (month.month.to_string(), (month.cards, month.revisions))).collect();
    verdict.hold(recorded == by_month, WHOLE, || format!("{}: the record has {recorded:?}, the topic {by_month:?}", run.at));
}

fn check_positions(evidence: &Evidence<'_>, filed: &TopicRecord<Run>, bites: &mut Bites, verdict: &mut Verdict) {
    let run = &filed.what;
    if run.outcome != Outcome::Published {
        return;
    }
    for (partition, position) in (0..).zip(&run.positions) {
        let tick = evidence.tick_at(partition as usize, run.at).map(|tick| tick.position);
        // Tally wrote a tick again that the log had lost.
        let lost = evidence.lost_its_beginning() && tick < Some(evidence.start_of(partition)) && tick < Some(*position);
        verdict.hold(tick == Some(*position) || lost, AT_ITS_CUT, || {
            format!("{}: partition {partition} at {position} instead of {tick:?}", run.at)
        });
    }
    verdict.hold(run.positions.len() == evidence.partitions.len(), AT_ITS_CUT, || format!("{}: {:?}", run.at, run.positions));
    let tick = |filed: &&TopicRecord<Record<'static>>| matches!(&filed.what, Record::Tick(tick) if tick.at >= run.at);
    let Some(own) = evidence.registry.iter().find(tick) else {
        verdict.broken(AT_ITS_CUT, format!("{}: no tick of it in the registry", run.at));
        return;
    };
    verdict.hold(own.offset == run.registry_position, AT_ITS_CUT, || {
        format!("{}: registry up to {} instead of {}", run.at, run.registry_position, own.offset)
    });
    let near = |filed: &&TopicRecord<Record<'static>>| {
        matches!(filed.what, Record::Registry(_)) && (filed.appended.0 - run.at.0).abs() < 7_200_000
    };
    bites.many(Kind::RegistryNearCut, evidence.registry.iter().filter(near).count() as u64);
}

fn check_revisions(key: &str, list: &[&Scorecard], verdict: &mut Verdict) {
    let mut before: Option<&Scorecard> = None;
    for (number, card) in (1..).zip(list) {
        let id = Uuid::new_v5(&NAMESPACE, format!("{key}|{number}").as_bytes()).to_string();
        let canonical = serde_json_canonicalizer::to_vec(&card.content).expect("a content has text keys and finite reals");
        let hash: String = Sha256::digest(&canonical).iter().map(|byte| format!("{byte:02x}")).collect();
        let named = card.supersedes.as_ref() == before.map(|before| &before.scorecard_id);
        let new = before.is_none_or(|before| before.content_hash != card.content_hash);
        let holds = card.revision == number && card.scorecard_id == id && named && new && card.content_hash == hash;
        verdict.hold(holds, GAPLESS, || {
            format!(
                "{key}: revision {} of {} where {number} is due, new: {new}, names the one before: {named}",
                card.revision, card.cut
            )
        });
        before = Some(card);
    }
}

/// The compacted topic has, byte by byte, the last revision of each key of the other topic.
fn check_newest(evidence: &Evidence<'_>, revisions: &BTreeMap<String, Vec<&Scorecard>>, verdict: &mut Verdict) {
    let broker = evidence.broker.borrow();
    let (mut newest, mut last) = (BTreeMap::new(), BTreeMap::new());
    for partition in 0..6 {
        let records = broker.partition(Topic::Scorecards, partition).map_or(&[][..], |partition| partition.records());
        newest.extend(records.iter().map(|stored| (&stored.key, &stored.bytes)));
        let all = broker.journal(Topic::ScorecardRevisions, partition);
        last.extend(all.iter().map(|stored| (&stored.key, &stored.bytes)));
    }
    let differs = last.iter().find(|(key, bytes)| newest.get(*key) != Some(*bytes));
    verdict.hold(differs.is_none(), NEWEST, || format!("{:?}", differs.map(|(key, _)| key)));
    verdict.hold(newest.len() == last.len(), NEWEST, || format!("{} cards, {} keys", newest.len(), last.len()));
    let named: Vec<&str> = last.keys().map(|key| &***key).collect();
    let known: Vec<&str> = revisions.keys().map(String::as_str).collect();
    verdict.hold(named == known, NEWEST, || "a card has the key of another card".to_owned());
}

fn check_frozen(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let mut frozen = BTreeMap::new();
    for one in filed(&evidence.broker.borrow(), Topic::PeerSnapshots, 0) {
        let Record::PeerSnapshot(group) = one.what else { continue };
        let key = (group.key.clone(), group.purpose, group.chunk);
        let known = frozen.get(&key).copied();
        if group.frozen {
            frozen.entry(key).or_insert(group.snapshot_id);
        }
        let same = known.is_none_or(|known| group.frozen && known == group.snapshot_id);
        verdict.hold(same, FROZEN, || format!("{:?}", group.key));
    }
}

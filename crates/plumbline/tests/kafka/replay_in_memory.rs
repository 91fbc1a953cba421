//! A replay of the same log in memory, without faults. Published records must have the same bytes. Rows and marks must be those of a
//! replay, regardless of their writers and repetitions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plumbline::input_files::measure_files;
use promises::simulated_log::SimulatedLog;
use promises::simulation::verifier::verdict::Verdict;
use scorecard::fold::tally::Outcomes;
use scorecard::record::log_record::{Record, Run};
use scorecard::time::calendar::Timestamp;
use stream::deployment::{Deployment, schedule_of};
use stream::log::Topic;
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::TallyTask;

use crate::dump::Dump;

pub const CARDS: &str = "revisions are those of a replay of the same log, byte by byte";
pub const RUNS: &str = "run records are those of a replay of the same log, except for `refolded`";
pub const PEERS: &str = "peer groups and snapshots are those of a replay of the same log, byte by byte";
pub const ROWS: &str = "rows and marks are those of a replay of the same log, byte by byte";

/// The result of a replay.
pub struct ReplayResult {
    pub dump: Dump,
    /// Events by outcome, for each partition.
    pub outcomes: Vec<Outcomes>,
}

/// The deployment of a dump's genesis record, with the built-in measures.
pub fn deployment(dump: &Dump, identity_seed: u64, engine_version: &str) -> Deployment {
    let mut registry = dump.records(Topic::Registry);
    let genesis = registry.find_map(|(_, _, record)| if let Record::Genesis(genesis) = record { Some(genesis) } else { None });
    let genesis = genesis.expect("a registry begins with its genesis");
    Deployment {
        schedule: schedule_of(&genesis).expect("a zone of this build"),
        partitions: genesis.partitions,
        measures: Arc::new(measure_files::built_in()),
        identity_seed,
        engine_version: engine_version.to_owned(),
    }
}

/// Replays `events` and `registry` with the same offsets and append times.
pub fn replay(dump: &Dump, deployment: &Deployment) -> ReplayResult {
    let log = SimulatedLog::new();
    let inputs = dump.own.iter().filter(|((topic, _), _)| matches!(topic, Topic::Events | Topic::Registry));
    for (&(topic, partition), records) in inputs {
        log.put(topic, partition, records.clone());
    }
    log.set_now(Timestamp::LATEST);
    let mut outcomes = Vec::new();
    for partition in 0..deployment.partitions {
        let mut tally = TallyTask::new(deployment, partition, log.handle()).expect("an unbroken log");
        while tally.step(97).expect("an unbroken log") {}
        outcomes.push(tally.outcomes());
    }
    let mut publisher = PublishTask::new(deployment, log.handle()).expect("an unbroken log");
    while publisher.step().expect("an unbroken log").is_some() {}
    ReplayResult { dump: Dump::of(&log, deployment.partitions), outcomes }
}

/// The part of a replay that the dump must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it: no process was busy.
    All,
    /// A beginning: the processes were stopped between a tick and its run.
    Prefix,
}

/// Compares a dump with a replay.
pub fn judge(dump: &Dump, again: &Dump, extent: Extent, verdict: &mut Verdict) {
    same(&by_place(dump, Topic::ScorecardRevisions), &by_place(again, Topic::ScorecardRevisions), CARDS, extent, verdict);
    for topic in [Topic::PeerGroups, Topic::PeerSnapshots] {
        same(&by_place(dump, topic), &by_place(again, topic), PEERS, extent, verdict);
    }
    let bare = |run: Run| Run { refolded: Vec::new(), ..run };
    let (got, wanted) = (dump.runs(), again.runs());
    let (few, many) = (got.len(), wanted.len());
    verdict.hold(few == many || (few < many && extent == Extent::Prefix), RUNS, || format!("{few} runs instead of {many}"));
    for (got, wanted) in got.into_iter().map(bare).zip(wanted.into_iter().map(bare)) {
        verdict.hold(got == wanted, RUNS, || format!("{got:?} instead of {wanted:?}"));
    }
    same(&by_position(dump), &by_position(again), ROWS, extent, verdict);
    for (_, stored, record) in dump.records(Topic::ClinicianMonths) {
        let known = matches!(record, Record::ClinicianMonth(_) | Record::Mark(_));
        verdict.hold(known, ROWS, || format!("clinician-months@{} holds something else", stored.offset));
    }
}

/// The bytes of records at the same place.
type Bytes<'d> = BTreeSet<&'d [u8]>;

fn same<K: Ord + std::fmt::Debug>(
    got: &BTreeMap<K, Bytes<'_>>,
    wanted: &BTreeMap<K, Bytes<'_>>,
    promise: &'static str,
    extent: Extent,
    verdict: &mut Verdict,
) {
    for (key, bytes) in got {
        let other = wanted.get(key);
        verdict.hold(other == Some(bytes), promise, || match other {
            None => format!("{key:?} is not in the replay"),
            Some(_) => format!("{key:?} has other bytes"),
        });
    }
    let missing = wanted.keys().find(|key| !got.contains_key(*key));
    verdict.hold(missing.is_none() || extent == Extent::Prefix, promise, || format!("{missing:?} is missing"));
}

/// The bytes of all records of a topic, by key and index within the key.
fn by_place(dump: &Dump, topic: Topic) -> BTreeMap<(&str, usize), Bytes<'_>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (_, stored) in dump.stored(topic) {
        let count = counts.entry(&stored.key).or_default();
        found.insert((&*stored.key, *count), BTreeSet::from([&*stored.bytes]));
        *count += 1;
    }
    found
}

/// The bytes of all rows and marks, by key, partition and position. Equal repetitions count once.
fn by_position(dump: &Dump) -> BTreeMap<(&str, u32, u64), Bytes<'_>> {
    let mut found: BTreeMap<(&str, u32, u64), Bytes<'_>> = BTreeMap::new();
    for (_, stored, record) in dump.records(Topic::ClinicianMonths) {
        let (partition, position) = match record {
            Record::ClinicianMonth(row) => (row.partition, row.position),
            Record::Mark(mark) => (mark.partition, mark.position),
            _ => continue,
        };
        found.entry((&stored.key, partition, position)).or_default().insert(&stored.bytes);
    }
    found
}

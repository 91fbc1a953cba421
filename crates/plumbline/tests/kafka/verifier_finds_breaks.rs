//! The verifier itself: it accepts a good dump, and names the broken promise of a damaged one. Needs no broker.

use std::sync::OnceLock;

use promises::oracle::{ask, compare};
use promises::played_network::{Network, play};
use promises::simulated_log::StoredEntry;
use promises::simulation::verifier::verdict::Verdict;
use promises::world::deployment as world_deployment;
use scorecard::record::log_record::Record;
use scorecard::time::schedule::Grid;
use stream::deployment::Deployment;
use stream::log::Topic;

use crate::dump::Dump;
use crate::replay_in_memory::Extent;
use crate::{replay_in_memory, subscriber_view};

const WEEKLY: Grid = Grid { period_seconds: 7 * 86_400, offset_seconds: 10_800 };

struct GoodDump {
    dump: Dump,
    deployment: Deployment,
    replayed: Dump,
}

/// A good dump of a small network's log, made once.
fn good() -> &'static GoodDump {
    static GOOD: OnceLock<GoodDump> = OnceLock::new();
    GOOD.get_or_init(|| {
        let population =
            sim::traffic::population::PopulationConfig { seed: 21, practices: 2, clinicians: 12, ..Default::default() };
        let traffic =
            sim::traffic::deliveries::TrafficConfig { seed: 21, months: 2, encounters_per_day: 0.4, ..Default::default() };
        let network = Network::draw(&population, &traffic);
        let mut deployment = world_deployment(2, WEEKLY.at_or_after(network.begins()));
        deployment.schedule.grid = WEEKLY;
        let until = deployment.schedule.first.plus_seconds(15 * 7 * 86_400);
        let played = play(&network, deployment.clone(), 40, until);
        let seen = compare(played.world.revisions(), &ask(&network.registry, &played.sent));
        assert!(seen.values().sum::<usize>() >= 20, "{seen:?}");
        let dump = Dump::of(&played.world.log, deployment.partitions);
        let replayed = replay_in_memory::replay(&dump, &deployment).dump;
        GoodDump { dump, deployment, replayed }
    })
}

/// The promises that a dump breaks.
fn broken_by(dump: &Dump) -> Vec<&'static str> {
    let mut verdict = Verdict::default();
    subscriber_view::judge(dump, &good().deployment.schedule, &mut verdict);
    replay_in_memory::judge(dump, &good().replayed, Extent::All, &mut verdict);
    verdict.all().iter().map(|broken| broken.promise).collect()
}

/// The promises that a good dump breaks after this damage.
fn after(breaking: impl FnOnce(&mut Dump)) -> Vec<&'static str> {
    let mut dump = good().dump.clone();
    breaking(&mut dump);
    broken_by(&dump)
}

/// The first partition of a topic with more than two records.
fn records_of(dump: &mut Dump, topic: Topic) -> &mut Vec<StoredEntry> {
    let mut of_topic = dump.own.range_mut((topic, 0)..=(topic, u32::MAX)).map(|(_, records)| records);
    of_topic.find(|records| records.len() > 2).expect("a partition that holds some records")
}

/// Changes the first record for which `change` returns true.
fn change(records: &mut [StoredEntry], change: impl Fn(&mut Record<'static>) -> bool) {
    for stored in records {
        let mut record = codec::avro::encoding::decode(&stored.bytes).into_owned();
        if change(&mut record) {
            stored.bytes = promises::simulated_log::encoded(&record);
            return;
        }
    }
    panic!("no record accepts this change");
}

fn sees(broken: &[&'static str], promise: &'static str) {
    assert!(broken.contains(&promise), "{promise:?} was broken, and the verifier reported {broken:?}");
}

/// The verifier accepts a good dump.
pub fn a_good_dump_breaks_no_promise() {
    assert_eq!(broken_by(&good().dump), Vec::<&str>::new());
    let dump = &good().dump;
    let (cards, rows) = (dump.stored(Topic::ScorecardRevisions).count(), dump.stored(Topic::ClinicianMonths).count());
    assert!(cards >= 20 && rows >= 100 && dump.runs().len() == 16, "{cards} cards, {rows} rows, {} runs", dump.runs().len());
    let restated = dump.revisions().iter().filter(|card| card.revision > 1).count();
    assert!(restated >= 5, "{restated} later revisions");
}

/// The verifier names each kind of damage.
pub fn every_damage_is_seen() {
    let missing = after(|dump| drop(records_of(dump, Topic::ScorecardRevisions).remove(0)));
    sees(&missing, subscriber_view::GAPLESS);
    sees(&missing, subscriber_view::WHOLE);
    sees(&missing, replay_in_memory::CARDS);
    let twice = after(|dump| {
        let cards = records_of(dump, Topic::ScorecardRevisions);
        cards.push(cards[cards.len() - 1].clone());
    });
    sees(&twice, subscriber_view::GAPLESS);
    sees(&twice, subscriber_view::WHOLE);
    let without_record = after(|dump| drop(records_of(dump, Topic::Runs).pop()));
    sees(&without_record, replay_in_memory::RUNS);
    let without_its_run = after(|dump| {
        let published = dump.runs().iter().rposition(|run| run.revisions > 0).expect("a run that published something");
        records_of(dump, Topic::Runs).remove(published);
    });
    sees(&without_its_run, subscriber_view::WHOLE);
    let run_twice = after(|dump| {
        let runs = records_of(dump, Topic::Runs);
        runs.push(runs[runs.len() - 1].clone());
    });
    sees(&run_twice, subscriber_view::IN_ORDER);
    let stale = after(|dump| {
        let key = dump.revisions().into_iter().find(|card| card.revision == 2).expect("a card with a second revision").key();
        let first = dump.stored(Topic::ScorecardRevisions).find(|(_, stored)| stored.key == key).expect("its first");
        let bytes = first.1.bytes.clone();
        for (_, records) in dump.own.range_mut((Topic::Scorecards, 0)..=(Topic::Scorecards, u32::MAX)) {
            records.iter_mut().filter(|stored| stored.key == key).for_each(|stored| stored.bytes.clone_from(&bytes));
        }
    });
    sees(&stale, subscriber_view::NEWEST);
    let moved = after(|dump| records_of(dump, Topic::ScorecardRevisions)[0].key.push('x'));
    sees(&moved, subscriber_view::PLACED);
    let torn = after(|dump| records_of(dump, Topic::PeerSnapshots)[0].bytes.truncate(20));
    sees(&torn, subscriber_view::OPENS);
    sees(&torn, replay_in_memory::PEERS);
}

/// The verifier finds a single changed value in any record.
pub fn every_flipped_value_is_seen() {
    let value = after(|dump| {
        change(records_of(dump, Topic::ScorecardRevisions), |record| {
            let Record::Scorecard(card) = record else { return false };
            let window = card.content.measures.iter_mut().find(|measure| measure.n > 0);
            window.map(|window| window.n -= 1).is_some()
        });
    });
    sees(&value, subscriber_view::HASHED);
    sees(&value, replay_in_memory::CARDS);
    let cut = after(|dump| {
        change(records_of(dump, Topic::ScorecardRevisions), |record| {
            let Record::Scorecard(card) = record else { return false };
            card.cut = card.cut.plus_seconds(1);
            true
        });
    });
    sees(&cut, subscriber_view::WHOLE);
    let count = after(|dump| {
        change(records_of(dump, Topic::Runs), |record| {
            let Record::Run(run) = record else { return false };
            run.revisions += 1;
            true
        });
    });
    sees(&count, subscriber_view::WHOLE);
    sees(&count, replay_in_memory::RUNS);
    let row = after(|dump| {
        change(records_of(dump, Topic::ClinicianMonths), |record| {
            let Record::ClinicianMonth(row) = record else { return false };
            row.base.facts += 1;
            true
        });
    });
    assert_eq!(row, [replay_in_memory::ROWS], "a row is no card");
    let lost = after(|dump| {
        let rows = records_of(dump, Topic::ClinicianMonths);
        let mark = rows.iter().position(|stored| matches!(codec::avro::encoding::decode(&stored.bytes), Record::Mark(_)));
        rows.remove(mark.expect("a mark"));
    });
    assert_eq!(lost, [replay_in_memory::ROWS], "a mark is no card");
}

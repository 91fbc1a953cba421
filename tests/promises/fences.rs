//! The operator's fence: a forged version at the highest number is not final.

use promises::simulated_log::SimulatedLog;
use promises::world::{World, deployment, encounter, prescription, records, retraction, run_tally, utc};
use scorecard::event::{Action, Event};
use scorecard::record::log_record::Record;
use scorecard::registry::entry::{Entry, EntrySource, EventFence};
use stream::log::Topic;
use stream::tally::tally_task::TallyTask;

const HIGHEST: u64 = 1 << 53;
const CARD: &str = "gmc%7C7000001|A81001|2026-10";

fn fence(id: &str, source: Option<EntrySource>) -> Entry {
    Entry::Fence(EventFence { feed: "a".to_owned(), id: id.to_owned(), source })
}

/// A published item, retracted by a forger at the highest version.
fn forged() -> (World, Event<'static>) {
    let mut world = World::new(deployment(2, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    let genuine = prescription("p", 1, "7000001", day);
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(day, "a", vec![genuine.clone(), prescription("other", 1, "7000001", day)]);
    world.feed(day, "b", vec![genuine.clone()]);
    world.run_until(utc(2026, 11, 5, 3));
    assert_eq!(items(&world), 3);
    world.feed(utc(2026, 11, 5, 9), "a", vec![retraction(&genuine, HIGHEST)]);
    world.run_until(utc(2026, 11, 6, 3));
    assert_eq!(items(&world), 2, "the forged retraction counts");
    (world, genuine)
}

fn items(world: &World) -> i64 {
    world.cards()[CARD].content.exposure[0].items
}

#[test]
fn a_forged_retraction_at_the_highest_version_is_not_final() {
    let (mut world, genuine) = forged();
    world.feed(utc(2026, 11, 6, 9), "a", vec![Event { version: Some(2), ..genuine.clone() }]);
    world.run_until(utc(2026, 11, 7, 3));
    assert_eq!(items(&world), 2, "without a fence no genuine version counts");
    world.register(utc(2026, 11, 7, 9), fence("p", Some(EntrySource::Operator)));
    world.feed(utc(2026, 11, 7, 10), "a", vec![Event { version: Some(3), ..genuine }]);
    world.run_until(utc(2026, 11, 8, 3));
    assert_eq!(items(&world), 3, "feed b's event of the same id and another event of feed a stay");
}

#[test]
fn a_fenced_version_is_void_and_the_same_version_counts_when_it_is_sent_again() {
    let (mut world, genuine) = forged();
    let forged = prescription("p", HIGHEST, "7000009", utc(2026, 10, 5, 9));
    world.register(utc(2026, 11, 6, 9), fence("p", Some(EntrySource::Operator)));
    world.feed(utc(2026, 11, 6, 10), "a", vec![forged]);
    world.register(utc(2026, 11, 6, 11), fence("p", Some(EntrySource::Operator)));
    world.run_until(utc(2026, 11, 7, 3));
    assert_eq!(items(&world), 2);
    assert!(!world.cards().contains_key("gmc%7C7000009|A81001|2026-10"), "the forged record is void");
    world.feed(utc(2026, 11, 7, 9), "a", vec![genuine.clone(), genuine]);
    world.run_until(utc(2026, 11, 8, 3));
    assert_eq!(items(&world), 3);
}

#[test]
fn only_the_operator_can_fence() {
    for author in [None, Some(EntrySource::Feed("a".into())), Some(EntrySource::Trusted("a".into()))] {
        let (mut world, genuine) = forged();
        world.register(utc(2026, 11, 6, 9), fence("p", author.clone()));
        world.feed(utc(2026, 11, 6, 10), "a", vec![Event { version: Some(3), ..genuine }]);
        world.run_until(utc(2026, 11, 7, 3));
        assert_eq!(items(&world), 2, "{author:?}");
    }
}

#[test]
fn every_replay_of_a_log_with_fences_has_the_same_rows_and_marks() {
    let (mut world, genuine) = forged();
    let day = utc(2026, 10, 5, 9);
    let visit = encounter("e", 1, "7000001", day);
    let mut linked = prescription("q", 1, "7000001", day);
    (linked.clinician, linked.link) = (None, Some("e".into()));
    world.feed(utc(2026, 11, 6, 9), "a", vec![visit.clone(), linked]);
    world.register(utc(2026, 11, 6, 10), fence("p", Some(EntrySource::Operator)));
    world.register(utc(2026, 11, 6, 10), fence("e", Some(EntrySource::Operator)));
    world.feed(utc(2026, 11, 6, 11), "a", vec![Event { action: Action::Record, version: Some(1), ..genuine }]);
    world.run_until(utc(2026, 11, 7, 3));
    // The item without a clinician of its own leaves the card with the encounter that names one.
    assert_eq!(items(&world), 3);
    world.feed(utc(2026, 11, 7, 9), "a", vec![visit]);
    world.run_until(utc(2026, 11, 8, 3));
    assert_eq!(items(&world), 4);
    let late = utc(2026, 11, 9, 3);
    let task = |partition| TallyTask::new(&world.deployment, partition, world.log.handle()).expect("a log without faults");
    let mut replays: Vec<TallyTask<SimulatedLog>> = (0..2).map(task).collect();
    world.run_until(late);
    replays.iter_mut().for_each(|replay| run_tally(replay, late).expect("a log without faults"));
    assert_eq!(items(&world), 4);
    let of_cut = |record| match record {
        Record::Mark(mark) if mark.at == late => Some((mark.partition, mark.position, mark.digest, mark.rows)),
        _ => None,
    };
    let marks: Vec<_> = records(&world.log, Topic::ClinicianMonths, 0).into_iter().filter_map(of_cut).collect();
    assert_eq!(marks.len(), 4, "the task that never stopped and the replay write one for each partition");
    let (live, replayed) = marks.split_at(2);
    assert_eq!(live, replayed);
}

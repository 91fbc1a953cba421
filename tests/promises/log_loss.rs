//! A log that lost records overwrites no card: every task stops and says which offsets are gone.

use promises::simulated_log::{SimulatedLog, StoredEntry};
use promises::world::{World, deployment, encounter, records, revisions, run_tally, runs, utc};
use scorecard::record::log_record::{Genesis, Mark, Record};
use stream::deployment::{FORMAT, GenesisError, settle_genesis};
use stream::log::{LogError, Topic};
use stream::log_loss::{LogLoss, Reliance};
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::TallyTask;

/// A world with provisional cards of October 2026, and one late event in the log after the last cut.
fn published() -> World {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    for n in 0..6 {
        let day = utc(2026, 10, 2 + n, 9);
        world.feed(day, "a", vec![encounter(&format!("e{n}"), 1, "7000001", day)]);
    }
    world.run_until(utc(2026, 11, 6, 3));
    assert_eq!(revisions(&world.log).len(), 1);
    world.feed(utc(2026, 11, 6, 9), "a", vec![encounter("late", 1, "7000001", utc(2026, 10, 20, 9))]);
    world
}

/// The loss that a new publisher reports.
fn lost_to_publish(world: &World) -> LogLoss {
    match PublishTask::new(&world.deployment, world.log.handle()).map(drop) {
        Err(LogError::Loss(loss)) => loss,
        other => panic!("{other:?} is no loss"),
    }
}

/// The loss that a new tally reports.
fn lost_to_tally(world: &World) -> LogLoss {
    match TallyTask::new(&world.deployment, 0, world.log.handle()).map(drop) {
        Err(LogError::Loss(loss)) => loss,
        other => panic!("{other:?} is no loss"),
    }
}

/// Replaces `events` by its records at these places, with new offsets from 0 on.
fn create_again(log: &SimulatedLog, keep: impl Fn(usize) -> bool) {
    let kept = log.stored(Topic::Events, 0).into_iter().enumerate().filter(|(at, _)| keep(*at));
    let kept = kept.zip(0..).map(|((_, stored), offset)| StoredEntry { offset, ..stored }).collect();
    log.put(Topic::Events, 0, kept);
}

/// The offset of the tick that the last run has read.
fn last_position(world: &World) -> u64 {
    runs(&world.log).last().expect("a run").positions[0]
}

#[test]
fn events_that_lost_their_end_stop_running_tasks_and_new_ones() {
    let mut world = published();
    let (position, at) = (last_position(&world), runs(&world.log).last().expect("a run").at);
    let cards = revisions(&world.log);
    create_again(&world.log, |offset| (offset as u64) < position);
    let lost = |reliance| LogLoss::End { topic: "events", partition: 0, end: position, position, reliance };
    assert_eq!(lost_to_publish(&world), lost(Reliance::Run(at)));
    assert_eq!(lost_to_tally(&world), lost(Reliance::Mark(at)));
    assert!(matches!(world.publisher.check(), Err(LogError::Loss(loss)) if loss == lost(Reliance::Run(at))));
    // The tally had not read the late event: it had read the tick of the last cut.
    assert!(matches!(world.tallies[0].check(), Err(LogError::Loss(loss)) if loss == lost(Reliance::Task)));
    // A tick that is due is not written into the log.
    assert!(matches!(run_tally(&mut world.tallies[0], utc(2026, 11, 9, 3)), Err(LogError::Loss(_))));
    assert_eq!(world.log.stored(Topic::Events, 0).len() as u64, position);
    assert_eq!(revisions(&world.log), cards);
}

#[test]
fn events_that_were_deleted_and_filled_beyond_their_end_stop_the_next_cut() {
    let mut world = published();
    let (position, at, before) = (last_position(&world), utc(2026, 11, 6, 3), runs(&world.log).len());
    // Without one event every later record moves to the offset before its own.
    create_again(&world.log, |offset| offset != 1);
    for n in 0..5 {
        world.feed(utc(2026, 11, 6, 10), "a", vec![encounter(&format!("more{n}"), 1, "7000001", utc(2026, 11, 5, 9))]);
    }
    let replaced = |reliance| LogLoss::Replaced { topic: "events", partition: 0, position, at, reliance };
    assert_eq!(lost_to_publish(&world), replaced(Reliance::Run(at)));
    assert_eq!(lost_to_tally(&world), replaced(Reliance::Mark(at)));
    let checks = [world.publisher.check(), world.publisher.check()];
    let is_replaced =
        |check: &Result<(), LogError>| matches!(check, Err(LogError::Loss(loss)) if *loss == replaced(Reliance::Run(at)));
    assert!(checks.iter().any(is_replaced), "{checks:?}: each check reads the tick of another partition");
    // A running tally that has not checked the log yet writes a mark, and the running publisher refuses it.
    world.log.set_now(utc(2026, 11, 7, 3));
    let _ = run_tally(&mut world.tallies[0], utc(2026, 11, 7, 3));
    assert!(matches!(world.publisher.step(), Err(LogError::Loss(loss)) if loss == replaced(Reliance::Run(at))));
    assert_eq!(runs(&world.log).len(), before, "no run is added, not even a skipped one");
}

#[test]
fn a_mark_beyond_the_end_stops_a_new_tally_although_no_run_has_read_it() {
    let mut world = published();
    let before = last_position(&world);
    world.tally_until(utc(2026, 11, 9, 3));
    let marks = records(&world.log, Topic::ClinicianMonths, 0).into_iter();
    let last: Mark =
        marks.filter_map(|record| if let Record::Mark(mark) = record { Some(mark) } else { None }).last().expect("a mark");
    assert!(last.position > before);
    create_again(&world.log, |offset| (offset as u64) <= before);
    let (end, position) = (before + 1, last.position);
    let expected = LogLoss::End { topic: "events", partition: 0, end, position, reliance: Reliance::Mark(last.at) };
    assert_eq!(lost_to_tally(&world), expected);
}

#[test]
fn a_lost_beginning_is_no_loss_of_the_end() {
    let world = published();
    world.log.tamper(Topic::Events, 0, |stored| drop(stored.drain(..4)));
    PublishTask::new(&world.deployment, world.log.handle()).expect("rule 9 says what it may publish");
    let tally = TallyTask::new(&world.deployment, 0, world.log.handle()).expect("rule 9 says what it may write");
    assert_eq!(tally.whole_from(), None, "nothing is read yet");
}

#[test]
fn a_registry_without_the_tick_of_the_last_run_stops_publication() {
    let world = published();
    let run = runs(&world.log).pop().expect("a run");
    let kept: Vec<StoredEntry> = world.log.stored(Topic::Registry, 0).into_iter().take(3).collect();
    world.log.put(Topic::Registry, 0, kept);
    let (end, position, reliance) = (3, run.registry_position, Reliance::Run(run.at));
    assert_eq!(lost_to_publish(&world), LogLoss::End { topic: "registry", partition: 0, end, position, reliance });
}

#[test]
fn lost_runs_and_lost_cards_stop_publication() {
    let world = published();
    let (all, at) = (world.log.stored(Topic::Runs, 0), utc(2026, 11, 4, 3));
    // October has provisional cards from 4 November on: 3 days after its end.
    assert_eq!(revisions(&world.log)[0].cut, at);
    let before = |runs: &[StoredEntry]| runs[..runs.len() - 3].to_vec();
    world.log.put(Topic::Runs, 0, before(&all));
    assert_eq!(lost_to_publish(&world), LogLoss::Runs { card: at, last: Some(utc(2026, 11, 3, 3)) });
    world.log.put(Topic::Runs, 0, Vec::new());
    assert_eq!(lost_to_publish(&world), LogLoss::Runs { card: at, last: None });
    world.log.put(Topic::Runs, 0, all);
    for partition in 0..6 {
        world.log.put(Topic::Scorecards, partition, Vec::new());
    }
    let month = "2026-10".parse().expect("a month");
    assert_eq!(lost_to_publish(&world), LogLoss::Cards { month, found: 0, counted: 1 });
}

#[test]
fn rows_and_marks_that_are_gone_are_written_again_by_new_tasks_and_change_no_card() {
    let mut world = published();
    let cards = revisions(&world.log);
    world.tallies[0].check().expect("the log is whole");
    world.log.put(Topic::ClinicianMonths, 0, Vec::new());
    assert!(matches!(world.publisher.step(), Err(LogError::Loss(LogLoss::End { topic: "clinician-months", .. }))));
    assert!(matches!(world.tallies[0].check(), Err(LogError::Loss(LogLoss::End { topic: "clinician-months", .. }))));
    world.restart_tally(0);
    world.restart_publisher();
    world.run_until(utc(2026, 11, 8, 3));
    let after = revisions(&world.log);
    assert_eq!(after[..1], cards[..]);
    assert_eq!(after.len(), 2, "the late event restates the card, and nothing else does");
}

#[test]
fn an_empty_registry_gets_no_genesis_record_where_another_topic_holds_records() {
    let genesis = Genesis {
        format: FORMAT,
        partitions: 1,
        zone: "Europe/London".to_owned(),
        grid_period_seconds: 86_400,
        grid_offset_seconds: 10_800,
        first: utc(2026, 10, 1, 3),
        permanent_key: "k".to_owned(),
        patient_keys: Vec::new(),
    };
    let world = published();
    let end = world.log.stored(Topic::Events, 0).len() as u64;
    let (all, only_cards) = (world.log.copy(), world.log.copy_of(&[Topic::Scorecards]));
    all.put(Topic::Registry, 0, Vec::new());
    for (mut log, topic, end) in [(all, "events", Some(end)), (only_cards, "scorecards", None)] {
        match settle_genesis(&mut log, &genesis) {
            Err(GenesisError::Log(LogError::Loss(LogLoss::Genesis { topic: found, end: found_end, .. }))) => {
                assert_eq!((found, end.unwrap_or(found_end)), (topic, found_end));
            }
            other => panic!("{other:?}"),
        }
        assert!(log.stored(Topic::Registry, 0).is_empty(), "nothing is written");
    }
    assert_eq!(settle_genesis(&mut SimulatedLog::new(), &genesis).expect("an empty log"), genesis);
}

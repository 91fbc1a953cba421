//! The numbered rules of the protocol, each on a log with scripted faults. `docs/internals/protocol.md` has the rules by these numbers.

use std::collections::BTreeMap;

use promises::simulated_log::{Fault, SimulatedLog};
use promises::world::{
    World, deployment, encounter, measure_files, measures, month, prescription, records, retraction, revisions, runs, utc,
};
use scorecard::card::scorecard::{Cause, Status};
use scorecard::event::Event;
use scorecard::record::log_record::{Mark, Outcome, Record, Tick};
use scorecard::sums::measure_sums::Base;
use stream::deployment::Deployment;
use stream::log::{Log, LogError, Topic};
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::TallyTask;

/// A world in October 2026 with a few events of two clinicians.
fn october() -> World {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    for n in 0..12 {
        let day = utc(2026, 10, 2 + n, 9);
        let clinician = if n % 3 == 0 { "7000002" } else { "7000001" };
        let id = |kind: &str| format!("{kind}{n}");
        world.feed(day, "a", vec![encounter(&id("e"), 1, clinician, day), prescription(&id("p"), 1, clinician, day)]);
        world.run_until(utc(2026, 10, 2 + n, 3));
    }
    world
}

/// Every published card as JSON, for comparison byte by byte.
fn bytes(log: &SimulatedLog) -> Vec<String> {
    revisions(log).iter().map(|card| serde_json::to_string(card).expect("a card can be written")).collect()
}

/// The cards that a new publisher makes from a copy of a world's log, as JSON.
fn published_from(world: &World) -> Vec<String> {
    let mut copy = World::on(world.deployment.clone(), world.log.copy());
    copy.publish();
    bytes(&copy.log)
}

/// The deployment of a world without the measure `generic_rate`.
fn without_generic_rate(world: &World) -> Deployment {
    let mut files = measure_files();
    files.retain(|(name, _)| name != "generic_rate.toml");
    Deployment { measures: measures(&files), ..world.deployment.clone() }
}

/// A late prescription for October by the first clinician.
fn late(id: &str) -> Vec<Event<'static>> {
    vec![prescription(id, 1, "7000001", utc(2026, 10, 30, 9))]
}

fn marks(log: &SimulatedLog) -> Vec<Mark> {
    let mark = |record| match record {
        Record::Mark(mark) => Some(mark),
        _ => None,
    };
    records(log, Topic::ClinicianMonths, 0).into_iter().filter_map(mark).collect()
}

#[test]
fn rule_1_a_cut_reads_rows_at_its_own_tick_even_when_tally_is_far_ahead() {
    let end = utc(2026, 12, 20, 3);
    let mut in_step = october();
    in_step.run_until(utc(2026, 11, 5, 3));
    in_step.feed(utc(2026, 11, 5, 12), "a", late("late"));
    in_step.run_until(utc(2026, 11, 7, 3));
    in_step.feed(utc(2026, 11, 7, 12), "a", late("later"));
    in_step.run_until(end);

    let mut ahead = october();
    ahead.tally_until(utc(2026, 11, 5, 3));
    ahead.feed(utc(2026, 11, 5, 12), "a", late("late"));
    ahead.tally_until(utc(2026, 11, 7, 3));
    ahead.feed(utc(2026, 11, 7, 12), "a", late("later"));
    ahead.tally_until(end);
    ahead.publish();

    assert_eq!(bytes(&ahead.log), bytes(&in_step.log));
    let of_one = revisions(&ahead.log).into_iter().filter(|c| c.content.subject.clinician == "gmc|7000001");
    let items: Vec<i64> = of_one.map(|card| card.content.exposure[0].items).collect();
    assert_eq!(items, [8, 9, 10, 10], "provisional, two late items, final");
}

#[test]
fn rule_2_deleted_or_damaged_rows_and_marks_of_open_months_change_no_card() {
    let mut whole = october();
    whole.tally_until(utc(2026, 12, 20, 3));
    let expected = published_from(&whole);
    assert_eq!(expected.len(), 4, "two clinicians, provisional and final");
    let count = whole.log.stored(Topic::ClinicianMonths, 0).len();
    let last_mark = marks(&whole.log).len();
    assert!(last_mark > 70 && count > last_mark + 10, "{count} records, {last_mark} marks");
    let mut refolded = 0;
    for at in 0..count - 1 {
        for damage in 0..3 {
            let log = whole.log.copy();
            log.tamper(Topic::ClinicianMonths, 0, |stored| match damage {
                0 => drop(stored.remove(at)),
                1 => {
                    let middle = stored[at].bytes.len() / 2;
                    stored[at].bytes[middle] ^= 1;
                }
                _ => stored[at].bytes.truncate(7),
            });
            let mut world = World::on(whole.deployment.clone(), log);
            world.publish();
            assert_eq!(bytes(&world.log), expected, "record {at}, damage {damage}");
            refolded += world.publisher.refolds();
        }
    }
    assert!(refolded > 0, "publish folded no partition itself");
}

#[test]
fn rule_2_every_row_deleted_changes_no_card() {
    let mut world = october();
    world.tally_until(utc(2026, 12, 20, 3));
    let expected = published_from(&world);
    let log = world.log.copy();
    log.tamper(Topic::ClinicianMonths, 0, |stored| {
        stored.retain(|one| matches!(codec::avro::encoding::decode(&one.bytes), Record::Mark(_)));
    });
    let mut bare = World::on(world.deployment.clone(), log);
    bare.publish();
    assert_eq!(bytes(&bare.log), expected);
    assert!(bare.publisher.refolds() > 0);
}

#[test]
fn rule_3_cuts_are_published_in_order_without_a_gap() {
    let mut world = october();
    world.tally_until(utc(2026, 12, 20, 3));
    world.publish();
    let cuts: Vec<_> = runs(&world.log).into_iter().map(|run| run.at).collect();
    let first = utc(2026, 10, 1, 3);
    let expected: Vec<_> = (0..cuts.len() as i64).map(|n| first.plus_seconds(n * 86_400)).collect();
    assert_eq!(cuts, expected);
    assert_eq!(*cuts.last().unwrap(), utc(2026, 12, 20, 3));
}

#[test]
fn rule_4_an_amendment_into_a_sealed_month_removes_the_event_from_its_open_month() {
    let mut world = october();
    let day = utc(2026, 11, 20, 9);
    world.feed(day, "a", vec![prescription("moved", 1, "7000001", day)]);
    // October 2026 is sealed at the first cut from 2027-12-01 on, November a month later.
    world.run_until(utc(2027, 12, 2, 3));
    let before = world.cards()["gmc%7C7000001|A81001|2026-11"].clone();
    assert_eq!(before.content.exposure[0].items, 1);
    world.feed(utc(2027, 12, 2, 9), "a", vec![prescription("moved", 2, "7000001", utc(2026, 10, 20, 9))]);
    let october_before = world.cards()["gmc%7C7000001|A81001|2026-10"].clone();
    world.run_until(utc(2027, 12, 4, 3));
    let after = world.cards();
    assert_eq!(after["gmc%7C7000001|A81001|2026-11"].content.status, Status::Withdrawn);
    assert_eq!(after["gmc%7C7000001|A81001|2026-10"], october_before, "the sealed card stays as history");
    assert_eq!(world.tallies[0].outcomes().sealed, 1);
    assert_eq!(world.tallies[0].outcomes().accepted, 25);
}

#[test]
fn rule_5_a_new_measure_set_writes_every_open_row_at_the_next_tick() {
    let mut world = october();
    world.run_until(utc(2026, 12, 20, 3));
    let rows_before = row_count(&world.log);
    let mut world = World::on(without_generic_rate(&world), world.log);
    world.run_until(utc(2026, 12, 21, 3));
    assert_eq!(row_count(&world.log) - rows_before, 2, "both open rows are written under the new set");
    let cards = world.cards();
    let card = &cards["gmc%7C7000001|A81001|2026-10"];
    assert_eq!(card.reasons.iter().map(|r| r.cause).collect::<Vec<_>>(), [Cause::DefinitionChange]);
    assert_eq!(card.revision, 3);
    assert!(card.content.measures.iter().all(|m| &*m.id != "generic_rate"));
    assert_eq!(world.publisher.refolds(), 0, "the rows of the new set suffice");
}

fn row_count(log: &SimulatedLog) -> usize {
    records(log, Topic::ClinicianMonths, 0).iter().filter(|r| matches!(r, Record::ClinicianMonth(_))).count()
}

#[test]
fn rule_5_publish_folds_the_log_where_tally_has_another_measure_set() {
    let mut world = october();
    world.tally_until(utc(2026, 12, 20, 3));
    let expected = published_from(&world);
    let events = world.log.copy_of(&[Topic::Events, Topic::Registry]);
    let mut old = World::on(without_generic_rate(&world), events);
    old.tally_until(utc(2026, 12, 20, 3));
    let mut world = World::on(world.deployment.clone(), old.log);
    world.publish();
    assert_eq!(bytes(&world.log), expected);
    assert_eq!(world.publisher.refolds(), runs(&world.log).len() as u64);
}

#[test]
fn rule_6_a_fact_stays_in_memory_until_its_months_and_its_arrival_are_sealed() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    let event = prescription("p", 1, "7000001", day);
    // The retraction arrives in March 2027. Its fact must outlive October, or a late first version would restore the event.
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(day, "a", vec![event.clone()]);
    world.run_until(utc(2027, 3, 10, 3));
    world.feed(utc(2027, 3, 10, 9), "a", vec![retraction(&event, 2)]);
    world.run_until(utc(2028, 4, 30, 3));
    assert_eq!(world.tallies[0].facts(), 1, "March 2027 is still open");
    world.feed(utc(2028, 4, 30, 9), "a", vec![event]);
    world.run_until(utc(2028, 5, 1, 3));
    assert_eq!(world.tallies[0].outcomes().stale, 1);
    assert_eq!(world.tallies[0].facts(), 0, "March 2027 is sealed, so nothing can change the fact");
}

#[test]
fn rule_7_a_tick_counts_only_if_it_is_later_than_the_last_one() {
    let mut world = october();
    let now = utc(2026, 11, 5, 3);
    world.run_until(now);
    let before = (marks(&world.log).len(), runs(&world.log).len());
    let mut log = world.log.handle();
    for at in [utc(2026, 11, 5, 3), utc(2026, 10, 20, 3)] {
        log.append(Topic::Events, 0, "tick", &Record::Tick(Tick { at })).unwrap();
    }
    log.flush().unwrap();
    world.tally_until(now);
    world.publish();
    assert_eq!((marks(&world.log).len(), runs(&world.log).len()), before);
}

#[test]
fn rule_8_a_row_of_zeros_is_no_row() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    let event = prescription("p", 1, "7000001", day);
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(day, "a", vec![event.clone()]);
    world.run_until(utc(2026, 10, 20, 3));
    world.feed(utc(2026, 10, 20, 9), "a", vec![retraction(&event, 2)]);
    world.run_until(utc(2026, 12, 20, 3));
    assert!(world.cards().is_empty(), "an event that is retracted before the first publication leaves no card");

    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(day, "a", vec![event.clone()]);
    world.run_until(utc(2026, 11, 20, 3));
    world.feed(utc(2026, 11, 20, 9), "a", vec![retraction(&event, 2)]);
    world.run_until(utc(2026, 12, 20, 3));
    let cards = world.revisions();
    let seen: Vec<(u32, Status)> = cards.iter().map(|c| (c.revision, c.content.status)).collect();
    assert_eq!(seen, [(1, Status::Provisional), (2, Status::Withdrawn)]);
    assert_eq!(cards[1].reasons.iter().map(|r| (r.cause, r.events)).collect::<Vec<_>>(), [(Cause::Retracted, 1)]);
    assert!(cards[1].content.measures.is_empty() && cards[1].content.exposure.is_empty());
}

#[test]
fn rule_9_months_whose_events_are_partly_deleted_keep_their_cards() {
    let mut world = october();
    world.run_until(utc(2026, 12, 20, 3));
    let before = world.cards();
    let rows = row_count(&world.log);
    // Retention deletes everything before 2 November, so no event of October is left.
    world.log.tamper(Topic::Events, 0, |stored| stored.retain(|one| one.appended >= utc(2026, 11, 2, 0)));
    world.restart_tally(0);
    world.restart_publisher();
    let late = prescription("late", 1, "7000001", utc(2026, 10, 20, 9));
    let (december, january) = (utc(2026, 12, 20, 9), utc(2027, 1, 5, 9));
    world.feed(december, "a", vec![late, prescription("linked", 1, "7000001", december)]);
    world.run_until(utc(2027, 1, 5, 3));
    world.feed(january, "a", vec![prescription("new", 1, "7000001", january)]);
    world.run_until(utc(2027, 2, 10, 3));
    let after = world.cards();
    for (key, card) in &before {
        assert_eq!(&after[key], card, "a partial month is never written again");
    }
    assert_eq!(after["gmc%7C7000001|A81001|2027-01"].content.exposure[0].items, 1);
    assert_eq!(
        row_count(&world.log) - rows,
        1,
        "only January's row is written: a link of December may reach into the deleted part"
    );
}

#[test]
fn rule_10_a_tick_from_the_future_does_not_count() {
    let mut world = october();
    let now = utc(2026, 11, 5, 3);
    world.run_until(now);
    let before = marks(&world.log).len();
    let mut log = world.log.handle();
    log.append(Topic::Events, 0, "tick", &Record::Tick(Tick { at: utc(2026, 11, 9, 3) })).unwrap();
    log.flush().unwrap();
    world.tally_until(now);
    assert_eq!(marks(&world.log).len(), before, "a clock that is ahead closes no cut");
    world.run_until(utc(2026, 11, 9, 3));
    let cuts: Vec<_> = marks(&world.log)[before..].iter().map(|mark| mark.at).collect();
    assert_eq!(cuts, [utc(2026, 11, 6, 3), utc(2026, 11, 7, 3), utc(2026, 11, 8, 3), utc(2026, 11, 9, 3)]);
}

#[test]
fn an_early_tick_of_another_instance_does_not_block_a_restarted_tally() {
    let mut world = october();
    world.run_until(utc(2026, 11, 5, 3));
    let mut log = world.log.handle();
    log.append(Topic::Events, 0, "tick", &Record::Tick(Tick { at: utc(2026, 11, 9, 3) })).unwrap();
    log.flush().unwrap();
    world.run_until(utc(2026, 11, 8, 3));
    world.restart_tally(0);
    world.run_until(utc(2026, 11, 11, 3));
    let last: Vec<_> = marks(&world.log).iter().rev().take(3).map(|mark| mark.at).collect();
    assert_eq!(last, [utc(2026, 11, 11, 3), utc(2026, 11, 10, 3), utc(2026, 11, 9, 3)]);
}

#[test]
fn rule_11_a_publisher_fences_before_it_reads_back() {
    let mut world = october();
    world.run_until(utc(2026, 11, 3, 3));
    world.tally_until(utc(2026, 11, 10, 3));
    let mut second = PublishTask::new(&world.deployment, world.log.handle()).unwrap();
    assert!(matches!(world.publisher.step(), Err(LogError::Fenced)), "the first publisher is fenced before it can publish");
    while second.step().unwrap().is_some() {}
    let cards = revisions(&world.log);
    assert_eq!(cards.len(), 2);
    assert!(cards.iter().all(|card| card.revision == 1));
}

#[test]
fn a_transaction_of_unknown_outcome_is_published_once() {
    for fault in [Fault::TransactionRefused, Fault::TransactionUnknown] {
        let mut world = october();
        world.run_until(utc(2026, 11, 3, 3));
        world.tally_until(utc(2026, 11, 10, 3));
        world.log.script(fault);
        assert!(world.publisher.step().is_err());
        assert_eq!(world.log.faults_left(), 0);
        world.restart_publisher();
        world.run_until(utc(2026, 12, 20, 3));
        let cuts: Vec<_> = runs(&world.log).into_iter().map(|run| run.at).collect();
        let mut once = cuts.clone();
        once.dedup();
        assert_eq!(cuts, once);
        let revisions: Vec<u32> = world.revisions().iter().map(|card| card.revision).collect();
        assert_eq!(revisions, [1, 1, 2, 2], "{fault:?}");
    }
}

#[test]
fn a_tally_that_fails_anywhere_and_restarts_changes_no_card() {
    let end = utc(2026, 12, 20, 3);
    let mut calm = october();
    calm.run_until(end);
    let expected = bytes(&calm.log);
    for fault in [Fault::AppendRefused, Fault::AppendUnknown, Fault::FlushLost] {
        for day in 0..12 {
            let mut world = october();
            world.run_until(utc(2026, 11, 1 + day, 3));
            world.log.set_now(utc(2026, 11, 2 + day, 3));
            world.log.script(fault);
            let failed = promises::world::run_tally(&mut world.tallies[0], utc(2026, 11, 2 + day, 3));
            assert!(failed.is_err(), "{fault:?} on day {day} did not bite");
            world.restart_tally(0);
            world.run_until(end);
            assert_eq!(bytes(&world.log), expected, "{fault:?} on day {day}");
        }
    }
}

#[test]
fn a_restarted_tally_writes_nothing_up_to_its_last_mark() {
    let mut world = october();
    world.run_until(utc(2026, 11, 10, 3));
    let before = world.log.stored(Topic::ClinicianMonths, 0).len();
    let mut again = TallyTask::new(&world.deployment, 0, world.log.handle()).unwrap();
    promises::world::run_tally(&mut again, utc(2026, 11, 10, 3)).unwrap();
    assert_eq!(world.log.stored(Topic::ClinicianMonths, 0).len(), before);
}

#[test]
fn a_restarted_publisher_publishes_nothing_twice() {
    let end = utc(2027, 12, 20, 3);
    let mut calm = october();
    calm.run_until(end);
    let mut restless = october();
    let mut at = utc(2026, 10, 14, 3);
    while at <= end {
        restless.run_until(at);
        restless.restart_publisher();
        at = at.plus_seconds(9 * 86_400);
    }
    restless.run_until(end);
    assert_eq!(bytes(&restless.log), bytes(&calm.log));
}

#[test]
fn compaction_makes_no_row_look_changed_to_a_restarted_publisher() {
    let first = utc(2026, 10, 1, 3);
    let mut world = World::new(deployment(1, first));
    let items = |month: i8| {
        let prescribed = move |n: i8| prescription(&format!("{month}-{n}"), 1, "7000001", utc(2026, month, 1 + n, 9));
        (0..20).map(prescribed).collect::<Vec<_>>()
    };
    world.feed(first, "a", [items(8), items(9)].concat());
    world.run_until(utc(2026, 10, 10, 3));
    // August changes at the next cut and September at the one after. September's windows reach back to August, but their groups
    // are published only with September's cards.
    world.feed(utc(2026, 10, 10, 9), "a", vec![prescription("august", 1, "7000001", utc(2026, 8, 25, 9))]);
    world.tally_until(utc(2026, 10, 11, 3));
    world.feed(utc(2026, 10, 11, 9), "a", vec![prescription("september", 1, "7000001", utc(2026, 9, 25, 9))]);
    world.tally_until(utc(2026, 10, 12, 3));
    let mut restarted = World::on(world.deployment.clone(), world.log.copy());
    restarted.log.tamper(Topic::ClinicianMonths, 0, |stored| {
        let newest: BTreeMap<String, u64> = stored.iter().map(|one| (one.key.clone(), one.offset)).collect();
        stored.retain(|one| newest[&one.key] == one.offset);
    });
    restarted.restart_publisher();
    assert_eq!(restarted.publish().len(), 2);
    assert_eq!(world.publish().len(), 2);
    let groups = |world: &World| records(&world.log, Topic::PeerSnapshots, 0);
    assert!(groups(&world).len() > 2, "there are groups to compare");
    assert_eq!(groups(&restarted), groups(&world));
    assert_eq!(bytes(&restarted.log), bytes(&world.log));
}

#[test]
fn a_cut_whose_events_are_deleted_is_skipped_with_the_reason() {
    let mut world = october();
    world.tally_until(utc(2026, 11, 10, 3));
    // Rows, marks and the log's beginning are deleted, so nothing can restore October.
    world.log.tamper(Topic::ClinicianMonths, 0, |stored| {
        let last = stored.pop();
        stored.clear();
        stored.extend(last);
    });
    world.log.tamper(Topic::Events, 0, |stored| stored.retain(|one| one.appended >= utc(2026, 10, 5, 0)));
    world.restart_publisher();
    world.publish();
    let outcomes: Vec<Outcome> = runs(&world.log).into_iter().map(|run| run.outcome).collect();
    assert!(matches!(&outcomes[20], Outcome::Skipped(why) if why.contains("from 2026-12 on")), "{:?}", outcomes[20]);
    assert!(world.cards().is_empty());
}

#[test]
fn a_row_has_the_sums_of_its_events() {
    let mut world = october();
    world.tally_until(utc(2026, 11, 10, 3));
    let rows = records(&world.log, Topic::ClinicianMonths, 0);
    let last = rows.iter().rev().find_map(|record| match record {
        Record::ClinicianMonth(row) if &*row.key.clinician == "gmc|7000001" => Some(row),
        _ => None,
    });
    let base = Base { facts: 16, encounters: 8, minutes: 80, items: 8, items_without_adq: 8, recorded: 16, ..Base::default() };
    let row = last.expect("the clinician has a row");
    assert_eq!((row.base, row.key.month), (base, month("2026-10")));
}

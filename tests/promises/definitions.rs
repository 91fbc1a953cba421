//! A drug that an event names by a reference counts once its definition is in the log, in any order and from any intake.

use std::sync::Arc;

use promises::world::{World, deployment, prescription, records, utc};
use scorecard::event::{CodeDefinition, Codes, Detail, Event};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use stream::intake::intake_task::Intake;
use stream::log::Topic;

const AMOXICILLIN: &str = "bnf|0501013B0AAABAB";

/// An item whose drug is the resource `Medication/1` of its feed.
fn referring(id: &str, at: Timestamp) -> Event<'static> {
    let mut event = prescription(id, 1, "7012345", at);
    if let Detail::Prescription(Some(item)) = &mut event.detail {
        item.drug = Codes::default();
        item.reference = Some("Medication/1".into());
    }
    event
}

fn medication(version: u64, code: &'static str) -> CodeDefinition<'static> {
    CodeDefinition { reference: "Medication/1".into(), version, codes: Codes::one(code) }
}

fn define(world: &mut World, at: Timestamp, feed: &str, definition: CodeDefinition<'static>) {
    world.log.set_now(at);
    let mut log = world.log.handle();
    world.intake.take(&mut log, Item::Definition(Arc::new(Feed::undeclared(feed)), definition)).expect("a log without faults");
    world.intake.flush(&mut log).expect("a log without faults");
}

/// Numerator of a measure on the newest card of October.
fn antibiotics(world: &World) -> i64 {
    let cards = world.cards();
    let card = cards.values().next().expect("a card");
    let measure = card.content.measures.iter().find(|measure| &*measure.id == "antibiotics_per_1000");
    measure.map_or(0, |measure| *measure.months_n.last().expect("24 months"))
}

fn october(day: i8) -> Timestamp {
    utc(2026, 10, day, 9)
}

#[test]
fn a_definition_that_comes_later_repairs_the_cards_of_its_events() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    world.feed(october(5), "surgery", vec![referring("rx-1", october(5)), referring("rx-2", october(5))]);
    world.run_until(utc(2026, 11, 4, 3));
    assert_eq!(antibiotics(&world), 0);
    define(&mut world, utc(2026, 11, 4, 9), "elsewhere", medication(1, AMOXICILLIN));
    world.run_until(utc(2026, 11, 5, 3));
    assert_eq!(antibiotics(&world), 0, "a reference belongs to its own feed");
    define(&mut world, utc(2026, 11, 5, 9), "surgery", medication(1, AMOXICILLIN));
    world.run_until(utc(2026, 11, 6, 3));
    assert_eq!(antibiotics(&world), 2);
    define(&mut world, utc(2026, 11, 6, 9), "surgery", medication(2, "bnf|0101010B0AAAAAA"));
    world.run_until(utc(2026, 11, 7, 3));
    assert_eq!(antibiotics(&world), 0, "the newest version of a definition counts for all events");
}

/// The definitions in each batch of `events`.
fn definitions(world: &World) -> Vec<Vec<u64>> {
    let batch = |record| match record {
        Record::Batch(batch) => Some(batch.definitions.iter().map(|definition| definition.version).collect()),
        _ => None,
    };
    records(&world.log, Topic::Events, 0).into_iter().filter_map(batch).collect()
}

#[test]
fn a_batch_repeats_the_definitions_that_its_events_need_whoever_learned_them() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    define(&mut world, october(1), "surgery", medication(1, AMOXICILLIN));
    let mut other = Intake::new(1, 500);
    let mut log = world.log.handle();
    let take = |intake: &mut Intake, log: &mut _, id: &'static str| {
        let feed = Arc::new(Feed::undeclared("surgery"));
        let item = Item::Event(feed, referring(id, october(5)));
        intake.take(log, item).and_then(|()| intake.flush(log)).expect("a log without faults");
    };
    take(&mut other, &mut log, "rx-1");
    define(&mut world, october(6), "surgery", medication(2, AMOXICILLIN));
    take(&mut other, &mut log, "rx-2");
    world.feed(october(7), "surgery", vec![prescription("rx-3", 1, "7012345", october(7))]);
    assert_eq!(definitions(&world), [vec![1], vec![1], vec![2], vec![2], vec![]]);
}

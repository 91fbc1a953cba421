//! The registry in the pipeline: practices behind references, withdrawals from a day on, rules of feeds, and details of persons.

use std::sync::Arc;

use promises::simulated_log::SimulatedLog;
use promises::world::{World, deployment, encounter, prescription, records, utc};
use scorecard::card::scorecard::{Cause, Scorecard, Status};
use scorecard::event::{Event, IdScope, Versioning};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Record;
use scorecard::registry::entry::{Entry, EntrySource, FeedRule, Organisation, Person, Withdrawal};
use scorecard::registry::person_details::PersonDetails;
use scorecard::time::calendar::Timestamp;
use stream::feed_rules::FeedRules;
use stream::intake::intake_task::Intake;
use stream::log::{Log, LogError, Topic};
use stream::people::People;

fn at_practice(event: Event<'static>, practice: &str) -> Event<'static> {
    Event { practice: Some(practice.to_owned().into()), ..event }
}

fn shown(card: &Scorecard) -> (&str, &str, Status, i64) {
    let subject = &card.content.subject;
    let items = card.content.exposure.first().map_or(0, |exposure| exposure.items);
    (&subject.clinician, &subject.practice, card.content.status, items)
}

#[test]
fn two_references_and_two_spellings_of_one_practice_give_one_card() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    for practice in ["A81001", "a|Organization/1", "a|PractitionerRole/r1"] {
        world.employ(utc(2026, 10, 1, 2), "gmc|7000001", practice, "gp");
    }
    world.run_until(utc(2026, 10, 5, 3));
    let places = ["A81001", "a81001 ", "a|Organization/1", "a|PractitionerRole/r1"];
    let events = places.iter().map(|place| at_practice(prescription(place, 1, "7000001", day), place));
    world.feed(day, "a", events.collect());
    world.run_until(utc(2026, 11, 10, 3));
    let cards = world.cards();
    // The code in two spellings, two references that nothing resolves yet, and the roll-up over the three.
    let before: Vec<_> = cards.values().map(shown).collect();
    let card = |practice, items| ("gmc|7000001", practice, Status::Provisional, items);
    assert_eq!(before.len(), 4, "{before:?}");
    assert!(before.contains(&card("A81001", 2)) && before.contains(&card("", 4)), "{before:?}");

    let aliases = vec!["a|Organization/1".to_owned(), "a|PractitionerRole/r1".to_owned()];
    let practice = Organisation { code: "a81001".into(), aliases, ..Organisation::default() };
    world.register(utc(2026, 11, 10, 9), Entry::Organisation(practice));
    world.run_until(utc(2026, 11, 12, 3));
    let cards = world.cards();
    let current: Vec<_> = cards.values().filter(|card| card.content.status != Status::Withdrawn).collect();
    assert_eq!(current.iter().map(|card| shown(card)).collect::<Vec<_>>(), [card("A81001", 4)]);
    let others = cards.values().filter(|card| card.content.status == Status::Withdrawn);
    assert!(others.clone().all(|card| card.reasons.iter().next().is_some_and(|reason| reason.cause == Cause::Attribution)));
    assert_eq!(others.count(), 3);
}

#[test]
fn a_number_withdrawn_from_a_day_on_leaves_the_months_before_it() {
    let mut world = World::new(deployment(1, utc(2026, 9, 1, 3)));
    let (september, october) = (utc(2026, 9, 7, 9), utc(2026, 10, 5, 9));
    let local = |id: &str, at: Timestamp| Event { clinician: Some("a|Practitioner/1".into()), ..encounter(id, 1, "0", at) };
    let person = Person { id: "dr-lee".into(), aliases: vec!["a|Practitioner/1".into()], ..Person::default() };
    world.register(utc(2026, 9, 1, 1), Entry::Person(person).stated_by(EntrySource::Operator));
    world.run_until(utc(2026, 9, 7, 3));
    world.feed(september, "a", vec![local("s", september)]);
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(october, "a", vec![local("o", october)]);
    world.run_until(utc(2026, 11, 10, 3));
    let alias = Some("a|Practitioner/1".to_owned());
    let gone = Withdrawal { alias, from: Some("2026-10-01".into()), ..Withdrawal::default() };
    world.register(utc(2026, 11, 10, 9), Entry::Withdrawal(gone).stated_by(EntrySource::Operator));
    world.run_until(utc(2026, 11, 12, 3));
    let cards = world.cards();
    let of = |clinician: &str| -> Vec<(String, Status, i64)> {
        let own = cards.values().filter(|card| card.content.subject.clinician == clinician);
        own.map(|card| {
            let year = card.content.exposure.last().map_or(0, |exposure| exposure.encounters);
            (card.content.period.month.to_string(), card.content.status, year)
        })
        .collect()
    };
    // The year of a later card of dr-lee would still hold September.
    assert_eq!(of("dr-lee"), [("2026-09".into(), Status::Final, 1), ("2026-10".into(), Status::Withdrawn, 0)]);
    assert_eq!(of("a|Practitioner/1"), [("2026-10".into(), Status::Provisional, 1)]);
}

#[test]
fn of_two_rules_of_a_feed_both_processes_use_the_first_in_the_log() {
    let log = SimulatedLog::new();
    let (mut one, mut other) = (log.handle(), log.handle());
    let rule = |ids, versioning| FeedRule { feed: "a".into(), ids, versioning, source: Some(EntrySource::Feed("a".into())) };
    let (first, second) = (rule(IdScope::Kind, Versioning::Updated), rule(IdScope::Feed, Versioning::Id));
    let mut rules_of_one = FeedRules::read(&mut one).expect("a log without faults");
    let mut rules_of_other = FeedRules::read(&mut other).expect("a log without faults");
    // Both have read the registry before either writes: the record of the other is first in the log.
    let entry = Entry::Feed(first.clone());
    other.append(Topic::Registry, 0, &entry.log_key(), &Record::Registry(entry)).expect("a log without faults");
    other.flush().expect("a log without faults");
    assert_eq!(rules_of_one.get("a"), None);
    assert_eq!(rules_of_one.settle(&mut one, &second).expect("a log without faults"), first);
    assert_eq!(rules_of_other.settle(&mut other, &second).expect("a log without faults"), first);
    assert_eq!(records(&log, Topic::Registry, 0).len(), 1, "a known feed gets no second record");
    let new = FeedRule { feed: "b".into(), ..second };
    assert_eq!(rules_of_one.settle(&mut one, &new).expect("a log without faults"), new);
    assert_eq!(FeedRules::read(&mut other).expect("a log without faults").get("b"), Some(&new));
}

#[test]
fn a_rule_of_a_feed_changes_no_card() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(day, "a", vec![prescription("p", 1, "7000001", day)]);
    world.run_until(utc(2026, 11, 10, 3));
    let before = world.revisions();
    let rule = FeedRule { feed: "a".into(), ids: IdScope::Feed, versioning: Versioning::Id, source: None };
    world.register(utc(2026, 11, 10, 9), Entry::Feed(rule));
    world.run_until(utc(2026, 11, 12, 3));
    assert_eq!(world.revisions(), before);
}

#[test]
fn the_newest_details_of_a_person_count_and_an_erasure_leaves_a_tombstone() {
    let log = SimulatedLog::new();
    let mut handle = log.handle();
    let details = |name: &str| PersonDetails { person: "dr-lee".into(), name: Some(name.into()), ..PersonDetails::default() };
    let mut people = People::read(&mut handle).expect("a log without faults");
    for (name, written) in [("Robin", 1), ("Robin", 0), ("Robin Lee", 1)] {
        assert_eq!(people.update(&mut handle, &[details(name)]).expect("a log without faults"), written, "{name}");
    }
    handle.flush().expect("a log without faults");
    let read = |log: &SimulatedLog| People::read(&mut log.handle()).expect("a log without faults");
    assert_eq!(read(&log).get("dr-lee"), Some(&details("Robin Lee")));
    people.erase(&mut handle, "dr-lee").expect("a log without faults");
    handle.flush().expect("a log without faults");
    assert_eq!(records(&log, Topic::People, 0).last(), Some(&Record::Tombstone));
    assert_eq!(read(&log).all().count(), 0);
    people.update(&mut handle, &[details("Robin")]).expect("a log without faults");
    handle.flush().expect("a log without faults");
    assert_eq!(read(&log).get("dr-lee"), Some(&details("Robin")), "a person can come back");
}

#[test]
fn a_feed_keeps_the_rules_of_its_first_event() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    world.feed(day, "a", vec![prescription("p", 1, "7000001", day)]);
    let mut log = world.log.handle();
    let rules = FeedRules::read(&mut log).expect("a log without faults");
    let rule = rules.get("a").expect("the first event wrote it");
    assert_eq!((rule.ids, rule.versioning), (IdScope::Feed, Versioning::Id));
    let changed = Feed { ids: IdScope::Kind, ..Feed::undeclared("a") };
    let refused = rules.check(&changed).expect_err("the rules differ").to_string();
    assert!(refused.contains("ids = \"kind\"") && refused.contains("its first event fixed ids = \"feed\""), "{refused}");
    let mut other = Intake::new(1, 500);
    let item = Item::Event(Arc::new(changed), prescription("q", 1, "7000001", day));
    assert!(matches!(other.take(&mut log, item), Err(LogError::FeedRule { .. })));
}

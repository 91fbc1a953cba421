//! Status and reasons of cards over a month's life, attribution, and windows over sealed months.

use std::collections::BTreeMap;

use promises::world::{World, deployment, encounter, prescription, retraction, utc};
use scorecard::card::scorecard::{Cause, Scorecard, Status};
use scorecard::registry::entry::{Entry, EntrySource, Person, Role, Withdrawal, WithdrawnKind};
use scorecard::time::calendar::Timestamp;
use stream::log::Topic;

fn reasons(card: &Scorecard) -> Vec<(Cause, i64)> {
    card.reasons.iter().map(|reason| (reason.cause, reason.events)).collect()
}

fn of<'a>(cards: &'a [Scorecard], clinician: &str) -> Vec<&'a Scorecard> {
    cards.iter().filter(|card| card.content.subject.clinician == clinician).collect()
}

#[test]
fn a_card_is_provisional_then_final_then_restated_and_names_its_reasons() {
    let mut world = World::new(deployment(2, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    let items = [prescription("p", 1, "7000001", day), prescription("q", 1, "7000001", day)];
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(day, "a", items.to_vec());
    world.run_until(utc(2026, 11, 10, 3));
    world.feed(utc(2026, 11, 10, 9), "a", vec![prescription("r", 1, "7000001", day)]);
    world.run_until(utc(2026, 12, 20, 3));
    let amended = prescription("p", 2, "7000001", utc(2026, 10, 6, 9));
    world.feed(utc(2026, 12, 20, 9), "a", vec![amended, retraction(&items[1], 2)]);
    world.run_until(utc(2027, 1, 20, 3));
    let cards = world.revisions();
    let seen: Vec<_> = cards.iter().map(|card| (card.revision, card.content.status, reasons(card))).collect();
    let expected = [
        (1, Status::Provisional, vec![(Cause::First, 2)]),
        (2, Status::Provisional, vec![(Cause::Late, 1)]),
        (3, Status::Final, vec![(Cause::Final, 0)]),
        (4, Status::Restated, vec![(Cause::Amended, 1), (Cause::Retracted, 1)]),
    ];
    assert_eq!(seen, expected);
    let cuts: Vec<_> = cards.iter().map(|card| card.cut).collect();
    assert_eq!(cuts, [utc(2026, 11, 4, 3), utc(2026, 11, 11, 3), utc(2026, 12, 6, 3), utc(2026, 12, 21, 3)]);
    for pair in cards.windows(2) {
        assert_eq!(pair[1].supersedes.as_ref(), Some(&pair[0].scorecard_id));
        assert_ne!(pair[1].content_hash, pair[0].content_hash);
    }
}

#[test]
fn the_first_revision_of_a_month_that_is_already_final_is_final_and_late() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(day, "a", vec![prescription("p", 1, "7000001", day)]);
    world.run_until(utc(2027, 2, 1, 3));
    world.feed(utc(2027, 2, 1, 9), "late-feed", vec![prescription("p", 1, "7000002", day)]);
    world.run_until(utc(2027, 2, 3, 3));
    let cards = world.revisions();
    let late = of(&cards, "gmc|7000002");
    assert_eq!(late.len(), 1);
    assert_eq!((late[0].revision, late[0].content.status), (1, Status::Final));
    assert_eq!(reasons(late[0]), [(Cause::Late, 1)]);
    assert_eq!(of(&cards, "gmc|7000001").len(), 2, "no other card gets a revision");
}

#[test]
fn a_version_without_a_countable_change_makes_no_revision() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(day, "a", vec![prescription("p", 1, "7000001", day)]);
    world.run_until(utc(2026, 12, 20, 3));
    world.feed(utc(2026, 12, 20, 9), "a", vec![prescription("p", 2, "7000001", utc(2026, 10, 6, 9))]);
    world.run_until(utc(2026, 12, 25, 3));
    let seen: Vec<(u32, Status)> = world.revisions().iter().map(|c| (c.revision, c.content.status)).collect();
    assert_eq!(seen, [(1, Status::Provisional), (2, Status::Final)]);
}

#[test]
fn one_late_event_restates_one_card_and_not_the_eleven_whose_windows_contain_it() {
    let mut world = World::new(deployment(1, utc(2026, 1, 1, 3)));
    for n in 1..=12 {
        let day = utc(2026, n, 5, 9);
        world.run_until(utc(2026, n, 5, 3));
        world.feed(day, "a", vec![prescription(&format!("p{n}"), 1, "7000001", day)]);
    }
    world.run_until(utc(2027, 2, 10, 3));
    let before = world.revisions().len();
    assert_eq!(before, 24, "twelve months, provisional and final");
    world.feed(utc(2027, 2, 10, 9), "a", vec![prescription("late", 1, "7000001", utc(2026, 3, 5, 9))]);
    world.run_until(utc(2027, 2, 12, 3));
    let cards = world.revisions();
    assert_eq!(cards.len(), before + 1);
    let last = cards.last().unwrap();
    assert_eq!(last.content.period.month.to_string(), "2026-03");
    assert_eq!(last.content.exposure.iter().map(|e| (e.window, e.items)).collect::<Vec<_>>(), [(1, 2), (3, 4), (12, 4)]);
}

#[test]
fn a_twelve_month_window_covers_sealed_months_and_survives_a_restart() {
    // 18 months with one item each. When the last cards are computed, the first five months of their window are sealed.
    let play = |restart: bool| {
        let mut world = World::new(deployment(2, utc(2025, 1, 1, 3)));
        for n in 0..18i16 {
            let day = utc(2025 + n / 12, i8::try_from(n % 12 + 1).unwrap(), 5, 9);
            world.run_until(day);
            world.feed(day, "a", vec![prescription(&format!("p{n}"), 1, "7000001", day)]);
        }
        world.run_until(utc(2027, 1, 20, 3));
        if restart {
            world.restart_publisher();
        }
        world.feed(utc(2027, 1, 20, 9), "a", vec![prescription("late", 1, "7000001", utc(2026, 5, 5, 9))]);
        world.run_until(utc(2027, 1, 22, 3));
        world
    };
    for restart in [false, true] {
        let mut world = play(restart);
        let cards = world.revisions();
        let last = cards.last().unwrap();
        assert_eq!((last.content.period.month.to_string().as_str(), last.revision), ("2026-05", 3));
        assert_eq!(last.content.exposure[2].items, 13, "June 2025 to May 2026, and the late one");
        assert!(last.content.coverage.iter().all(|gaps| !gaps.missing));

        // The rows of a sealed month are lost. Publish restores them from the log.
        lose_july(&world);
        world.restart_publisher();
        world.feed(utc(2027, 1, 22, 9), "a", vec![prescription("later", 1, "7000001", utc(2026, 5, 5, 9))]);
        world.run_until(utc(2027, 1, 24, 3));
        let cards = world.revisions();
        let last = cards.last().unwrap();
        assert_eq!((last.revision, last.content.exposure[2].items), (4, 14));
        assert!(last.content.coverage.iter().all(|gaps| !gaps.missing));

        // The log's beginning is lost as well. The window is marked as incomplete.
        lose_july(&world);
        world.log.tamper(Topic::Events, 0, |stored| stored.retain(|one| one.appended >= utc(2026, 1, 1, 0)));
        world.log.tamper(Topic::Events, 1, |stored| stored.retain(|one| one.appended >= utc(2026, 1, 1, 0)));
        world.restart_publisher();
        world.feed(utc(2027, 1, 24, 9), "a", vec![prescription("latest", 1, "7000001", utc(2026, 5, 5, 9))]);
        world.run_until(utc(2027, 1, 26, 3));
        let cards = world.revisions();
        let last = cards.last().unwrap();
        assert_eq!(last.revision, 5);
        let missing = last.content.coverage.iter().map(|gaps| (gaps.month.to_string(), gaps.missing));
        assert!(missing.clone().any(|(month, missing)| month == "2025-07" && missing), "{:?}", missing.collect::<Vec<_>>());
        assert!(last.reasons.iter().any(|reason| reason.cause == Cause::Coverage), "{:?}", last.reasons);
        assert_eq!(last.content.exposure[2].items, 14, "twelve months less July 2025, and three late ones");
    }
}

/// Deletes the rows of July 2025.
fn lose_july(world: &World) {
    world.log.tamper(Topic::ClinicianMonths, 0, |stored| {
        stored.retain(|one| match codec::avro::encoding::decode(&one.bytes) {
            scorecard::record::log_record::Record::ClinicianMonth(row) => row.key.month.to_string().as_str() != "2025-07",
            _ => true,
        });
    });
}

#[test]
fn a_newly_mapped_alias_withdraws_the_old_subjects_open_cards() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    world.run_until(utc(2026, 10, 5, 3));
    let mut other = encounter("e", 1, "7000001", day);
    other.clinician = Some("gmp|G7000001".into());
    world.feed(day, "a", vec![prescription("p", 1, "7000001", day), other]);
    world.run_until(utc(2026, 11, 10, 3));
    let before = world.revisions();
    assert_eq!(before.len(), 2, "the registry has two persons so far");
    let person = Person { id: "gmc|7000001".into(), aliases: vec!["gmp|G7000001".into()], ..Person::default() };
    world.register(utc(2026, 11, 10, 9), Entry::Person(person));
    world.run_until(utc(2026, 11, 12, 3));
    let cards = world.revisions();
    let old = of(&cards, "gmp|G7000001");
    assert_eq!(old.iter().map(|c| c.content.status).collect::<Vec<_>>(), [Status::Provisional, Status::Withdrawn]);
    assert_eq!(reasons(old[1])[0], (Cause::Attribution, 0));
    let new = of(&cards, "gmc|7000001");
    assert_eq!(new.len(), 2);
    let exposure = new[1].content.exposure[0];
    assert_eq!((exposure.items, exposure.encounters), (1, 1));
    assert_eq!(reasons(new[1])[0], (Cause::Attribution, 0));
}

#[test]
fn a_card_shows_the_role_as_of_the_months_last_day() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let role = |role: &str, from: &str, until: Option<&str>| {
        Entry::Role(Role {
            person: "gmc|7000001".into(),
            practice: "A81001".into(),
            role: role.into(),
            locum: false,
            from: Some(from.into()),
            until: until.map(Into::into),
            ..Role::default()
        })
    };
    world.register(utc(2026, 10, 1, 2), Entry::Person(Person { id: "gmc|7000001".into(), ..Person::default() }));
    world.register(utc(2026, 10, 1, 2), role("trainee", "2026-01-01", Some("2026-10-30")));
    world.register(utc(2026, 10, 1, 2), role("gp", "2026-10-31", None));
    for (n, day) in [utc(2026, 9, 30, 9), utc(2026, 10, 5, 9)].into_iter().enumerate() {
        world.run_until(day);
        world.feed(day.max(utc(2026, 10, 1, 9)), "a", vec![prescription(&format!("p{n}"), 1, "7000001", day)]);
    }
    world.run_until(utc(2026, 11, 10, 3));
    let cards = world.cards();
    assert_eq!(cards["gmc%7C7000001|A81001|2026-09"].content.subject.role, "trainee");
    assert_eq!(cards["gmc%7C7000001|A81001|2026-10"].content.subject.role, "gp");
}

#[test]
fn work_at_two_practices_has_a_roll_up_card() {
    let mut world = World::new(deployment(4, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    world.employ(utc(2026, 10, 1, 2), "gmc|7000001", "A81001", "gp");
    world.employ(utc(2026, 10, 1, 2), "gmc|7000001", "B82002", "gp");
    world.run_until(utc(2026, 10, 5, 3));
    let mut elsewhere = prescription("q", 1, "7000001", day);
    elsewhere.practice = Some("B82002".into());
    world.feed(day, "a", vec![prescription("p", 1, "7000001", day)]);
    world.feed(day, "b", vec![elsewhere]);
    world.run_until(utc(2026, 11, 10, 3));
    let cards = world.cards();
    assert_eq!(cards.len(), 3);
    assert_eq!(cards["gmc%7C7000001||2026-10"].content.exposure[0].items, 2);
    assert_eq!(cards["gmc%7C7000001|B82002|2026-10"].content.exposure[0].items, 1);
}

/// A network with a clinician at two practices of the operator's registry, and every newest card after two attacks. The feed of a third
/// practice attacks before the month is provisional, and after it is final.
fn attacked(forge: bool) -> BTreeMap<String, Scorecard> {
    let mut world = World::new(deployment(4, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    let at = |id: &str, practice: &'static str| {
        let mut event = prescription(id, 1, "7000001", day);
        event.practice = Some(practice.into());
        event
    };
    let attack = |world: &mut World, when: Timestamp, id: &str| {
        world.feed(when, "forger", vec![at(&format!("{id}-1"), "D84004"), at(&format!("{id}-2"), "D84004")]);
        for practice in ["D84004", "A81001"] {
            let (person, role) = ("gmc|7000001".to_owned(), "paramedic".to_owned());
            let forged = Role { person, practice: practice.to_owned(), role, locum: true, ..Role::default() };
            world.register(when, Entry::Role(forged).stated_by(EntrySource::Feed("forger".to_owned())));
        }
    };
    for practice in ["A81001", "B82002"] {
        world.employ(utc(2026, 10, 1, 2), "gmc|7000001", practice, "gp");
    }
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(day, "a", vec![at("p", "A81001")]);
    world.feed(day, "b", vec![at("q", "B82002")]);
    if forge {
        attack(&mut world, day, "early");
    }
    world.run_until(utc(2026, 12, 20, 3));
    if forge {
        attack(&mut world, utc(2026, 12, 20, 9), "late");
    }
    world.run_until(utc(2026, 12, 23, 3));
    world.cards()
}

#[test]
fn forged_events_and_roles_elsewhere_change_no_card_of_another_practice_and_no_roll_up() {
    let (calm, attacked) = (attacked(false), attacked(true));
    assert_eq!(calm.len(), 3, "two practices and a roll-up");
    for (key, card) in &calm {
        let other = &attacked[key];
        assert_eq!((other.revision, &other.content_hash), (card.revision, &card.content_hash), "{key}");
    }
    let others: Vec<&str> = attacked.keys().filter(|key| !calm.contains_key(*key)).map(String::as_str).collect();
    assert_eq!(others, ["gmc%7C7000001|D84004|2026-10"], "the forger's own practice alone has another card");
}

#[test]
fn a_roll_up_follows_a_role_that_the_operator_adds_and_withdraws_later() {
    let mut world = World::new(deployment(2, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    world.employ(utc(2026, 10, 1, 2), "gmc|7000001", "A81001", "gp");
    world.run_until(utc(2026, 10, 5, 3));
    let mut elsewhere = prescription("q", 1, "7000001", day);
    elsewhere.practice = Some("B82002".into());
    world.feed(day, "a", vec![prescription("p", 1, "7000001", day), elsewhere]);
    world.run_until(utc(2026, 11, 10, 3));
    assert!(!world.cards().contains_key("gmc%7C7000001||2026-10"), "one practice of the registry makes no roll-up");
    world.employ(utc(2026, 11, 10, 9), "gmc|7000001", "B82002", "gp");
    world.run_until(utc(2026, 11, 12, 3));
    let roll_up = world.cards()["gmc%7C7000001||2026-10"].clone();
    assert_eq!((roll_up.content.status, roll_up.content.exposure[0].items), (Status::Provisional, 2));
    let (person, practice) = (Some("gmc|7000001".to_owned()), Some("B82002".to_owned()));
    let gone = Withdrawal { withdraws: WithdrawnKind::Role, person, practice, ..Withdrawal::default() };
    world.register(utc(2026, 11, 12, 9), Entry::Withdrawal(gone).stated_by(EntrySource::Operator));
    world.run_until(utc(2026, 11, 14, 3));
    let withdrawn = &world.cards()["gmc%7C7000001||2026-10"];
    assert_eq!((withdrawn.content.status, withdrawn.revision), (Status::Withdrawn, roll_up.revision + 1));
    assert_eq!(withdrawn.reasons.iter().next().expect("at least one").cause, Cause::Attribution);
}

#[test]
fn a_card_names_silent_and_late_feeds() {
    let mut world = World::new(deployment(2, utc(2026, 10, 1, 3)));
    let day = utc(2026, 10, 5, 9);
    world.run_until(utc(2026, 10, 5, 3));
    world.feed(day, "quiet", vec![prescription("p", 1, "7000001", day)]);
    world.feed(day, "lively", vec![prescription("p", 1, "7000001", day), prescription("q", 1, "7000001", utc(2026, 10, 6, 9))]);
    world.run_until(utc(2026, 11, 3, 3));
    world.feed(utc(2026, 11, 3, 9), "lively", vec![prescription("r", 1, "7000001", utc(2026, 11, 2, 9))]);
    world.run_until(utc(2026, 11, 10, 3));
    let cards = world.cards();
    let quality = &cards["gmc%7C7000001|A81001|2026-10"].quality;
    use scorecard::card::scorecard::CoverageState::{Behind, Silent};
    let seen: Vec<_> =
        quality.feeds.iter().map(|c| (c.feed.as_str(), c.state, c.newest_day.map(|day| day.to_string()))).collect();
    let newest = |day: &str| Some(day.to_owned());
    // It went on in November, and it has no event in the last week of October.
    assert_eq!(seen, [("lively", Behind, newest("2026-11-02")), ("quiet", Silent, newest("2026-10-05"))]);
    // Both days of October, seen by either feed; October 2026 has 22 weekdays.
    assert_eq!((quality.days_seen.last(), quality.days_expected.last()), (Some(&Some(2)), Some(&22)));
}

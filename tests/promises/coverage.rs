//! A feed is known by what it sends: unknown data never look like good care, and colleagues of others never pay for it.

use std::collections::BTreeMap;

use promises::world::{World, deployment, encounter, event, month, prescription, records, retraction, utc};
use scorecard::card::scorecard::{CardMeasure, Cause, MonthGaps, Scorecard, Status};
use scorecard::event::{Codes, Detail, Event, Exclusion, Order};
use scorecard::record::log_record::Record;
use scorecard::time::calendar::{Day, Month, Timestamp, Zone};
use stream::log::Topic;

/// The deployment's first publication instant.
fn first() -> Timestamp {
    utc(2026, 11, 24, 3)
}

/// The last twelve months before it.
fn year() -> impl Iterator<Item = Month> {
    let october = month("2026-10");
    (0..12).rev().map(move |back| october.plus(-back))
}

/// Nine o'clock of the n-th weekday of a month.
fn weekday(month: Month, n: usize) -> Timestamp {
    let days = (month.first_day().0..=month.last_day().0).map(Day).filter(|day| day.is_weekday());
    let days: Vec<Day> = days.collect();
    Zone::london().start_of(days[n % days.len()]).plus_seconds(9 * 3600)
}

/// The events of a clinician at a practice in one month: this many attended encounters and prescriptions.
fn worked(who: usize, practice: &str, month: Month, encounters: usize, items: usize) -> Vec<Event<'static>> {
    let clinician = format!("{}", 7_000_000 + who);
    let id = |kind: &str, n: usize| format!("{kind}-{who}-{month}-{n}");
    let visits = (0..encounters).map(|n| encounter(&id("e", n), 1, &clinician, weekday(month, n)));
    let drugs = (0..items).map(|n| prescription(&id("p", n), 1, &clinician, weekday(month, n)));
    let mut events: Vec<Event<'static>> = visits.chain(drugs).collect();
    events.iter_mut().for_each(|event| event.practice = Some(practice.to_owned().into()));
    events
}

/// A year of clinicians of four practices. Each has 25 encounters a month and his own number of antibiotics: 1 to 8.
fn clinicians(from: usize, count: usize) -> Vec<(String, Vec<Event<'static>>)> {
    let of = |who: usize| {
        let practice = format!("P{}", who / 6);
        let events = year().flat_map(|month| worked(who, &practice, month, 25, 1 + who % 8)).collect();
        (practice, events)
    };
    (from..from + count).map(of).collect()
}

/// The cards of October after the first publication.
fn october(feeds: Vec<(String, Vec<Event<'static>>)>) -> BTreeMap<String, Scorecard> {
    let mut world = World::new(deployment(2, first()));
    for (feed, events) in feeds {
        world.feed(first().plus_seconds(-3600), &feed, events);
    }
    world.run_until(first().plus_seconds(4 * 86_400));
    let cards = world.cards().into_values().filter(|card| card.content.period.month == month("2026-10"));
    cards.map(|card| (card.content.subject.clinician.clone(), card)).collect()
}

fn measure<'c>(card: &'c Scorecard, id: &str) -> &'c CardMeasure {
    card.content.measures.iter().find(|one| &*one.id == id).unwrap_or_else(|| panic!("{} shows {id}", card.key()))
}

/// The kinds of October in the newest mark: kind, events, and days with an event.
fn marked(world: &World) -> Vec<(String, u64, Vec<u32>)> {
    let marks = records(&world.log, Topic::ClinicianMonths, 0).into_iter().filter_map(|record| match record {
        Record::Mark(mark) => Some(mark),
        _ => None,
    });
    let newest = marks.max_by_key(|mark| mark.at).expect("a mark");
    let kinds = newest.feeds.into_iter().flat_map(|feed| feed.kinds).filter(|kind| kind.month == month("2026-10"));
    let days = |bits: u32| (1..=31).filter(|day| bits >> (day - 1) & 1 == 1).collect();
    kinds.map(|kind| (kind.kind.to_string(), kind.events, days(kind.days))).collect()
}

#[test]
fn a_mark_counts_kinds_exactly_through_amendments_and_retractions() {
    let mut world = World::new(deployment(1, first()));
    let at = |day: i8| utc(2026, 10, day, 9);
    let drug = |id: &str, version: u64, day: i8, cost: Option<u32>| {
        let mut event = prescription(id, version, "7000001", at(day));
        if let Detail::Prescription(Some(drug)) = &mut event.detail {
            drug.cost_pence = cost;
        }
        event
    };
    let events =
        vec![encounter("e", 1, "7000001", at(5)), drug("p", 1, 6, Some(9)), drug("q", 1, 6, None), drug("r", 1, 7, Some(0))];
    world.feed(first().plus_seconds(-7200), "a", events);
    world.run_until(first());
    let kind = |kind: &str, events: u64, days: &[u32]| (kind.to_owned(), events, days.to_vec());
    let of_encounter = [kind("attendance", 1, &[5]), kind("minutes", 1, &[5])];
    let expected = [
        of_encounter[0].clone(),
        kind("costs", 2, &[6, 7]),
        of_encounter[1].clone(),
        kind("prescriptions", 3, &[6, 7]),
        kind("quantities", 3, &[6, 7]),
    ];
    assert_eq!(marked(&world), expected);
    // Q moves to September, p loses its cost, r is retracted, and an excluded item counts nowhere.
    let mut moved = drug("q", 2, 6, None);
    (moved.day, moved.occurred_at) = (Day::from_ymd(2026, 9, 30), Some(utc(2026, 9, 30, 9)));
    let mut excluded = drug("x", 1, 9, Some(1));
    excluded.exclude = Some(Exclusion::Test);
    let events = vec![moved, drug("p", 2, 8, None), retraction(&drug("r", 1, 7, None), 2), excluded];
    world.feed(first().plus_seconds(60), "a", events);
    world.run_until(first().plus_seconds(86_400));
    let [attendance, minutes] = of_encounter;
    assert_eq!(marked(&world), [attendance, minutes, kind("prescriptions", 1, &[8]), kind("quantities", 1, &[8])]);
}

/// Measures of prescriptions over encounters.
const OF_PRESCRIPTIONS: [&str; 3] = ["antibiotics_per_1000", "cost_per_encounter", "items_per_encounter"];

fn assert_same_measures(alone: &BTreeMap<String, Scorecard>, mixed: &BTreeMap<String, Scorecard>, ids: &[&str]) {
    assert_eq!(alone.len(), 24);
    for (who, card) in alone {
        for id in ids {
            let (expected, got) = (measure(card, id), measure(&mixed[who], id));
            assert!(expected.value.is_some() && expected.comparator.is_some(), "{who}, {id}: {expected:?}");
            assert_eq!(got, expected, "{who}, {id}");
        }
    }
    let points = |card: &Scorecard| measure(card, "antibiotics_per_1000").points;
    assert!(alone.values().any(|card| points(card).is_some_and(|points| points.points > 0.0)), "somebody earns points");
}

#[test]
fn colleagues_with_unmapped_drugs_and_no_costs_change_nothing_for_the_others() {
    let alone = october(clinicians(0, 24));
    let mut others = clinicians(24, 24);
    for drug in others.iter_mut().flat_map(|(_, events)| events) {
        if let Detail::Prescription(Some(drug)) = &mut drug.detail {
            (drug.drug, drug.cost_pence) = (Codes::one("local|x"), None);
        }
    }
    let mixed = october(clinicians(0, 24).into_iter().chain(others).collect());
    assert_eq!(mixed.len(), 48);
    assert_same_measures(&alone, &mixed, &["antibiotics_per_1000", "cost_per_encounter"]);
    for (who, card) in mixed.iter().filter(|(who, _)| !alone.contains_key(*who)) {
        for id in ["antibiotics_per_1000", "cost_per_encounter"] {
            let unknown = measure(card, id);
            assert_eq!(unknown.suppressed.as_deref(), Some("unknown_above_limit"), "{who}, {id}");
            assert!(unknown.value.is_none() && unknown.points.is_none() && unknown.z.is_none() && unknown.comparator.is_none());
        }
        assert!(measure(card, "items_per_encounter").value.is_some(), "items are counted without code and cost");
        let items = 12 * (1 + who.trim_start_matches("gmc|70000").parse::<i64>().expect("a number") % 8);
        let unknown: Vec<_> = card.content.unknown.iter().map(|one| (one.kind.as_str(), one.unknown, one.of)).collect();
        assert_eq!(unknown, [("codes", items, items), ("costs", items, items)]);
    }
}

#[test]
fn colleagues_whose_system_sends_no_prescriptions_change_nothing_for_the_others() {
    let alone = october(clinicians(0, 24));
    let mut others = clinicians(24, 24);
    others.iter_mut().for_each(|(_, events)| events.retain(|event| !matches!(event.detail, Detail::Prescription(_))));
    let mixed = october(clinicians(0, 24).into_iter().chain(others).collect());
    assert_same_measures(&alone, &mixed, &OF_PRESCRIPTIONS);
    for (who, card) in mixed.iter().filter(|(who, _)| !alone.contains_key(*who)) {
        for id in OF_PRESCRIPTIONS {
            let unsent = measure(card, id);
            assert_eq!((unsent.suppressed.as_deref(), unsent.n, unsent.d), (Some("not_sent"), 0, 0), "{who}, {id}");
            assert!(unsent.value.is_none() && unsent.points.is_none() && unsent.z.is_none() && unsent.comparator.is_none());
        }
        assert_eq!(card.content.coverage.len(), 12);
        for gaps in &card.content.coverage {
            assert_eq!(
                gaps.not_sent,
                ["booking", "costs", "feedback", "imaging", "prescriptions", "quantities", "referrals", "tests"]
            );
        }
    }
}

/// The coverage of one practice's October cards, whose prescriptions are sent only where `sent` says so.
fn coverage(
    encounters: usize,
    sent: impl Fn(Timestamp) -> bool,
    seen: impl Fn(Timestamp) -> bool,
) -> (Vec<MonthGaps>, CardMeasure) {
    let mut events: Vec<Event<'static>> = year().flat_map(|month| worked(1, "P1", month, encounters, encounters)).collect();
    events.retain(|event| {
        let at = event.occurred_at.expect("every event has an instant");
        seen(at) && (sent(at) || !matches!(event.detail, Detail::Prescription(_)))
    });
    let card = october(vec![("P1".to_owned(), events)]).into_values().next().expect("one card");
    let mut coverage = card.content.coverage.clone();
    for gaps in &mut coverage {
        gaps.not_sent.retain(|kind| kind == "prescriptions");
        // Costs and quantities come with prescriptions.
        gaps.gaps.retain(|gap| gap.kind == "prescriptions" || gap.kind == "all");
    }
    coverage.retain(|gaps| !gaps.gaps.is_empty() || !gaps.not_sent.is_empty());
    (coverage, measure(&card, "items_per_encounter").clone())
}

fn in_month(text: &str) -> impl Fn(Timestamp) -> bool {
    let month = month(text);
    move |at| Zone::london().day_of(at).month() == month
}

#[test]
fn a_quiet_august_is_a_true_zero_and_three_silent_months_are_not_sent() {
    let quiet = in_month("2026-08");
    let (none, rate) = coverage(10, |at| !quiet(at), |_| true);
    assert_eq!(none, []);
    // 11 of 12 months with ten items, 12 months with ten encounters.
    assert_eq!((rate.n, rate.d, rate.suppressed.as_deref()), (110, 120, None));
    let silent = ["2026-08", "2026-09", "2026-10"].map(in_month);
    let (unsent, rate) = coverage(10, |at| !silent.iter().any(|is| is(at)), |_| true);
    let months: Vec<String> = unsent.iter().map(|gaps| gaps.month.to_string()).collect();
    assert_eq!(months, ["2026-08", "2026-09", "2026-10"]);
    // A quarter of the denominator is lost.
    assert_eq!((rate.n, rate.d, rate.suppressed.as_deref()), (90, 90, Some("not_sent")));
    assert_eq!((rate.months_n[23], rate.months_d[23], rate.months_d[20]), (0, 0, 10));
}

/// Whether an instant is from 7 to 11 September 2026, Monday to Friday.
fn in_week(at: Timestamp) -> bool {
    (utc(2026, 9, 7, 0)..utc(2026, 9, 12, 0)).contains(&at)
}

#[test]
fn a_silent_week_of_prescriptions_takes_the_month_out_and_one_of_everything_does_not() {
    // 220 encounters a month are at least nine a weekday.
    let (gaps, rate) = coverage(220, |at| !in_week(at), |_| true);
    let shown: Vec<_> = gaps.iter().map(|one| (one.month.to_string(), one.gaps[0].kind.clone(), one.gaps[0].days)).collect();
    assert_eq!(shown, [("2026-09".to_owned(), "prescriptions".to_owned(), 5)]);
    assert_eq!((rate.n, rate.d, rate.suppressed.as_deref()), (11 * 220, 11 * 220, None), "a twelfth of the denominator is lost");
    let (gaps, rate) = coverage(220, |_| true, |at| !in_week(at));
    let shown: Vec<_> = gaps.iter().map(|one| (one.month.to_string(), one.gaps[0].kind.clone(), one.gaps[0].days)).collect();
    assert_eq!(shown, [("2026-09".to_owned(), "all".to_owned(), 5)]);
    // September 2026 has 22 weekdays with ten encounters each, and five of them are silent.
    assert_eq!((rate.n, rate.d, rate.suppressed.as_deref()), (12 * 220 - 50, 12 * 220 - 50, None));
}

/// The October cards of two clinicians of one practice, the first in the feed `emis` and the second in the feed `other`. Each has 20
/// encounters and 10 prescriptions a month, where `sent` holds for feed, instant and whether it is a prescription.
fn of_two_feeds(sent: impl Fn(&str, Timestamp, bool) -> bool) -> BTreeMap<String, Scorecard> {
    let of_feed = |(who, feed): (usize, &str)| {
        let mut events: Vec<Event<'static>> = year().flat_map(|month| worked(who, "P1", month, 20, 10)).collect();
        events.retain(|event| {
            let drug = matches!(event.detail, Detail::Prescription(_));
            sent(feed, event.occurred_at.expect("every event has an instant"), drug)
        });
        (feed.to_owned(), events)
    };
    october([(1, "emis"), (2, "other")].map(of_feed).into())
}

/// Numerator, denominator and suppression of the items of a clinician.
fn items(cards: &BTreeMap<String, Scorecard>, who: usize) -> (i64, i64, Option<&str>) {
    let rate = measure(&cards[&format!("gmc|700000{who}")], "items_per_encounter");
    (rate.n, rate.d, rate.suppressed.as_deref())
}

#[test]
fn a_feed_of_attendances_has_no_true_zero_because_another_system_of_its_practice_sends_prescriptions() {
    let cards = of_two_feeds(|feed, _, drug| feed == "emis" || !drug);
    assert_eq!(items(&cards, 1), (120, 240, None));
    assert_eq!(items(&cards, 2), (0, 0, Some("not_sent")));
    let lacks = |who: usize, kind: &str| {
        let coverage = &cards[&format!("gmc|700000{who}")].content.coverage;
        coverage.iter().filter(|gaps| gaps.not_sent.iter().any(|one| one == kind)).count()
    };
    assert_eq!((lacks(1, "prescriptions"), lacks(2, "prescriptions")), (0, 12));
    assert_eq!((lacks(1, "attendance"), lacks(2, "attendance")), (0, 0));
}

#[test]
fn one_of_two_systems_that_stops_sending_prescriptions_loses_these_months_and_the_other_does_not() {
    let silent = ["2026-04", "2026-05", "2026-06"].map(in_month);
    let cards = of_two_feeds(|feed, at, drug| feed != "emis" || !drug || !silent.iter().any(|is| is(at)));
    // A quarter of 240 encounters is lost.
    assert_eq!(items(&cards, 1), (90, 180, Some("not_sent")));
    assert_eq!(items(&cards, 2), (120, 240, None));
}

#[test]
fn a_feed_of_prescriptions_alone_makes_the_months_without_one_true_zeros() {
    let mut world = World::new(deployment(2, first()));
    let events = |who: usize| year().flat_map(move |month| worked(who, "P1", month, 20, 10));
    let (visits, mut drugs): (Vec<_>, Vec<_>) =
        events(1).chain(events(2)).partition(|event| matches!(event.detail, Detail::Encounter(_)));
    // The second clinician prescribes in January alone.
    let january = in_month("2026-01");
    let by_the_first = |event: &Event<'_>| event.id.starts_with("p-1-");
    drugs.retain(|event| by_the_first(event) || january(event.occurred_at.expect("every event has an instant")));
    world.feed(first().plus_seconds(-3600), "appointments", visits);
    world.feed(first().plus_seconds(-3600), "prescribing", drugs);
    world.run_until(first().plus_seconds(4 * 86_400));
    let cards = world.cards().into_values().filter(|card| card.content.period.month == month("2026-10"));
    let cards = cards.map(|card| (card.content.subject.clinician.clone(), card)).collect();
    assert_eq!(items(&cards, 1), (120, 240, None));
    assert_eq!(items(&cards, 2), (10, 240, None));
}

/// The October cards of clinicians who start after the month is final, with these encounters in the feed `late`.
fn after_the_end(colleague: bool) -> Vec<(i64, Option<String>)> {
    let mut world = World::new(deployment(2, first()));
    let of = |who: usize, items: usize| year().flat_map(move |month| worked(who, "P1", month, 20, items)).collect();
    world.feed(first().plus_seconds(-3600), "emis", of(1, 10));
    if colleague {
        world.feed(first().plus_seconds(-3600), "ooh", of(2, 0));
    }
    let later = |days: i64| first().plus_seconds(days * 86_400);
    world.run_until(later(40));
    world.feed(later(40).plus_seconds(60), "ooh", of(3, 0));
    world.feed(later(40).plus_seconds(60), "emis", of(4, 10));
    world.run_until(later(45));
    let of_october = |card: &Scorecard| card.content.period.month == month("2026-10");
    let cards: BTreeMap<String, Scorecard> =
        world.cards().into_values().filter(of_october).map(|card| (card.content.subject.clinician.clone(), card)).collect();
    [3, 4].map(|who| items(&cards, who)).map(|(n, _, suppressed)| (n, suppressed.map(str::to_owned))).into()
}

#[test]
fn a_card_that_starts_after_its_month_is_final_follows_its_own_feed() {
    let expected = [(0, Some("not_sent".to_owned())), (120, None)];
    assert_eq!(after_the_end(true), expected);
    assert_eq!(after_the_end(false), expected);
}

fn referral(id: &str, at: Timestamp) -> Event<'static> {
    let order = Order { category: Codes::one("plumbline|referral"), code: Codes::default() };
    let mut event = event(id, 1, "7000002", at, Detail::Order(Some(order)));
    event.practice = Some("P1".into());
    event
}

/// The revisions of a clinician's October card when the first referrals of the practice arrive while it is provisional, and more of
/// them when it is final.
fn followed(restarts: bool) -> Vec<Scorecard> {
    let mut world = World::new(deployment(2, first()));
    let events = year().flat_map(|month| worked(1, "P1", month, 20, 20)).collect();
    world.feed(first().plus_seconds(-3600), "a", events);
    let later = |days: i64| first().plus_seconds(days * 86_400);
    let step = |world: &mut World, days: i64| {
        world.run_until(later(days));
        if restarts {
            world.restart_tally(0);
            world.restart_tally(1);
            world.restart_publisher();
        }
    };
    step(&mut world, 5);
    world.feed(later(5).plus_seconds(60), "a", vec![referral("r1", weekday(month("2026-10"), 3))]);
    step(&mut world, 8);
    step(&mut world, 40);
    world.feed(later(40).plus_seconds(60), "a", vec![referral("r2", weekday(month("2026-08"), 3))]);
    step(&mut world, 45);
    let ours =
        |card: &Scorecard| card.content.period.month == month("2026-10") && card.content.subject.clinician == "gmc|7000001";
    world.revisions().into_iter().filter(ours).collect()
}

#[test]
fn a_provisional_card_follows_its_practices_feeds_and_a_final_one_keeps_its_coverage() {
    let revisions = followed(false);
    let unsent = |card: &Scorecard| {
        let lacks = |gaps: &&MonthGaps| gaps.not_sent.iter().any(|kind| kind == "referrals");
        card.content.coverage.iter().filter(lacks).count()
    };
    let causes = |card: &Scorecard| card.reasons.iter().map(|reason| reason.cause).collect::<Vec<_>>();
    let told: Vec<_> = revisions.iter().map(|card| (card.content.status, causes(card), unsent(card))).collect();
    let expected = [
        (Status::Provisional, vec![Cause::First], 12),
        (Status::Provisional, vec![Cause::Coverage], 11),
        (Status::Final, vec![Cause::Final], 11),
    ];
    assert_eq!(told, expected);
}

#[test]
fn restarts_change_no_coverage() {
    let text = |card: &Scorecard| serde_json::to_string(card).expect("a card");
    let expected: Vec<String> = followed(false).iter().map(text).collect();
    assert_eq!(followed(true).iter().map(text).collect::<Vec<_>>(), expected);
}

//! The fold is exact for any order and duplication of versions, for moves, links and the edges of months.

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use promises::world::{World, deployment, encounter, event, month, prescription, records, retraction, utc};
use proptest::prelude::*;
use scorecard::event::{Action, Answer, Attendance, Detail, Encounter, Event, Exclusion, Feedback, Mode, Source, Versioning};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{ClinicianMonth, Position, Record};
use scorecard::sums::measure_sums::Base;
use scorecard::time::calendar::{Month, Timestamp};
use std::collections::BTreeMap;
use stream::log::Topic;

/// The last value of every row, by clinician, practice and month.
fn rows(world: &World) -> BTreeMap<(String, String, Month), ClinicianMonth> {
    let mut last = BTreeMap::new();
    for record in records(&world.log, Topic::ClinicianMonths, 0) {
        if let Record::ClinicianMonth(row) = record {
            last.insert((row.key.clinician.to_string(), row.key.practice.to_string(), row.key.month), row);
        }
    }
    last
}

/// The rows of these events, appended one by one in this order.
fn fold(events: &[Event<'static>]) -> BTreeMap<(String, String, Month), ClinicianMonth> {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    for one in events {
        world.feed(utc(2026, 12, 1, 9), "a", vec![one.clone()]);
    }
    world.tally_until(utc(2026, 12, 2, 3));
    rows(&world)
}

/// Rows without the fields that depend on the order of arrival, and without empty rows.
fn sums(rows: &BTreeMap<(String, String, Month), ClinicianMonth>) -> Vec<ClinicianMonth> {
    let bare = |row: &ClinicianMonth| {
        let mut row = row.clone();
        (row.base.recorded, row.base.amended, row.base.retracted, row.position) = (0, 0, 0, 0);
        row
    };
    rows.values().map(bare).filter(|row| row.base != Base::default() || !row.measures.is_empty()).collect()
}

fn base_of(rows: &BTreeMap<(String, String, Month), ClinicianMonth>, clinician: &str, at: &str) -> Base {
    let key = (format!("gmc|{clinician}"), "A81001".to_owned(), month(at));
    rows.get(&key).map(|row| row.base).unwrap_or_default()
}

fn answer(id: &str, version: u64, at: Timestamp, link: &str) -> Event<'static> {
    let detail = Detail::Feedback(Some(Feedback { answer: Some(Answer::Good), items: Vec::new() }));
    let mut event = event(id, version, "7000001", at, detail);
    event.link = Some(link.to_owned().into());
    event.clinician = None;
    event
}

fn visit(id: &str, version: u64, at: Timestamp, appointment: Option<&str>) -> Event<'static> {
    let mut event = encounter(id, version, "7000001", at);
    event.link = appointment.map(|id| id.to_owned().into());
    set_source(&mut event, Source::Visit, Attendance::Attended);
    event
}

fn slot(id: &str, version: u64, at: Timestamp, status: Attendance) -> Event<'static> {
    let mut event = encounter(id, version, "7000001", at);
    set_source(&mut event, Source::Slot, status);
    event
}

fn set_source(event: &mut Event<'static>, to: Source, now: Attendance) {
    if let Detail::Encounter(Some(Encounter { source, status, .. })) = &mut event.detail {
        (*source, *status) = (to, now);
    }
}

#[test]
fn amendment_moves_an_item_to_another_month_and_clinician() {
    let rows =
        fold(&[prescription("p", 1, "7000001", utc(2026, 10, 5, 9)), prescription("p", 2, "7000002", utc(2026, 11, 5, 9))]);
    let old = base_of(&rows, "7000001", "2026-10");
    let new = base_of(&rows, "7000002", "2026-11");
    assert_eq!(old, Base { recorded: 1, amended: 1, ..Base::default() });
    assert_eq!(new, Base { facts: 1, items: 1, items_without_adq: 1, amended: 1, ..Base::default() });
}

#[test]
fn a_retraction_before_its_event_keeps_the_event_out() {
    let first = prescription("p", 1, "7000001", utc(2026, 10, 5, 9));
    let rows = fold(&[retraction(&first, 2), first]);
    assert_eq!(base_of(&rows, "7000001", "2026-10"), Base::default());
}

#[test]
fn the_first_of_two_contents_of_one_version_counts() {
    let first = prescription("p", 1, "7000001", utc(2026, 10, 5, 9));
    let mut other = first.clone();
    other.clinician = Some("gmc|7000002".into());
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    world.feed(utc(2026, 10, 5, 10), "a", vec![first.clone(), other, first]);
    world.tally_until(utc(2026, 10, 6, 3));
    let outcomes = world.tallies[0].outcomes();
    assert_eq!((outcomes.accepted, outcomes.conflict, outcomes.duplicate), (1, 1, 1));
    assert_eq!(base_of(&rows(&world), "7000001", "2026-10").items, 1);
}

#[test]
fn by_arrival_the_last_arrival_counts_in_every_order_and_of_equal_ones_the_later_record() {
    let feed = Feed { versioning: Versioning::Arrival, ..Feed::undeclared("a") };
    let feed = std::sync::Arc::new(feed);
    // Arrival and clinician of each record, the clinician that counts, and the records that are duplicates.
    let cases = [
        (vec![(1, "7000001"), (2, "7000002"), (3, "7000001")], "7000001", 0),
        (vec![(1, "7000001"), (3, "7000001"), (2, "7000002")], "7000001", 1),
        (vec![(3, "7000001"), (1, "7000001"), (2, "7000002")], "7000001", 1),
        (vec![(1, "7000001"), (1, "7000002")], "7000002", 0),
    ];
    for (records, counted, duplicates) in cases {
        let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
        world.log.set_now(utc(2026, 10, 5, 10));
        let mut log = world.log.handle();
        for (arrival, clinician) in &records {
            let event = prescription("p", *arrival, clinician, utc(2026, 10, 5, 9));
            world.intake.take(&mut log, Item::Event(feed.clone(), event)).expect("a log without faults");
        }
        world.intake.flush(&mut log).expect("a log without faults");
        world.tally_until(utc(2026, 10, 6, 3));
        let outcomes = world.tallies[0].outcomes();
        assert_eq!((outcomes.conflict, outcomes.duplicate), (0, duplicates), "{records:?}");
        let items = |clinician| base_of(&rows(&world), clinician, "2026-10").items;
        let other = if counted == "7000001" { "7000002" } else { "7000001" };
        assert_eq!((items(counted), items(other)), (1, 0), "{records:?}");
    }
}

#[test]
fn the_same_version_for_another_patient_is_a_duplicate() {
    let first = prescription("p", 1, "7000001", utc(2026, 10, 5, 9));
    let mut other = first.clone();
    other.patient = Some(scorecard::event::Pseudonym([9; 16]));
    other.recorded_at = Some(utc(2026, 10, 6, 9));
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    world.feed(utc(2026, 10, 7, 10), "a", vec![first, other]);
    world.tally_until(utc(2026, 10, 8, 3));
    assert_eq!(world.tallies[0].outcomes().duplicate, 1);
}

#[test]
fn a_delete_without_a_version_ranks_between_the_newest_version_and_the_next() {
    let first = prescription("p", 3, "7000001", utc(2026, 10, 5, 9));
    let mut delete = retraction(&first, 1);
    delete.version = None;
    let fourth = prescription("p", 4, "7000001", utc(2026, 10, 5, 9));
    let gone = fold(&[first.clone(), delete.clone(), first.clone()]);
    assert_eq!(base_of(&gone, "7000001", "2026-10").items, 0);
    let back = fold(&[first, delete, fourth]);
    assert_eq!(base_of(&back, "7000001", "2026-10").items, 1);
}

#[test]
fn feedback_counts_on_the_day_and_for_the_clinician_of_its_encounter() {
    let seen = encounter("e", 1, "7000002", utc(2026, 9, 30, 9));
    let reply = answer("f", 1, utc(2026, 10, 2, 9), "e");
    for order in [[seen.clone(), reply.clone()], [reply.clone(), seen.clone()]] {
        let rows = fold(&order);
        assert_eq!(base_of(&rows, "7000002", "2026-09").responses, 1);
        assert_eq!(base_of(&rows, "7000001", "2026-10").responses, 0);
    }
    let alone = fold(std::slice::from_ref(&reply));
    assert!(sums(&alone).is_empty(), "no clinician is known");
    let mut own = reply;
    own.clinician = Some("gmc|7000001".into());
    let retracted = fold(&[seen.clone(), own.clone(), retraction(&seen, 2)]);
    assert_eq!(base_of(&retracted, "7000001", "2026-10").responses, 1, "without its encounter it counts on its own day");
    let moved = fold(&[seen, own, encounter("e", 2, "7000002", utc(2026, 8, 3, 9))]);
    assert_eq!(base_of(&moved, "7000001", "2026-08").responses, 1, "its own clinician, the encounter's day");
    assert_eq!(base_of(&moved, "7000001", "2026-08").amended, 1);
}

#[test]
fn an_unattributed_event_gets_a_clinician_once_its_link_resolves() {
    let mut rx = prescription("p", 1, "7000001", utc(2026, 10, 5, 9));
    rx.clinician = None;
    rx.practice = None;
    rx.link = Some("e".into());
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    world.feed(utc(2026, 10, 6, 9), "a", vec![rx]);
    world.tally_until(utc(2026, 10, 7, 3));
    assert_eq!(world.tallies[0].unattributed(), 1);
    world.feed(utc(2026, 10, 7, 9), "a", vec![encounter("e", 1, "7000003", utc(2026, 10, 5, 9))]);
    world.tally_until(utc(2026, 10, 8, 3));
    assert_eq!(world.tallies[0].unattributed(), 0);
    let base = base_of(&rows(&world), "7000003", "2026-10");
    assert_eq!((base.items, base.encounters, base.recorded), (1, 1, 2));
}

#[test]
fn an_appointment_and_its_encounter_are_one_attended_encounter() {
    let (at, later) = (utc(2026, 10, 5, 9), utc(2026, 10, 5, 10));
    let booked = slot("Appointment/1", 1, at, Attendance::Noshow);
    let seen = visit("Encounter/1", 1, later, Some("Appointment/1"));
    for order in [[booked.clone(), seen.clone()], [seen.clone(), booked.clone()]] {
        let rows = fold(&order);
        let base = base_of(&rows, "7000001", "2026-10");
        assert_eq!((base.facts, base.encounters, base.noshow_planned_minutes), (2, 1, 0), "a finished visit: the patient came");
        let dna = measure(&rows, "dna_rate@1");
        assert_eq!((dna.0, dna.1), (0, 1));
    }
    let alone = fold(std::slice::from_ref(&booked));
    assert_eq!(measure(&alone, "dna_rate@1"), (1, 1));
    let undone = fold(&[booked, seen.clone(), retraction(&seen, 2)]);
    assert_eq!(measure(&undone, "dna_rate@1"), (1, 1), "without the visit it is a no-show again");
    let unbooked = fold(&[seen]);
    assert_eq!(measure(&unbooked, "dna_rate@1"), (0, 1), "a visit without an appointment carries attendance itself");
}

fn measure(rows: &BTreeMap<(String, String, Month), ClinicianMonth>, name: &str) -> (i64, i64) {
    let row = rows.values().next().expect("a row");
    row.measures.iter().find(|(n, _)| &**n == name).map(|(_, sums)| (sums.n, sums.d)).unwrap_or_default()
}

#[test]
fn a_no_show_is_in_the_rate_and_in_no_exposure() {
    let mut missed = encounter("e", 1, "7000001", utc(2026, 10, 5, 9));
    if let Detail::Encounter(Some(e)) = &mut missed.detail {
        (e.status, e.minutes) = (Attendance::Noshow, None);
    }
    let rows = fold(&[missed, encounter("f", 1, "7000001", utc(2026, 10, 5, 9))]);
    let base = base_of(&rows, "7000001", "2026-10");
    assert_eq!((base.encounters, base.minutes, base.noshow_planned_minutes), (1, 10, 10));
    assert_eq!(measure(&rows, "dna_rate@1"), (1, 2));
}

#[test]
fn an_excluded_event_counts_only_as_excluded() {
    let mut test = encounter("e", 1, "7000001", utc(2026, 10, 5, 9));
    test.exclude = Some(Exclusion::Test);
    let rows = fold(&[test]);
    let row = rows.values().next().expect("a row");
    assert_eq!(row.base, Base { recorded: 1, ..Base::default() });
    let dna = row.measures.iter().find(|(n, _)| &**n == "dna_rate@1").expect("it would have been in the denominator");
    assert_eq!((dna.1.excluded, dna.1.d, dna.1.facts_d), (1, 0, 0));
}

#[test]
fn patient_adjustment_removes_an_event_from_the_denominator_unless_it_is_a_success() {
    let mut cephalexin = prescription("p", 1, "7000001", utc(2026, 10, 5, 9));
    if let Detail::Prescription(Some(p)) = &mut cephalexin.detail {
        p.drug = scorecard::event::Codes::one("bnf|0501021L0AAABAB");
    }
    cephalexin.pca = vec!["broad_spectrum".into()];
    let mut amoxicillin = prescription("q", 1, "7000001", utc(2026, 10, 5, 9));
    amoxicillin.pca = vec!["broad_spectrum".into()];
    let rows = fold(&[cephalexin, amoxicillin]);
    let row = rows.values().next().expect("a row");
    let sums = row.measures.iter().find(|(n, _)| &**n == "broad_spectrum@1").expect("two antibiotics").1;
    assert_eq!((sums.n, sums.d, sums.pca), (0, 1, 1), "narrow is a success and counts, broad is adjusted");
    let other = row.measures.iter().find(|(n, _)| &**n == "antibiotics_per_1000@1").expect("two antibiotics").1;
    assert_eq!((other.n, other.pca), (2, 0), "other measures do not know of it");
}

#[test]
fn an_event_of_the_last_of_march_at_23_30_utc_counts_in_april() {
    let rows = fold(&[
        prescription("march", 1, "7000001", utc(2026, 3, 31, 22)),
        prescription("april", 1, "7000001", utc(2026, 3, 31, 23)),
        prescription("october", 1, "7000001", utc(2026, 10, 31, 23)),
        prescription("leap", 1, "7000001", utc(2024, 2, 29, 12)),
    ]);
    for (at, items) in [("2026-03", 1), ("2026-04", 1), ("2026-10", 1), ("2026-11", 0), ("2024-02", 1), ("2024-03", 0)] {
        assert_eq!(base_of(&rows, "7000001", at).items, items, "{at}");
    }
}

#[test]
fn a_missing_practice_is_replaced_by_the_feeds_declared_one() {
    let mut rx = prescription("p", 1, "7000001", utc(2026, 10, 5, 9));
    rx.practice = None;
    let rows = fold(&[rx]);
    assert_eq!(rows.keys().next().map(|(_, practice, _)| practice.as_str()), Some("unknown"));
}

/// Versions of a few events, at most one content a version.
fn history() -> impl Strategy<Value = Vec<Event<'static>>> {
    let version = (0..5u32, 1..5u64, 0..3u32, 0..60i64, 0..7u32);
    proptest::collection::vec(version, 1..30).prop_map(|drawn| {
        let mut seen = BTreeMap::new();
        for (id, version, who, day, kind) in drawn {
            seen.entry((id, version)).or_insert_with(|| draw(id, version, who, day, kind));
        }
        seen.into_values().collect()
    })
}

fn draw(id: u32, version: u64, who: u32, day: i64, kind: u32) -> Event<'static> {
    let at = utc(2026, 9, 20, 9).plus_seconds(day * 86_400);
    let clinician = format!("700000{who}");
    // Ids 0 and 1 are encounters, 2 is feedback that links one, the rest are prescriptions that may link one.
    let mut event = match id {
        0 | 1 => encounter(&format!("x{id}"), version, &clinician, at),
        2 => answer("x2", version, at, if kind.is_multiple_of(2) { "x0" } else { "x1" }),
        _ => prescription(&format!("x{id}"), version, &clinician, at),
    };
    if id == 4 && kind.is_multiple_of(2) {
        event.clinician = None;
        event.practice = None;
        event.link = Some("x1".into());
    }
    if let Detail::Encounter(Some(e)) = &mut event.detail {
        e.mode = if kind.is_multiple_of(2) { Mode::Telephone } else { Mode::Home };
        e.minutes = Some(kind * 7);
    }
    match kind {
        5 => retraction(&event, version),
        6 => {
            event.action = Action::Hold;
            event
        }
        _ => event,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_duplication_of_the_same_versions_gives_the_same_sums(
        (events, shuffled) in history().prop_flat_map(|events| {
            let twice: Vec<Event<'static>> = events.iter().chain(&events).cloned().collect();
            (Just(events), Just(twice).prop_shuffle())
        })
    ) {
        prop_assert_eq!(sums(&fold(&events)), sums(&fold(&shuffled)));
    }
}

#[test]
fn a_feed_in_another_zone_counts_by_its_own_calendar() {
    let zone = scorecard::time::calendar::Zone::named("America/New_York").unwrap();
    let feed = std::sync::Arc::new(Feed { zone, ..Feed::undeclared("far") });
    let config = DecoderConfig { feeds: BTreeMap::from([("far".to_owned(), feed)]), ..DecoderConfig::default() };
    let decoder = RecordDecoder::new(config);
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    // 23:30 on the last of October in New York is 03:30 on the first of November in London.
    for (feed, id) in [("far", "a"), ("near", "b")] {
        let json = format!(
            r#"{{"feed":"{feed}","id":"{id}","type":"prescription","occurred_at":"2026-10-31T23:30:00-04:00",
            "clinician":{{"system":"gmc","value":"7000001"}},"practice":"A81001","prescription":
            {{"code":"0501013B0AAABAB","code_system":"bnf","quantity":21,"cost_pence":143}}}}"#
        );
        let position = Position { source: "test".to_owned(), partition: 0, offset: 1, index: None };
        let now = utc(2026, 11, 2, 3);
        let context = Context { position: &position, feed: None, received_at: now, now };
        let mut log = world.log.handle();
        decoder.decode(json.as_bytes(), &context, &mut |item| world.intake.take(&mut log, item).unwrap());
        world.intake.flush(&mut log).unwrap();
    }
    world.tally_until(utc(2026, 11, 3, 3));
    let months: Vec<(String, i64)> = records(&world.log, Topic::ClinicianMonths, 0)
        .into_iter()
        .filter_map(|record| match record {
            Record::ClinicianMonth(row) => Some((format!("{} {}", row.key.feed, row.key.month), row.base.items)),
            _ => None,
        })
        .collect();
    assert_eq!(months, [("far 2026-10".to_owned(), 1), ("near 2026-11".to_owned(), 1)]);
}

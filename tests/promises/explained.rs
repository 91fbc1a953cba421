//! The explanation of a number on a card lists exactly the events of its own revision, and they add up to the number.

use std::collections::{BTreeMap, BTreeSet};

use promises::played_network::{Network, PlayedWorld, play};
use promises::world::{World, deployment, encounter, month, prescription, retraction, utc};
use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::event::{Detail, Event, Exclusion, Feedback};
use scorecard::fold::explanation::{Effect, Explanation, ExplanationError, Line, LocatedShare, MeasureSide, explain};
use scorecard::peer_group::unit::WINDOWS;
use scorecard::registry::entry::{Entry, Person};
use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::schedule::Grid;
use serde_json::Value;
use stream::evidence::{EvidenceError, evidence};
use stream::log::Topic;

const WEEKLY: Grid = Grid { period_seconds: 7 * 86_400, offset_seconds: 10_800 };

fn played() -> PlayedWorld {
    let population = sim::traffic::population::PopulationConfig { seed: 21, practices: 6, clinicians: 36, ..Default::default() };
    let traffic = sim::traffic::deliveries::TrafficConfig { seed: 21, months: 4, encounters_per_day: 1.0, ..Default::default() };
    let network = Network::draw(&population, &traffic);
    let mut deployment = deployment(3, WEEKLY.at_or_after(network.begins()));
    deployment.schedule.grid = WEEKLY;
    play(&network, deployment, 40, network.ends())
}

fn known(world: &World, card: &Scorecard, window: u8) -> Vec<LocatedShare> {
    evidence(&world.deployment, &mut world.log.handle(), card, window, &|| true).expect("the log holds everything")
}

/// Every version of every event that was logged before a cut: whether it records the event, by feed, id and version.
type Versions = BTreeMap<(String, String), BTreeMap<u64, bool>>;

fn versions_before(played: &PlayedWorld, cut: Timestamp) -> Versions {
    let at = played.sent.cuts.iter().position(|at| *at == cut).expect("a cut that was played");
    let mut versions = Versions::new();
    for (feed, count) in &played.sent.before[at] {
        for json in &played.sent.logged[feed][..*count] {
            let event: Value = serde_json::from_str(json).expect("native traffic is JSON");
            let id = event["id"].as_str().expect("an id").to_owned();
            let records = event["action"] != "retract";
            versions.entry((feed.clone(), id)).or_default().insert(event["version"].as_u64().unwrap_or(1), records);
        }
    }
    versions
}

/// Each line is a logged version that records its event before the cut. Where its month was open, no newer version was logged.
fn check_lines(explanation: &Explanation, versions: &Versions, open_from: Month) {
    let mut seen = BTreeSet::new();
    for line in &explanation.lines {
        let at = format!("{} {} {line:?}", explanation.measure, explanation.cut);
        let logged = &versions[&(line.feed.clone(), line.id.clone())];
        assert_eq!(logged.get(&line.version), Some(&true), "{at}");
        if line.month >= open_from {
            assert_eq!(logged.keys().max(), Some(&line.version), "a newer version was logged: {at}");
        }
        assert!(seen.insert((&line.feed, &line.id, line.month)), "twice: {at}");
    }
    assert!(explanation.lines.is_sorted_by_key(|line| (line.day, &line.feed, &line.id)), "{}", explanation.measure);
}

#[test]
fn the_lines_add_up_to_every_measure_and_window_and_side_of_disorderly_traffic() {
    let played = played();
    let World { deployment, .. } = &played.world;
    let first = played.world.revisions().iter().map(|card| card.content.period.month).min().expect("cards");
    let sealed = deployment.schedule.sealed_from(first);
    let standing: Vec<Scorecard> =
        played.world.revisions().into_iter().filter(|card| card.content.status != Status::Withdrawn).collect();
    let (late, early): (Vec<&Scorecard>, Vec<&Scorecard>) = standing.iter().partition(|card| card.cut >= sealed);
    // Few persons work in two practices whose settings are compared.
    let roll_ups = early.iter().filter(|card| card.content.subject.practice.is_empty()).take(5);
    let chosen: Vec<&Scorecard> =
        early.iter().step_by(early.len() / 40 + 1).chain(late.iter().take(25)).chain(roll_ups).copied().collect();
    let (mut numbers, mut lines, mut merged, mut roll_ups, mut restated, mut reaching) = (0, 0, 0, 0, 0, 0);
    for card in chosen {
        let versions = versions_before(&played, card.cut);
        let before = deployment.schedule.grid.at_or_before(card.cut.plus_seconds(-1));
        let open_from = deployment.schedule.open_from(before);
        let known = known(&played.world, card, 12);
        for measure in 0..deployment.measures.measures().len() {
            for window in WINDOWS {
                let explanation = explain(card, &deployment.measures, measure, window, &known).unwrap_or_else(|error| {
                    panic!("{} {} at {}: {error}", card.key(), card.revision, card.cut);
                });
                check_lines(&explanation, &versions, open_from);
                for (side, sum) in [(MeasureSide::Numerator, explanation.n), (MeasureSide::Denominator, explanation.d)] {
                    let mut one = explanation.clone();
                    one.keep(side);
                    let of = |line: &Line| if side == MeasureSide::Numerator { line.numerator } else { line.denominator };
                    assert_eq!(one.lines.iter().filter_map(of).sum::<i64>(), sum, "{}", one.measure);
                    assert!(one.lines.iter().all(|line| of(line).is_some()));
                }
                numbers += usize::from(!explanation.lines.is_empty());
                lines += explanation.lines.len();
                merged += explanation.lines.iter().filter(|line| line.clinician != explanation.clinician).count();
                reaching += usize::from(window > 1 && explanation.lines.iter().any(|line| line.month < open_from));
            }
        }
        roll_ups += usize::from(card.content.subject.practice.is_empty());
        restated += usize::from(card.content.status == Status::Restated);
    }
    println!(
        "{numbers} numbers, {lines} lines, {merged} of merged ids, {roll_ups} roll-ups, {restated} restated, {reaching} reaching back"
    );
    assert!(numbers > 1_000 && lines > 10_000 && merged > 1_000, "{numbers}, {lines}, {merged}");
    assert!(roll_ups > 2 && restated > 2 && reaching > 20, "{roll_ups}, {restated}, {reaching}");
}

fn explained(world: &World, card: &Scorecard, measure: &str, window: u8) -> Explanation {
    let index = world.deployment.measures.index_of(measure).expect("a measure of the repository");
    explain(card, &world.deployment.measures, index, window, &known(world, card, window))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn ids(explanation: &Explanation) -> Vec<(&str, u64)> {
    explanation.lines.iter().map(|line| (line.id.as_str(), line.version)).collect()
}

fn cards_of(world: &World, clinician: &str, of: &str) -> Vec<Scorecard> {
    let ours = |card: &Scorecard| card.content.subject.clinician == clinician && card.content.period.month == month(of);
    world.revisions().into_iter().filter(ours).collect()
}

#[test]
fn a_first_revision_explained_after_amendments_shows_its_own_events_and_no_moved_event() {
    let mut world = World::new(deployment(2, utc(2026, 10, 1, 3)));
    let visit = |id: &str, version, who: &str, day| encounter(id, version, who, utc(2026, 10, day, 9));
    let events = vec![visit("stays", 1, "7000001", 5), visit("moves", 1, "7000001", 6), visit("goes", 1, "7000001", 7)];
    world.feed(utc(2026, 10, 8, 9), "a", events);
    world.run_until(utc(2026, 11, 5, 3));
    let goes = visit("goes", 1, "7000001", 7);
    world.feed(
        utc(2026, 11, 6, 9),
        "a",
        vec![visit("moves", 2, "7000002", 6), retraction(&goes, 2), visit("late", 1, "7000001", 2)],
    );
    world.run_until(utc(2026, 11, 10, 3));
    let ours = cards_of(&world, "gmc|7000001", "2026-10");
    assert_eq!(ours.len(), 2, "a first revision and one after the changes");
    for window in WINDOWS {
        assert_eq!(ids(&explained(&world, &ours[0], "telephone_share", window)), [("stays", 1), ("moves", 1), ("goes", 1)]);
        assert_eq!(ids(&explained(&world, &ours[1], "telephone_share", window)), [("late", 1), ("stays", 1)]);
    }
    let theirs = cards_of(&world, "gmc|7000002", "2026-10");
    assert_eq!(ids(&explained(&world, &theirs[0], "telephone_share", 1)), [("moves", 2)]);
}

#[test]
fn windows_over_sealed_months_are_explained_by_the_rows_at_the_seal() {
    let mut world = World::new(deployment(1, utc(2025, 1, 1, 3)));
    let one = |id: &str, version, at: Timestamp| encounter(id, version, "7000001", at);
    let january = utc(2025, 1, 10, 9);
    world.feed(january, "a", vec![one("kept", 1, january), one("moved", 1, january)]);
    world.feed(utc(2025, 12, 5, 9), "a", vec![one("newer", 1, utc(2025, 12, 5, 9))]);
    // January is sealed on 1 March 2026. Then one of its events moves to December, and one is retracted.
    world.run_until(utc(2026, 3, 5, 3));
    world.feed(utc(2026, 3, 5, 9), "a", vec![one("moved", 2, utc(2025, 12, 6, 9)), retraction(&one("kept", 1, january), 2)]);
    world.run_until(utc(2026, 3, 8, 3));
    let card = cards_of(&world, "gmc|7000001", "2025-12").pop().expect("a card of December");
    assert_eq!(card.content.status, Status::Restated);
    let year = explained(&world, &card, "telephone_share", 12);
    // January's sealed row stays as it was, and the amended version counts in December as well.
    assert_eq!(ids(&year), [("kept", 1), ("moved", 1), ("newer", 1), ("moved", 2)]);
    assert_eq!(year.d, 4);
    let months: Vec<String> = year.lines.iter().map(|line| line.month.to_string()).collect();
    assert_eq!(months, ["2025-01", "2025-01", "2025-12", "2025-12"]);
}

#[test]
fn excluded_and_adjusted_events_are_listed_and_add_nothing() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let at = utc(2026, 10, 5, 9);
    let plain = prescription("plain", 1, "7000001", at);
    let excluded = Event { exclude: Some(Exclusion::Test), ..prescription("excluded", 1, "7000001", at) };
    // Low is good and this event is in the numerator. It is no success, so adjustment leaves it out.
    let code = |code: &'static str, event: Event<'static>| match event.detail {
        Detail::Prescription(Some(mut drug)) => {
            drug.drug = scorecard::event::Codes::one(format!("bnf|{code}"));
            Event { detail: Detail::Prescription(Some(drug)), ..event }
        }
        _ => unreachable!("it is a prescription"),
    };
    let adjusted =
        Event { pca: vec!["broad_spectrum".into()], ..code("0501021A0AAAAAA", prescription("adjusted", 1, "7000001", at)) };
    world.feed(at, "a", vec![plain, excluded, adjusted]);
    world.run_until(utc(2026, 11, 5, 3));
    let card = cards_of(&world, "gmc|7000001", "2026-10").pop().expect("a card");
    let shown = explained(&world, &card, "broad_spectrum", 1);
    let effects: Vec<(&str, Effect, Option<i64>, Option<i64>)> =
        shown.lines.iter().map(|line| (line.id.as_str(), line.effect, line.numerator, line.denominator)).collect();
    let expected = [
        ("adjusted", Effect::Adjusted, None, None),
        ("excluded", Effect::Excluded, None, None),
        ("plain", Effect::Counts, None, Some(1)),
    ];
    assert_eq!(effects, expected);
}

#[test]
fn feedback_is_shown_in_the_month_of_the_encounter_that_it_links() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let (visit, answer) = (utc(2026, 10, 30, 9), utc(2026, 11, 2, 9));
    let detail = Detail::Feedback(Some(Feedback { answer: Some(scorecard::event::Answer::Good), items: Vec::new() }));
    let feedback = Event { link: Some("visit".into()), detail, ..encounter("answer", 1, "7000001", answer) };
    world.feed(answer, "a", vec![encounter("visit", 1, "7000001", visit), feedback]);
    world.run_until(utc(2026, 11, 10, 3));
    let card = cards_of(&world, "gmc|7000001", "2026-10").pop().expect("a card");
    let shown = explained(&world, &card, "fft_positive", 1);
    assert_eq!(ids(&shown), [("answer", 1)]);
    assert_eq!((shown.lines[0].month, shown.lines[0].day.map(|day| day.month())), (month("2026-10"), Some(month("2026-11"))));
    assert_eq!(shown.lines[0].what, "good");
}

#[test]
fn a_card_whose_events_do_not_add_up_is_refused_with_both_sums() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    world.feed(utc(2026, 10, 5, 9), "a", vec![encounter("e1", 1, "7000001", utc(2026, 10, 5, 9))]);
    world.run_until(utc(2026, 11, 5, 3));
    let mut card = cards_of(&world, "gmc|7000001", "2026-10").pop().expect("a card");
    let set = &world.deployment.measures;
    let index = set.index_of("telephone_share").expect("a measure of the repository");
    let events = known(&world, &card, 1);
    for measure in &mut card.content.measures {
        if let Some(last) = measure.months_d.last_mut() {
            *last += 7;
        }
    }
    let refused = explain(&card, set, index, 1, &events).unwrap_err();
    assert!(matches!(refused, ExplanationError::Differs { .. }));
    let text = refused.to_string();
    assert!(text.contains("0 over 1 ") && text.contains("0 over 8 "), "{text}");
    let telephone = card.content.measures.iter_mut().find(|measure| &*measure.id == "telephone_share");
    telephone.expect("an encounter counts for it").version += 1;
    assert!(matches!(explain(&card, set, index, 1, &events), Err(ExplanationError::OtherDefinition { .. })));
}

#[test]
fn a_card_whose_events_retention_deleted_is_refused_instead_of_explained_in_part() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    for day in 2..20 {
        let at = utc(2026, 10, day, 9);
        world.feed(at, "a", vec![encounter(&format!("e{day}"), 1, "7000001", at)]);
        world.run_until(utc(2026, 10, day + 1, 3));
    }
    world.run_until(utc(2026, 11, 5, 3));
    let card = cards_of(&world, "gmc|7000001", "2026-10").pop().expect("a card");
    assert_eq!(known(&world, &card, 1).len(), 18);
    let abandoned = evidence(&world.deployment, &mut world.log.handle(), &card, 1, &|| false);
    assert!(matches!(abandoned, Err(EvidenceError::Abandoned)), "{abandoned:?}");
    world.log.tamper(Topic::Events, 0, |records| records.retain(|stored| stored.offset >= 10));
    let gone = evidence(&world.deployment, &mut world.log.handle(), &card, 1, &|| true);
    assert!(matches!(&gone, Err(EvidenceError::Gone(why)) if why.contains("partition 0")), "{gone:?}");
}

#[test]
fn a_merged_person_is_explained_by_the_registry_of_each_revisions_own_cut() {
    let mut world = World::new(deployment(2, utc(2026, 10, 1, 3)));
    let visit = |id: &str, who: &str, practice: &'static str, day| Event {
        practice: Some(practice.into()),
        ..encounter(id, 1, who, utc(2026, 10, day, 9))
    };
    let events =
        vec![visit("one", "7000001", "A81001", 5), visit("two", "7000002", "A81001", 6), visit("far", "7000002", "B82002", 7)];
    for (person, practice) in [("gmc|7000001", "A81001"), ("gmc|7000002", "A81001"), ("gmc|7000002", "B82002")] {
        world.employ(utc(2026, 10, 1, 2), person, practice, "gp");
    }
    world.feed(utc(2026, 10, 8, 9), "a", events);
    world.run_until(utc(2026, 11, 5, 3));
    let aliases = vec!["gmc|7000001".to_owned(), "gmc|7000002".to_owned()];
    world.register(utc(2026, 11, 5, 9), Entry::Person(Person { id: "dr-who".to_owned(), aliases, ..Person::default() }));
    world.run_until(utc(2026, 11, 8, 3));
    let find = |person: &str, practice: &str| -> Vec<Scorecard> {
        cards_of(&world, person, "2026-10").into_iter().filter(|card| card.content.subject.practice == practice).collect()
    };
    let shown = |card: &Scorecard| -> Vec<String> {
        explained(&world, card, "telephone_share", 12).lines.iter().map(|line| line.id.clone()).collect()
    };
    // After the merger the events of both ids count; the roll-up adds those of the other practice.
    assert_eq!(shown(&find("dr-who", "A81001")[0]), ["one", "two"]);
    assert_eq!(shown(&find("dr-who", "")[0]), ["one", "two", "far"]);
    // The revision before the merger has only its own id, though the registry has changed since.
    let before = find("gmc|7000001", "A81001");
    assert_eq!(shown(&before[0]), ["one"]);
    assert_eq!(shown(&find("gmc|7000002", "")[0]), ["two", "far"]);
    let withdrawn = before.last().expect("revisions");
    assert_eq!(withdrawn.content.status, Status::Withdrawn);
    let events = known(&world, withdrawn, 1);
    let refused = explain(withdrawn, &world.deployment.measures, 0, 1, &events);
    assert_eq!(refused, Err(ExplanationError::Withdrawn(withdrawn.revision)));
}

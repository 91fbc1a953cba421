//! The measure set's code book decides what codes mean, definitions give references their codes, and the feed's rule decides which
//! ids are one event.

use std::borrow::Cow;
use std::sync::Arc;

use promises::folded_rows::{FoldedRows, tally};
use promises::world::{World, deployment, encounter, event, measure_files, measures, month, prescription, utc};
use proptest::prelude::*;
use scorecard::card::scorecard::{Cause, Scorecard};
use scorecard::event::{
    Answer, Batch, CodeDefinition, Codes, Detail, Event, Feedback, IdScope, Observation, ObservedValue, Order, Prescription,
};
use scorecard::measure::code_book::{CodeBook, FRIENDS_AND_FAMILY};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::time::calendar::Timestamp;

const AMOXICILLIN: &str = "0501013B0AAABAB";

fn built_in() -> Arc<MeasureSet> {
    measures(&measure_files())
}

fn with_codes(book: CodeBook) -> Arc<MeasureSet> {
    let files = measure_files();
    let set = MeasureSet::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).expect("valid measures");
    Arc::new(set.with_codes(book))
}

fn at() -> Timestamp {
    utc(2026, 10, 5, 9)
}

/// A prescription with these codings and this reference.
fn drug(id: &str, codings: &[&'static str], reference: Option<&'static str>) -> Event<'static> {
    let mut event = prescription(id, 1, "7000001", at());
    if let Detail::Prescription(Some(Prescription { drug, reference: named, .. })) = &mut event.detail {
        *drug = codings.iter().map(|coding| Cow::Borrowed(*coding)).collect();
        *named = reference.map(Cow::Borrowed);
    }
    event
}

fn order(id: &str, category: &'static str) -> Event<'static> {
    let detail = Order { category: Codes::one(category), code: Codes::default() };
    event(id, 1, "7000001", at(), Detail::Order(Some(detail)))
}

fn feedback(id: &str, items: &[(&'static str, &'static str)]) -> Event<'static> {
    let items = items.iter().map(|(question, answer)| ((*question).into(), (*answer).into())).collect();
    event(id, 1, "7000001", at(), Detail::Feedback(Some(Feedback { answer: None, items })))
}

fn definition(reference: &'static str, version: u64, coding: Option<&'static str>) -> CodeDefinition<'static> {
    CodeDefinition { reference: reference.into(), version, codes: coding.map(Codes::one).unwrap_or_default() }
}

fn defining(feed: &'static str, definitions: Vec<CodeDefinition<'static>>, events: Vec<Event<'static>>) -> Batch<'static> {
    Batch { definitions, ..Batch::new(feed, events) }
}

#[test]
fn a_mapped_code_counts_and_a_code_without_a_drug_is_not_unmapped() {
    let mut book = CodeBook::default();
    book.insert_drug("https://dmd.nhs.uk", "39113611000001102", AMOXICILLIN).expect("a valid row");
    book.insert_drug("dm+d", "3378311000001103", "none").expect("a valid row");
    let events = vec![
        drug("a", &["http://snomed.info/sct|39113611000001102"], None),
        drug("b", &["dmd|3378311000001103"], None),
        drug("c", &["dmd|1"], None),
        drug("d", &[], None),
    ];
    let rows = FoldedRows::of(&with_codes(book), &[Batch::new("a", events)]);
    assert_eq!((rows.base().items, rows.base().unmapped_items), (4, 2));
    assert_eq!(rows.measure("antibiotics_per_1000").n, 1);
}

/// The newest card of the clinician for October.
fn card(world: &World) -> Scorecard {
    world.cards().into_values().find(|card| card.content.period.month == month("2026-10")).expect("a card")
}

#[test]
fn a_new_map_is_a_change_of_definition_and_repairs_the_months_before() {
    let mut world = World::new(deployment(1, utc(2026, 10, 1, 3)));
    let mut events = vec![encounter("e", 1, "7000001", at())];
    events.extend((0..12).map(|n| drug(&format!("rx{n}"), &["dmd|39113611000001102"], None)));
    world.feed(at(), "a", events);
    world.run_until(utc(2026, 12, 10, 3));
    let antibiotics = |card: &Scorecard| {
        let measure = card.content.measures.iter().find(|measure| &*measure.id == "antibiotics_per_1000");
        measure.map_or(0, |measure| *measure.months_n.last().expect("24 months"))
    };
    let before = card(&world);
    assert_eq!(antibiotics(&before), 0);

    let mut book = CodeBook::default();
    book.insert_drug("dmd", "39113611000001102", AMOXICILLIN).expect("a valid row");
    world.deployment.measures = with_codes(book);
    world.restart_tally(0);
    world.restart_publisher();
    world.run_until(utc(2026, 12, 12, 3));
    let after = card(&world);
    assert_eq!(antibiotics(&after), 12);
    assert!(after.reasons.iter().any(|reason| reason.cause == Cause::DefinitionChange), "{:?}", after.reasons);
    assert_eq!(after.revision, before.revision + 1);
}

#[test]
fn an_order_of_an_unknown_category_counts_nowhere_and_is_counted() {
    let orders = ["plumbline|referral", "http://snomed.info/sct|108252007", "local|minor-surgery", "local|gastrointestinal"];
    let events = orders.iter().zip(0..).map(|(category, n)| order(&format!("o{n}"), category)).collect();
    let rows = FoldedRows::of(&built_in(), &[Batch::new("a", events)]);
    assert_eq!((rows.measure("referral_rate").n, rows.measure("test_request_rate").n), (1, 1));
    assert_eq!((rows.base().facts, rows.outcomes.accepted, rows.outcomes.uncategorised), (2, 4, 2));
}

#[test]
fn questions_are_those_of_the_book_and_another_questionnaire_counts_nowhere() {
    let mut book = CodeBook::default();
    book.insert_question("q7", "listened").expect("a valid row");
    book.insert_question("overall", FRIENDS_AND_FAMILY).expect("a valid row");
    book.insert_answer("listened", "3", "yes_definitely").expect("a valid row");
    let events = vec![
        feedback("a", &[("q7", "3"), ("overall", "Very good")]),
        feedback("b", &[("fft", "neither good nor poor")]),
        feedback("c", &[("listened", "no")]),
        feedback("d", &[("phq-9.1", "2")]),
    ];
    let rows = FoldedRows::of(&with_codes(book), &[Batch::new("a", events)]);
    assert_eq!(rows.base().responses, 3);
    assert_eq!(rows.base().answers[Answer::VeryGood as usize], 1);
    assert_eq!(rows.base().answers[Answer::Neither as usize], 1);
    let listened = rows.measure("listened_top_box");
    assert_eq!((listened.n, listened.d), (1, 2));
}

#[test]
fn an_observation_is_stored_and_makes_no_row() {
    let pressure = |id: &str, version, value_milli| {
        let value = ObservedValue { code: Codes::one("loinc|8480-6"), value_milli, unit: None };
        let detail = Observation { code: Codes::one("loinc|85354-9"), values: vec![value] };
        event(id, version, "7000001", at(), Detail::Observation(Some(detail)))
    };
    let events = vec![
        pressure("a", 1, 120_000),
        pressure("a", 1, 120_000),
        pressure("a", 1, 121_000),
        pressure("a", 2, 122_000),
        pressure("a", 1, 120_000),
    ];
    let rows = FoldedRows::of(&built_in(), &[Batch::new("a", events)]);
    let outcomes = rows.outcomes;
    assert_eq!((outcomes.accepted, outcomes.duplicate, outcomes.conflict, outcomes.stale), (2, 1, 1, 1));
    assert!(rows.without_counters().is_empty() && rows.total().is_zero());
}

#[test]
fn ids_are_unique_in_the_feed_or_for_each_kind_as_the_batch_says() {
    let mut linked = drug("1", &["bnf|0501013B0AAABAB"], None);
    (linked.clinician, linked.practice, linked.link) = (None, None, Some("1".into()));
    let events = vec![encounter("1", 1, "7000001", at()), linked];
    let of = |ids| FoldedRows::of(&built_in(), &[Batch { ids, ..Batch::new("a", events.clone()) }]);
    let (feed, kind) = (of(IdScope::Feed), of(IdScope::Kind));
    assert_eq!((feed.outcomes.conflict, feed.base().facts), (1, 1), "in a feed with one set of ids they are one event");
    assert_eq!((kind.outcomes.accepted, kind.base().encounters, kind.base().items), (2, 1, 1));
    assert_eq!(kind.measure("antibiotics_per_1000").n, 1, "a link names an encounter");
}

#[test]
fn a_reference_without_a_definition_is_unmapped_and_its_first_definition_amends_the_row() {
    let measures = built_in();
    let mut fold = tally(&measures);
    fold.apply(&Batch::new("a", vec![drug("p", &[], Some("Medication/1"))]), at());
    let rows = FoldedRows::at_cut(&measures, &mut fold);
    assert_eq!((rows.base().unmapped_items, rows.base().amended), (1, 0));
    fold.apply(&defining("a", vec![definition("Medication/1", 3, Some("bnf|0501013B0AAABAB"))], vec![]), at());
    let rows = FoldedRows::at_cut(&measures, &mut fold);
    assert_eq!((rows.base().unmapped_items, rows.base().amended), (0, 1));
    assert_eq!(rows.measure("antibiotics_per_1000").n, 1);
    fold.apply(&defining("a", vec![definition("Medication/1", 2, Some("bnf|0212000Y0AAADAD"))], vec![]), at());
    assert_eq!(FoldedRows::at_cut(&measures, &mut fold).measure("antibiotics_per_1000").n, 1, "version 2 is older");
    fold.apply(&defining("a", vec![definition("Medication/1", 4, None)], vec![]), at());
    let rows = FoldedRows::at_cut(&measures, &mut fold);
    assert_eq!((rows.base().unmapped_items, rows.measure("antibiotics_per_1000").n), (1, 0), "a deleted resource has no code");
}

#[test]
fn own_codings_count_before_a_reference_and_a_reference_is_of_its_feed() {
    let both = drug("p", &["bnf|0501013B0AAABAB"], Some("Medication/1"));
    let referring = drug("p", &[], Some("Medication/1"));
    let statin = || vec![definition("Medication/1", 1, Some("bnf|0212000Y0AAADAD"))];
    let rows = FoldedRows::of(&built_in(), &[defining("a", statin(), vec![both])]);
    assert_eq!(rows.measure("antibiotics_per_1000").n, 1);
    let rows = FoldedRows::of(&built_in(), &[defining("a", statin(), vec![]), Batch::new("b", vec![referring])]);
    assert_eq!(rows.base().unmapped_items, 1, "feed b has no such resource");
}

#[test]
fn a_definition_stays_while_a_fact_refers_to_it() {
    let measures = built_in();
    let mut fold = tally(&measures);
    let late = |id: &str, when| Event { version: Some(1), ..drug(id, &[], Some("Medication/1")) }.at(when);
    fold.apply(&defining("a", vec![definition("Medication/1", 1, Some("bnf|0501013B0AAABAB"))], vec![late("p", at())]), at());
    // The month of October seals on 1 December 2027. The amendment has a later day, so its fact stays.
    let amended = Event { version: Some(2), ..late("p", utc(2027, 10, 5, 9)) };
    fold.apply(&Batch::new("a", vec![amended]), utc(2027, 10, 6, 9));
    fold.cut();
    fold.settle(utc(2028, 2, 1, 3));
    fold.apply(&Batch::new("a", vec![late("q", utc(2028, 1, 5, 9))]), utc(2028, 2, 1, 9));
    let rows = FoldedRows::at_cut(&measures, &mut fold);
    assert_eq!((rows.base().items, rows.base().unmapped_items), (2, 0));
    // Nothing has named it since February 2028, and both facts are gone in 2030.
    fold.settle(utc(2030, 2, 1, 3));
    fold.apply(&Batch::new("a", vec![late("r", utc(2030, 1, 5, 9))]), utc(2030, 2, 1, 9));
    assert_eq!(FoldedRows::at_cut(&measures, &mut fold).base().unmapped_items, 1);
}

/// An event at another time.
trait AtTime {
    fn at(self, when: Timestamp) -> Self;
}

impl AtTime for Event<'static> {
    fn at(self, when: Timestamp) -> Event<'static> {
        let day = Some(scorecard::time::calendar::Zone::london().day_of(when));
        Event { occurred_at: Some(when), recorded_at: Some(when), day, ..self }
    }
}

/// Prescriptions with references, and definitions of those, in batches of one each.
fn history() -> impl Strategy<Value = Vec<Batch<'static>>> {
    const REFERENCES: [&str; 3] = ["Medication/1", "Medication/2", "Medication/3"];
    const CODINGS: [Option<&str>; 4] = [Some("bnf|0501013B0AAABAB"), Some("bnf|0212000Y0AAADAD"), Some("local|x"), None];
    let events = proptest::collection::vec((0..4_u32, 1..4_u64, 0..3_usize, 0..3_u32), 1..12);
    let definitions = proptest::collection::vec((0..3_usize, 1..5_u64, 0..4_usize), 1..8);
    (events, definitions).prop_map(|(events, definitions)| {
        let mut batches = std::collections::BTreeMap::new();
        for (id, version, reference, kind) in events {
            let id = format!("p{id}");
            let event = Event { version: Some(version), ..drug(&id, &[], Some(REFERENCES[reference])) };
            let sent = if kind == 0 { promises::world::retraction(&event, version) } else { event };
            batches.entry((id, version)).or_insert_with(|| Batch::new("a", vec![sent]));
        }
        for (reference, version, coding) in definitions {
            let name = REFERENCES[reference];
            let one = || defining("a", vec![definition(name, version, CODINGS[coding])], vec![]);
            batches.entry((name.to_owned(), version)).or_insert_with(one);
        }
        batches.into_values().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_and_definitions_gives_the_same_sums(
        (batches, shuffled) in history().prop_flat_map(|batches| {
            let twice: Vec<Batch<'static>> = batches.iter().chain(&batches).cloned().collect();
            (Just(batches), Just(twice).prop_shuffle())
        })
    ) {
        let measures = built_in();
        // In this order every definition precedes the events: `Medication/1` is before `p0`.
        let expected = FoldedRows::of(&measures, &batches).without_counters();
        prop_assert_eq!(FoldedRows::of(&measures, &shuffled).without_counters(), expected);
    }
}

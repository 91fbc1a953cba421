//! An absent value is unknown and not zero.

use std::sync::Arc;

use promises::folded_rows::FoldedRows;
use promises::world::{encounter, measure_files, measures, prescription, utc};
use scorecard::event::{Batch, Codes, Detail, Event, Exclusion, Prescription};
use scorecard::measure::measure_set::MeasureSet;

/// A benzodiazepine of `bdz_adq_per_item`, a branded and a generic desogestrel.
const BENZODIAZEPINE: &str = "bnf|0401010Z0AAAAAA";
const BRANDED: &str = "bnf|0703021Q0BBAAAA";
const GENERIC: &str = "bnf|0703021Q0AAAAAA";

fn built_in() -> Arc<MeasureSet> {
    measures(&measure_files())
}

/// A prescription of this code with these changes.
fn item(id: &str, code: &'static str, change: impl FnOnce(&mut Prescription<'static>)) -> Event<'static> {
    let mut event = prescription(id, 1, "7000001", utc(2026, 10, 5, 9));
    if let Detail::Prescription(Some(drug)) = &mut event.detail {
        drug.drug = Codes::one(code);
        change(drug);
    }
    event
}

fn fold(events: Vec<Event<'static>>) -> FoldedRows {
    FoldedRows::of(&built_in(), &[Batch::new("a", events)])
}

#[test]
fn an_item_without_a_cost_is_unknown_and_one_of_no_cost_counts() {
    let rows = fold(vec![
        item("a", GENERIC, |drug| (drug.cost_pence, drug.items) = (None, 2)),
        item("b", GENERIC, |drug| drug.cost_pence = Some(0)),
        item("c", GENERIC, |drug| drug.cost_pence = Some(30)),
    ]);
    let cost = rows.measure("cost_per_encounter");
    assert_eq!((cost.n, cost.facts_n, cost.unknown), (30, 2, 1));
    let items = rows.measure("items_per_encounter");
    assert_eq!((items.n, items.unknown), (4, 0), "a measure that needs no cost counts all");
    assert_eq!((rows.base().items, rows.base().items_without_cost, rows.base().items_without_quantity), (4, 2, 0));
    assert_eq!(rows.base().items_without_adq, 4);
}

#[test]
fn an_item_without_daily_quantities_leaves_both_sides() {
    let rows = fold(vec![
        item("a", BENZODIAZEPINE, |drug| drug.adq_milli = None),
        item("b", BENZODIAZEPINE, |drug| drug.adq_milli = Some(0)),
        item("c", BENZODIAZEPINE, |drug| drug.adq_milli = Some(14_000)),
        item("d", GENERIC, |drug| drug.adq_milli = None),
    ]);
    let sums = rows.measure("bdz_adq_per_item");
    assert_eq!((sums.n, sums.d, sums.facts_n, sums.facts_d, sums.unknown), (14_000, 2, 2, 2, 1));
}

#[test]
fn savings_add_up_quantities_and_costs_of_items_that_have_both() {
    let rows = fold(vec![
        item("a", BRANDED, |drug| (drug.quantity_milli, drug.cost_pence) = (Some(84_000), Some(900))),
        item("b", BRANDED, |drug| (drug.quantity_milli, drug.cost_pence) = (Some(28_000), None)),
        item("c", GENERIC, |drug| (drug.quantity_milli, drug.cost_pence) = (None, Some(100))),
    ]);
    let sums = rows.measure("desogestrel_branded");
    assert_eq!((sums.n, sums.d, sums.unknown), (112_000, 112_000, 1), "the share needs quantities only");
    let money = [sums.n_quantity_milli, sums.n_cost_pence, sums.d_quantity_milli, sums.d_cost_pence];
    assert_eq!(money, [84_000, 900, 84_000, 900], "the price of a unit is that of items with a known cost");
}

#[test]
fn minutes_and_booking_time_of_built_in_measures_are_out_and_not_unknown() {
    let mut event = encounter("e", 1, "7000001", utc(2026, 10, 5, 9));
    if let Detail::Encounter(Some(encounter)) = &mut event.detail {
        encounter.minutes = None;
    }
    let rows = fold(vec![event, encounter("f", 1, "7000001", utc(2026, 10, 5, 9))]);
    let minutes = rows.measure("consult_minutes");
    assert_eq!((minutes.n, minutes.d, minutes.unknown), (10, 1, 0));
    let same_day = rows.measure("same_day_access");
    assert_eq!((same_day.d, same_day.unknown), (0, 0), "neither has a booking time");
}

#[test]
fn an_excluded_item_is_excluded_before_it_is_unknown_and_unknown_before_it_is_adjusted() {
    let mut test = item("a", BENZODIAZEPINE, |drug| drug.adq_milli = None);
    test.exclude = Some(Exclusion::Test);
    let mut adjusted = item("b", BENZODIAZEPINE, |drug| drug.adq_milli = None);
    adjusted.pca = vec!["bdz_adq_per_item".into()];
    let sums = fold(vec![test, adjusted]).measure("bdz_adq_per_item");
    assert_eq!((sums.excluded, sums.unknown, sums.pca, sums.d), (1, 1, 0, 0));
}

#[test]
fn an_amendment_that_sends_the_cost_makes_an_unknown_item_known() {
    let mut known = item("a", GENERIC, |drug| drug.cost_pence = Some(77));
    known.version = Some(2);
    let unknown = item("a", GENERIC, |drug| drug.cost_pence = None);
    let sums = fold(vec![unknown.clone(), known.clone()]).measure("cost_per_encounter");
    assert_eq!((sums.n, sums.unknown), (77, 0));
    let (first, second) = (Event { version: Some(1), ..known }, Event { version: Some(2), ..unknown });
    let sums = fold(vec![first, second]).measure("cost_per_encounter");
    assert_eq!((sums.n, sums.facts_n, sums.unknown), (0, 0, 1));
}

#[test]
fn a_measure_file_decides_about_absent_fields() {
    let (name, text) = measure_files().into_iter().find(|(name, _)| name == "cost_per_encounter.toml").expect("a built-in file");
    let out = text.replace("amount = \"cost\"", "amount = \"cost\"\nabsent = { cost = \"out\" }");
    let set = |text: &str| MeasureSet::parse([(name.as_str(), text)]);
    let sums_of = |text: &str| {
        let measures = Arc::new(set(text).expect("a valid file"));
        let events = vec![item("a", GENERIC, |drug| drug.cost_pence = None), item("b", GENERIC, |_| {})];
        FoldedRows::of(&measures, &[Batch::new("a", events)]).measure("cost_per_encounter")
    };
    assert_eq!((sums_of(&text).facts_n, sums_of(&text).unknown), (1, 1));
    assert_eq!((sums_of(&out).facts_n, sums_of(&out).unknown), (1, 0));
    assert_ne!(set(&text).expect("valid").hash(), set(&out).expect("valid").hash());
    let idle = text.replace("amount = \"cost\"", "amount = \"cost\"\nabsent = { adq = \"out\" }");
    let error = set(&idle).expect_err("the side needs no daily quantities").to_string();
    assert!(error.contains("absent names adq") && error.contains("remove it"), "{error}");
}

#[test]
fn an_unmapped_item_counts_as_unmapped_and_nothing_is_subtracted_from_a_measure() {
    let rows = fold(vec![item("a", "local|x", |drug| drug.items = 3), item("b", "bnf|0501013B0AAABAB", |_| {})]);
    assert_eq!((rows.base().items, rows.base().unmapped_items), (4, 3));
    let sums = rows.measure("antibiotics_per_1000");
    assert_eq!((sums.n, sums.unknown), (1, 0));
    assert_eq!(rows.measure("items_per_encounter").n, 4);
}

//! Sums by age and sex follow every addition, link, amendment and retraction exactly, whatever the order of arrival.

use std::sync::Arc;

use promises::folded_rows::FoldedRows;
use promises::world::{World, adjusted_measure_files, deployment, encounter, measures, prescription, retraction, utc};
use proptest::prelude::*;
use scorecard::event::{Batch, Event, Sex};
use scorecard::fold::explanation::{LocatedShare, explain};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::sums::cell_sum::{CELL_COUNT, cell_sides};
use stream::deployment::Deployment;
use stream::evidence::evidence;

const ABX: &str = "antibiotics_per_1000";

fn set() -> Arc<MeasureSet> {
    measures(&adjusted_measure_files(&[ABX]))
}

fn of(event: Event<'static>, age_band: u8, sex: Sex) -> Event<'static> {
    Event { age_band: Some(age_band), sex: Some(sex), ..event }
}

fn visit(id: &str, version: u64) -> Event<'static> {
    encounter(id, version, "7000001", utc(2026, 10, 5, 9))
}

/// An antibiotic of the visit `v`, without an age of its own.
fn linked(id: &str) -> Event<'static> {
    Event { link: Some("v".into()), ..prescription(id, 1, "7000001", utc(2026, 10, 5, 9)) }
}

/// The cells that are not 0, of the numerator and of the denominator of antibiotics per 1,000.
fn cells(events: Vec<Event<'static>>) -> [Vec<(usize, i64)>; 2] {
    let set = set();
    let rows = FoldedRows::of(&set, &[Batch::new("a", events)]);
    let total = rows.total();
    let sums = |side: u32| -> [i64; CELL_COUNT] { total.cells.of_side(side) };
    let index = set.index_of(ABX).expect("a measure of the repository");
    cell_sides(index).map(|side| sums(side).into_iter().enumerate().filter(|(_, sum)| *sum != 0).collect())
}

#[test]
fn an_event_counts_in_the_cell_of_its_own_patient_else_in_that_of_its_encounter() {
    // 47 years are the band 9 of five years, and the fifth of eight: women 8, men 9. 87 years are women 14.
    let found = cells(vec![of(visit("v", 1), 9, Sex::Male), linked("p"), of(linked("q"), 17, Sex::Female)]);
    assert_eq!(found, [vec![(9, 1), (14, 1)], vec![(9, 1)]]);
    // Without age or with another sex it counts in no cell, and in the row.
    let set = set();
    let rows = FoldedRows::of(&set, &[Batch::new("a", vec![of(visit("v", 1), 9, Sex::Other), linked("p")])]);
    assert_eq!((rows.measure(ABX).n, rows.measure(ABX).d, rows.total().cells.is_empty()), (1, 1, true));
}

#[test]
fn an_encounter_that_arrives_later_changes_or_goes_moves_the_events_that_link_it() {
    let late = cells(vec![linked("p"), of(visit("v", 1), 9, Sex::Male)]);
    assert_eq!(late, [vec![(9, 1)], vec![(9, 1)]]);
    let older = cells(vec![of(visit("v", 1), 9, Sex::Male), linked("p"), of(visit("v", 2), 12, Sex::Female)]);
    assert_eq!(older, [vec![(10, 1)], vec![(10, 1)]]);
    let gone = cells(vec![of(visit("v", 1), 9, Sex::Male), linked("p"), retraction(&visit("v", 1), 2)]);
    assert_eq!(gone, [vec![], vec![]]);
}

#[test]
fn a_cell_that_a_link_changes_is_an_amendment_where_a_measure_adjusts() {
    let events = || vec![linked("p"), of(visit("v", 1), 9, Sex::Male)];
    let amended = |set: &Arc<MeasureSet>| FoldedRows::of(set, &[Batch::new("a", events())]).base().amended;
    assert_eq!(amended(&set()), 1);
    // Test requests adjust for patients in the repository's set, and count no prescription.
    assert_eq!(amended(&measures(&adjusted_measure_files(&[]))), 0);
}

#[test]
fn an_adjusted_event_is_in_no_cell() {
    // Its patient is adjusted by personalised care, and an antibiotic is no success of a measure where low is good.
    let event = Event { pca: vec![ABX.into()], ..of(linked("p"), 9, Sex::Male) };
    assert_eq!(cells(vec![event]), [vec![], vec![]]);
}

#[test]
fn an_explanation_says_the_age_and_sex_by_which_an_event_counts() {
    let mut world = World::new(Deployment { measures: set(), ..deployment(1, utc(2026, 10, 1, 3)) });
    world.feed(utc(2026, 10, 5, 9), "a", vec![of(visit("v", 1), 9, Sex::Male), linked("p"), visit("w", 1)]);
    world.run_until(utc(2026, 11, 10, 3));
    let card = world.revisions().into_iter().find(|card| card.content.period.month.to_string() == "2026-10").expect("a card");
    let known: Vec<LocatedShare> =
        evidence(&world.deployment, &mut world.log.handle(), &card, 1, &|| true).expect("the log holds everything");
    let index = world.deployment.measures.index_of(ABX).expect("a measure of the repository");
    let shown = explain(&card, &world.deployment.measures, index, 1, &known).expect("the events add up");
    let patient = |id: &str| {
        shown.lines.iter().find(|line| line.id == id).map(|line| line.what.rsplit("; ").next().unwrap_or_default().to_owned())
    };
    assert_eq!(patient("v").as_deref(), Some("male, 45 to 59 years"));
    assert_eq!(patient("p").as_deref(), Some("male, 45 to 59 years"));
    assert_eq!(patient("w").as_deref(), Some("age or sex unknown"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_arrival_changes_no_cell(
        order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle(), bands in prop::array::uniform3(0u8..19)
    ) {
        let events = [
            of(visit("v", 1), bands[0], Sex::Male),
            of(visit("v", 2), bands[1], Sex::Female),
            linked("p"),
            of(linked("q"), bands[2], Sex::Female),
            visit("w", 1),
            retraction(&linked("q"), 2),
            Event { link: Some("w".into()), ..prescription("r", 1, "7000001", utc(2026, 10, 6, 9)) },
        ];
        let shuffled = order.iter().map(|at| events[*at].clone()).collect();
        prop_assert_eq!(cells(shuffled), cells(events.to_vec()));
    }
}

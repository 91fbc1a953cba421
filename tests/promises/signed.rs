//! Signed sums follow every addition, amendment and retraction exactly, and no patient is in them.

use std::sync::Arc;

use promises::folded_rows::FoldedRows;
use promises::played_network::{Network, play};
use promises::world::{deployment, encounter, measure_files, measures, prescription, records, retraction, utc};
use proptest::prelude::*;
use scorecard::event::{Batch, Codes, Detail, Event, Pseudonym};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::{ClinicianMonth, Record};
use scorecard::sums::measure_sums::SignedSums;
use scorecard::time::schedule::Grid;
use stream::log::Topic;

fn built_in() -> Arc<MeasureSet> {
    measures(&measure_files())
}

/// An antibiotic with these items, of a patient with these signs.
fn antibiotic(id: &str, version: u64, items: u16, signs: u8) -> Event<'static> {
    let mut event = prescription(id, version, "7000001", utc(2026, 10, 5, 9));
    if let Detail::Prescription(Some(drug)) = &mut event.detail {
        drug.items = items;
    }
    Event { signs: Some(signs), ..event }
}

fn fold(events: Vec<Event<'static>>) -> FoldedRows {
    FoldedRows::of(&built_in(), &[Batch::new("a", events)])
}

/// The sum of items times sign, where a set bit is +1.
fn expected(items: &[(u16, u8)]) -> [i64; 4] {
    [0, 1, 2, 3].map(|bit| {
        let signed = |(items, signs): &(u16, u8)| if signs >> bit & 1 == 1 { i64::from(*items) } else { -i64::from(*items) };
        items.iter().map(signed).sum()
    })
}

#[test]
fn each_fact_adds_its_amount_with_the_signs_of_its_patient() {
    let rows = fold(vec![
        antibiotic("a", 1, 1, 0b0001),
        antibiotic("b", 1, 2, 0b1010),
        Event { signs: Some(0b1111), ..encounter("e", 1, "7000001", utc(2026, 10, 5, 9)) },
    ]);
    let [n, d] = rows.signed("antibiotics_per_1000");
    assert_eq!(n.0, expected(&[(1, 0b0001), (2, 0b1010)]));
    assert_eq!(d.0, [1, 1, 1, 1]);
    assert_eq!(rows.signed("items_per_encounter")[1], d, "measures share the side of attended encounters");
}

#[test]
fn an_amendment_subtracts_with_the_signs_of_the_old_version() {
    let rows = fold(vec![antibiotic("a", 1, 1, 0b0001), antibiotic("a", 2, 3, 0b0110)]);
    assert_eq!(rows.signed("antibiotics_per_1000")[0].0, expected(&[(3, 0b0110)]));
    let gone = fold(vec![antibiotic("a", 1, 1, 0b0001), retraction(&antibiotic("a", 1, 1, 0), 2)]);
    assert_eq!(gone.total().signed().count(), 0);
}

#[test]
fn absent_signs_are_those_of_the_pseudonym_else_of_the_events_id() {
    let plain = |id: &str| Event { signs: None, ..antibiotic(id, 1, 1, 0) };
    let patient = Event { patient: Some(Pseudonym([0xf6; 16])), ..plain("a") };
    assert_eq!(fold(vec![patient]).signed("antibiotics_per_1000")[0].0, expected(&[(1, 0b0110)]));
    for id in ["a", "b", "c", "rx-71"] {
        let bits = xxhash_rust::xxh3::xxh3_64(id.as_bytes()).to_le_bytes()[0] & 0xf;
        assert_eq!(fold(vec![plain(id)]).signed("antibiotics_per_1000")[0].0, expected(&[(1, bits)]), "{id}");
    }
}

#[test]
fn excluded_and_unknown_facts_have_no_signed_sums() {
    let mut excluded = antibiotic("a", 1, 1, 3);
    excluded.exclude = Some(scorecard::event::Exclusion::Test);
    let mut unknown = antibiotic("b", 1, 1, 3);
    if let Detail::Prescription(Some(drug)) = &mut unknown.detail {
        drug.drug = Codes::one("bnf|0401010Z0AAAAAA");
    }
    let rows = fold(vec![excluded, unknown]);
    assert_eq!(rows.signed("antibiotics_per_1000"), [SignedSums::default(); 2]);
    assert_eq!(rows.signed("bdz_adq_per_item"), [SignedSums::default(); 2], "an item without daily quantities is unknown");
    assert_eq!(rows.signed("items_per_encounter")[0].0, expected(&[(1, 3)]));
}

/// Versions of a few prescriptions: id, version, items, signs, and whether it is a retraction.
fn history() -> impl Strategy<Value = Vec<Event<'static>>> {
    let version = (0..4_u32, 1..5_u64, 1..9_u16, 0..16_u8, 0..5_u32);
    proptest::collection::vec(version, 1..30).prop_map(|drawn| {
        let mut seen = std::collections::BTreeMap::new();
        for (id, version, items, signs, kind) in drawn {
            let event = antibiotic(&format!("x{id}"), version, items, signs);
            let sent = if kind == 0 { retraction(&event, version) } else { event };
            seen.entry((id, version)).or_insert(sent);
        }
        seen.into_values().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn signed_sums_are_those_of_the_newest_versions_in_any_order(
        events in history().prop_flat_map(|events| {
            let twice: Vec<Event<'static>> = events.iter().chain(&events).cloned().collect();
            Just(twice).prop_shuffle()
        })
    ) {
        let mut newest = std::collections::BTreeMap::new();
        for event in &events {
            let held = newest.entry(event.id.clone()).or_insert(event);
            if event.version > held.version {
                *held = event;
            }
        }
        let counts = newest.values().filter_map(|event| match &event.detail {
            Detail::Prescription(Some(drug)) => Some((drug.items, event.signs.expect("every version has signs"))),
            _ => None,
        });
        let counts: Vec<(u16, u8)> = counts.collect();
        let rows = fold(events);
        prop_assert_eq!(rows.signed("antibiotics_per_1000")[0].0, expected(&counts));
        let n: i64 = counts.iter().map(|(items, _)| i64::from(*items)).sum();
        prop_assert_eq!(rows.measure("antibiotics_per_1000").n, n);
    }
}

/// The limit: at most two fifths more than a row without signed sums, unknown facts and items that lack a value.
#[test]
fn signed_sums_and_unknown_facts_make_a_row_at_most_two_fifths_longer() {
    let population = sim::traffic::population::PopulationConfig { seed: 3, practices: 2, clinicians: 8, ..Default::default() };
    let traffic = sim::traffic::deliveries::TrafficConfig { seed: 3, months: 2, encounters_per_day: 15.0, ..Default::default() };
    let network = Network::draw(&population, &traffic);
    let weekly = Grid { period_seconds: 7 * 86_400, offset_seconds: 10_800 };
    let mut deployment = deployment(1, weekly.at_or_after(network.begins()));
    deployment.schedule.grid = weekly;
    let played = play(&network, deployment, 100, network.ends().plus_seconds(30 * 86_400));
    let length = |row: &ClinicianMonth| {
        let mut bytes = Vec::new();
        codec::avro::encoding::encode(&Record::ClinicianMonth(row.clone()), &mut bytes).expect("a row can be written");
        bytes.len()
    };
    let (mut whole, mut added, mut rows) = (0, 0, 0);
    for record in records(&played.world.log, Topic::ClinicianMonths, 0) {
        let Record::ClinicianMonth(row) = record else { continue };
        let bare = ClinicianMonth { signed: Vec::new(), ..row.clone() };
        // A number below 64 has one byte: `unknown` of each measure. Three counts of items have at most two, an empty list has one.
        assert!(row.measures.iter().all(|(_, sums)| (0..64).contains(&sums.unknown)), "{row:?}");
        whole += length(&row);
        added += length(&row) - length(&bare) + row.measures.len() + 3 * 2 + 2;
        rows += 1;
    }
    println!("{rows} rows of {} bytes, {} of them new", whole / rows, added / rows);
    assert!(rows > 50 && added * 10 <= 4 * (whole - added), "{rows} rows of {whole} bytes, {added} of them new");
}

//! Records as JSON: the examples of `schemas/` have the names that the code writes, and values have the documented form.

use codec::json::record_lines;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::{ClinicianMonth, Outcome, Run};
use scorecard::sums::measure_sums::SignedSums;
use serde_json::{Value, json};

use crate::samples;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// The paths of a value with their types; null has any type.
fn shape(value: &Value, path: &str, into: &mut std::collections::BTreeMap<String, &'static str>) {
    let name = match value {
        Value::Null => return,
        Value::Bool(_) => "true or false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(items) => {
            items.iter().for_each(|item| shape(item, &format!("{path}[]"), into));
            "list"
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| shape(value, &format!("{path}.{name}"), into));
            "object"
        }
    };
    into.insert(path.to_owned(), name);
}

/// Every path of the example is in the code's output with the same type, and both have the same top-level names.
fn has_the_names_of(example: &str, written: &str) {
    let (example, written) = (parsed(example), parsed(written));
    let (mut shown, mut known) = Default::default();
    shape(&example, "", &mut shown);
    shape(&written, "", &mut known);
    for (path, name) in shown {
        assert_eq!(known.get(&path), Some(&name), "{path}");
    }
    let names = |value: &Value| value.as_object().expect("a record is an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&example), names(&written));
}

fn measures() -> MeasureSet {
    let files = [
        ("antibiotics_per_1000.toml", include_str!("../../../../measures/antibiotics_per_1000.toml")),
        ("dna_rate.toml", include_str!("../../../../measures/dna_rate.toml")),
    ];
    MeasureSet::parse(files).expect("the measures of the repository parse")
}

#[test]
fn the_examples_have_the_names_that_are_written() {
    has_the_names_of(
        include_str!("../../../../schemas/examples/scorecard.json"),
        &record_lines::scorecard(&samples::scorecard()),
    );
    has_the_names_of(
        include_str!("../../../../schemas/examples/peer-group.json"),
        &record_lines::peer_group(&samples::peer_group()),
    );
    has_the_names_of(include_str!("../../../../schemas/examples/run.json"), &record_lines::run(&samples::run()));
    has_the_names_of(include_str!("../../../../schemas/examples/reject.json"), &record_lines::reject(&samples::reject()));
    let signed = (0..u32::try_from(measures().sides().len()).expect("few")).map(|side| (side, SignedSums([1, 2, 3, 4])));
    let row = ClinicianMonth { measure_set: measures().hash(), signed: signed.collect(), ..samples::clinician_month() };
    let row = record_lines::clinician_month(&row, &measures());
    has_the_names_of(include_str!("../../../../schemas/examples/clinician-month.json"), &row);
}

#[test]
fn instants_are_rfc_3339_in_utc_and_months_are_months() {
    let card = parsed(&record_lines::scorecard(&samples::scorecard()));
    // `date -u -d @1794884400` and the like print these.
    assert_eq!(card["cut"], "2026-11-17T03:00:00Z");
    assert_eq!(
        card["period"],
        json!({"month": "2026-10", "zone": "Europe/London", "start": "2026-09-30T23:00:00Z", "end": "2026-11-01T00:00:00Z"})
    );
    assert_eq!(parsed(&record_lines::run(&samples::run()))["at"], "2026-11-17T03:00:00Z");
}

#[test]
fn the_fields_of_a_cards_content_are_fields_of_the_card() {
    let card = parsed(&record_lines::scorecard(&samples::scorecard()));
    let content = parsed(&record_lines::content(&samples::scorecard().content));
    for (name, value) in content.as_object().unwrap() {
        assert_eq!(&card[name], value, "{name}");
    }
    assert_eq!(card["subject"]["clinician"], "gmc|7012345");
    assert_eq!(card["measures"][0]["value"], 56.25);
}

#[test]
fn reals_are_printed_shortest_nan_is_null_and_absent_fields_are_left_out() {
    let mut group = samples::peer_group();
    (group.typical, group.median, group.p25) = (Some(0.1), Some(f64::NAN), None);
    let text = record_lines::peer_group(&group);
    assert!(text.contains(r#""typical":0.1,"median":null,"p75""#), "{text}");
}

#[test]
fn a_clinician_month_names_its_sums_and_their_units() {
    let row = parsed(&record_lines::clinician_month(&samples::clinician_month(), &measures()));
    assert_eq!(
        (&row["clinician"], &row["month"], &row["at"]),
        (&json!("gmc|7012345"), &json!("2026-10"), &json!("2026-11-17T03:00:00Z"))
    );
    assert_eq!(row["exposure"], json!({"encounters": 102, "minutes": 103, "items": 104, "responses": 106}));
    assert_eq!(row["counters"], json!({"recorded": 115, "amended": 116, "retracted": 117}));
    let sums = &row["sums"]["antibiotics_per_1000"];
    assert_eq!((&sums["numerator"], &sums["denominator"]), (&json!(3), &json!(4)));
    assert_eq!((&sums["numerator_unit"], &sums["denominator_unit"]), (&json!("items"), &json!("count")));
    assert_eq!((&sums["numerator_facts"], &sums["denominator_facts"]), (&json!(1), &json!(2)));
    assert_eq!(sums["numerator_squares"], i128::MAX.to_string());
    assert_eq!(row["sums"]["dna_rate"]["numerator"], -5);
}

#[test]
fn a_measure_that_the_set_lacks_has_no_unit() {
    let none = MeasureSet::parse([]).expect("an empty set");
    let row = parsed(&record_lines::clinician_month(&samples::clinician_month(), &none));
    assert_eq!(row["sums"]["dna_rate"]["numerator_unit"], Value::Null);
    assert_eq!(row["sums"]["dna_rate"]["denominator"], 4);
}

#[test]
fn a_skipped_run_says_why() {
    let skipped = Run { outcome: Outcome::Skipped("the log begins too late".into()), ..samples::run() };
    let run = parsed(&record_lines::run(&skipped));
    assert_eq!((&run["outcome"], &run["skipped_because"]), (&json!("skipped"), &json!("the log begins too late")));
    assert_eq!(run["sealed"][0]["digest"], "0000000000000000000000000000000a");
}

#[test]
fn every_record_is_one_line() {
    for text in [
        record_lines::scorecard(&samples::scorecard()),
        record_lines::run(&samples::run()),
        record_lines::reject(&samples::reject()),
        record_lines::peer_group(&samples::peer_group()),
        record_lines::clinician_month(&samples::clinician_month(), &measures()),
    ] {
        assert!(!text.contains('\n'));
    }
}

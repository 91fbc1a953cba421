//! Records as a line of JSON, for people who inspect a topic.

use codec::avro::encoding::Form;
use codec::avro::record_json;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::Record;
use serde_json::{Value, json};

use crate::samples;

fn shown(record: &Record<'_>) -> Value {
    let measures = MeasureSet::parse([]).expect("an empty set");
    let line = record_json::record(record, &measures).expect("it opened");
    assert!(!line.contains('\n'), "{line}");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn of_form(form: Form) -> Value {
    let records = samples::records();
    shown(records.iter().find(|record| Form::of_record(record) == Some(form)).expect("samples have every form"))
}

#[test]
fn every_record_is_one_line_and_an_internal_one_shows_every_field_of_its_schema() {
    let public = [Form::Scorecard, Form::PeerGroup, Form::Run, Form::ClinicianMonth, Form::Reject];
    for record in samples::records().iter().chain(&samples::sparse_records()) {
        let form = Form::of_record(record).expect("samples open");
        let shown = shown(record);
        let schema: Value = serde_json::from_str(form.schema()).expect("a schema is JSON");
        for field in schema["fields"].as_array().expect("fields").iter().filter(|_| !public.contains(&form)) {
            let name = field["name"].as_str().expect("a name");
            assert!(shown.get(name).is_some(), "{form:?} does not show {name}: {shown}");
        }
    }
}

#[test]
fn instants_days_and_pseudonyms_are_written_for_people() {
    assert_eq!(of_form(Form::Tick), json!({ "at": "2026-11-17T03:00:00Z" }));
    let event = &of_form(Form::Batch)["events"][0];
    assert_eq!((&event["day"], &event["occurred_at"]), (&json!("2026-10-05"), &json!("2026-10-05T08:41:00Z")));
    assert_eq!(event["patient"], "30313233343536373839616263646566");
    assert_eq!(event["carries"]["booked_day"], "2026-10-01");
    assert_eq!(event["pca"], json!(["dna_rate", "referral_rate"]));
}

#[test]
fn a_person_shows_its_aliases_and_a_snapshot_its_members() {
    let person = json!({ "id": "gmc|7012345", "aliases": ["gmp|G1234567", "npi|1"], "source": "operator" });
    assert_eq!(of_form(Form::Person), person);
    let values = &of_form(Form::PeerSnapshot)["values"];
    assert_eq!(values, &json!([{ "numerator": 1, "denominator": 20 }, { "numerator": -3, "denominator": 40 }]));
}

#[test]
fn an_undecodable_record_has_no_line() {
    assert_eq!(record_json::record(&Record::Undecodable("why".into()), &MeasureSet::parse([]).expect("an empty set")), None);
}

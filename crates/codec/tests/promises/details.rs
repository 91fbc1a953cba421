//! Faulty details: the event stays, the detail is absent, and the decoder counts it by its field.

use std::sync::Arc;

use codec::formats::record_decoder::{Context, DecodeOutcome, DecoderConfig, DetailCounts, RecordDecoder};
use scorecard::event::{Detail, Event};
use scorecard::record::item::{Feed, Item};
use serde_json::{Value, json};

use crate::decoding::{NOW, position};

fn decoded(json: &Value) -> (Vec<Event<'static>>, DecodeOutcome) {
    let position = position();
    let context = Context { position: &position, feed: Some(Arc::new(Feed::undeclared("f"))), received_at: NOW, now: NOW };
    let mut events = Vec::new();
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let outcome = decoder.decode(json.to_string().as_bytes(), &context, &mut |item| match item {
        Item::Event(_, event) => events.push(event.into_owned()),
        Item::Reject(reject) => assert!(reject.detail.contains("; "), "{reject:?}"),
        _ => {}
    });
    (events, outcome)
}

fn native(name: &str) -> Value {
    let text = match name {
        "prescription" => include_str!("../../../../schemas/examples/prescription.json"),
        "encounter" => include_str!("../../../../schemas/examples/encounter.json"),
        "feedback" => include_str!("../../../../schemas/examples/feedback.json"),
        "order" => include_str!("../../../../schemas/examples/order.json"),
        _ => include_str!("../../../../schemas/examples/observation.json"),
    };
    serde_json::from_str(text).expect("an example of the contract")
}

fn fhir(name: &str) -> Value {
    match name {
        "Encounter" => json!({"resourceType": name, "id": "1", "status": "finished", "class": {"system": "urn:c", "code": "AMB"},
            "meta": {"lastUpdated": "2026-10-05T10:00:00Z"}, "subject": {"reference": "Patient/1"},
            "participant": [{"individual": {"reference": "Practitioner/1"}}],
            "reasonCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "73211009"}]}],
            "period": {"start": "2026-10-05T09:00:00+01:00", "end": "2026-10-05T09:10:00+01:00"}}),
        "Appointment" => json!({"resourceType": name, "id": "1", "status": "fulfilled", "created": "2026-10-01",
            "start": "2026-10-05T09:00:00+01:00", "minutesDuration": 10, "participant": [{"actor": {"reference": "Practitioner/1"}}]}),
        "MedicationRequest" => json!({"resourceType": name, "id": "1", "status": "active", "intent": "order",
            "medicationCodeableConcept": {"coding": [{"system": "https://x/bnf", "code": "0501"}]}, "authoredOn": "2026-10-05",
            "requester": {"reference": "Practitioner/1"}, "dispenseRequest": {"quantity": {"value": 21}}}),
        other => panic!("no sample {other}"),
    }
}

/// The sample with a value at the end of a path; the last object of the path may lack it.
fn with(mut sample: Value, path: &str, value: Value) -> Value {
    let (parent, field) = path.rsplit_once('/').expect("a path begins with a slash");
    sample.pointer_mut(parent).expect("the parent is there")[field] = value;
    sample
}

#[test]
fn a_faulty_detail_is_absent_and_counted_by_its_field() {
    let (e, p, o, b) = ("encounter", "prescription", "order", "observation");
    let long = json!("x".repeat(600));
    for (name, path, values, field) in [
        (o, "/recorded_at", vec![json!("2026-10-05T25:00:00Z"), json!(5)], "recorded_at"),
        (o, "/patient", vec![json!(9_434_765_919_i64), long.clone()], "patient"),
        (o, "/born", vec![json!("12/05/1980"), json!("2030-01-01"), json!({}), json!(-1)], "born"),
        (o, "/age_band", vec![json!(19), json!(-1), json!("9")], "age_band"),
        (o, "/sex", vec![json!("F"), json!(1)], "sex"),
        (o, "/order/code", vec![json!(306_206_005), long.clone()], "order.code"),
        (e, "/encounter/booked_at", vec![json!("2026-10-01"), json!("soon")], "encounter.booked_at"),
        (e, "/encounter/minutes", vec![json!(1441), json!(-1), json!(9.5), json!("9")], "encounter.minutes"),
        (e, "/encounter/planned_minutes", vec![json!(1441), json!([])], "encounter.planned_minutes"),
        (e, "/encounter/diagnoses", vec![json!("73211009"), json!(["73211009"])], "encounter.diagnoses"),
        (e, "/encounter/diagnoses/0/code", vec![json!(7), Value::Null], "encounter.diagnoses.code"),
        (e, "/encounter/diagnoses/0/code_system", vec![Value::Null], "encounter.diagnoses.code_system"),
        (p, "/prescription/quantity", vec![json!("21"), json!(-3), json!(4_294_968), json!(true)], "prescription.quantity"),
        (p, "/prescription/cost_pence", vec![json!(1.43), json!(4_294_967_296_i64), json!(-1)], "prescription.cost_pence"),
        (p, "/prescription/adq", vec![json!(-0.5), json!("1")], "prescription.adq"),
        (b, "/observation/values/0/unit", vec![json!(1), long.clone()], "observation.values.unit"),
    ] {
        for value in values {
            let faulty = with(native(name), path, value.clone());
            let (events, outcome) = decoded(&faulty);
            let absent = match path {
                "/encounter/diagnoses/0/code" | "/encounter/diagnoses/0/code_system" => {
                    with(native(name), "/encounter/diagnoses", Value::Null)
                }
                _ => with(native(name), path, Value::Null),
            };
            assert_eq!(events, decoded(&absent).0, "{path} {value}");
            assert_eq!(outcome.dropped_details, [(field.into(), 1)].into(), "{path} {value}");
            assert!(outcome.rounded_details.is_empty() && outcome.items == 1);
        }
    }
}

#[test]
fn a_faulty_detail_of_a_resource_is_absent_and_counted_by_its_field() {
    let (v, a, m) = ("Encounter", "Appointment", "MedicationRequest");
    for (name, path, values, field) in [
        (v, "/participant", vec![json!({}), json!([7])], "Encounter.participant"),
        (v, "/participant/0/individual", vec![json!({"reference": "Dr Who"})], "Encounter.participant"),
        (v, "/serviceProvider", vec![json!("A81001")], "Encounter.serviceProvider"),
        (v, "/appointment", vec![json!("Appointment/1")], "Encounter.appointment"),
        (a, "/participant/0/actor", vec![json!([])], "Appointment.participant"),
        (m, "/requester", vec![json!("Dr Who"), json!({"reference": "Practitioner?name=Who"})], "MedicationRequest.requester"),
        (m, "/encounter", vec![json!("Encounter/1")], "MedicationRequest.encounter"),
        (m, "/courseOfTherapyType", vec![json!("continuous")], "MedicationRequest.courseOfTherapyType"),
        (m, "/extension", vec![json!({"url": "x"}), json!(["x"])], "MedicationRequest.extension"),
        (v, "/meta/lastUpdated", vec![json!("yesterday"), json!(5)], "Encounter.meta.lastUpdated"),
        (v, "/period/end", vec![json!("2026-10-05T08:00:00+01:00"), json!(9)], "Encounter.period.end"),
        (v, "/subject", vec![json!("Patient/1"), json!({"reference": "9434765919"})], "Encounter.subject"),
        (v, "/reasonCode", vec![json!("diabetes"), json!([{"coding": [{"code": 7}]}])], "Encounter.reasonCode"),
        (v, "/type", vec![json!([{"coding": [7]}])], "Encounter.type"),
        (v, "/serviceType", vec![json!("x")], "Encounter.serviceType"),
        (a, "/created", vec![json!(2026)], "Appointment.created"),
        (a, "/minutesDuration", vec![json!(2000), json!("10")], "Appointment.minutesDuration"),
        (m, "/dispenseRequest/quantity/value", vec![json!("21"), json!(-7)], "MedicationRequest.dispenseRequest.quantity"),
        (m, "/dispenseRequest/quantity", vec![json!(21)], "MedicationRequest.dispenseRequest.quantity"),
        (m, "/dispenseRequest", vec![json!([])], "MedicationRequest.dispenseRequest"),
    ] {
        for value in values {
            let (events, outcome) = decoded(&with(fhir(name), path, value.clone()));
            assert_eq!(events, decoded(&with(fhir(name), path, Value::Null)).0, "{path} {value}");
            assert_eq!(outcome.dropped_details, [(field.into(), 1)].into(), "{path} {value}");
        }
    }
}

#[test]
fn the_quantities_that_real_systems_send_lose_no_item() {
    for (written, quantity, dropped, rounded) in [
        ("1.2E+2", Some(120_000), 0, 0),
        ("33.3333333", Some(33_333), 0, 1),
        ("28.000000000000004", Some(28_000), 0, 1),
        ("0.10000000894069672", Some(100), 0, 1),
        ("-7", None, 1, 0),
        ("\"21\"", None, 1, 0),
        ("1e400", None, 1, 0),
        ("null", None, 0, 0),
    ] {
        let text = with(fhir("MedicationRequest"), "/dispenseRequest/quantity/value", json!("HERE")).to_string();
        let text = text.replace("\"HERE\"", written);
        let position = position();
        let context = Context { position: &position, feed: Some(Arc::new(Feed::undeclared("f"))), received_at: NOW, now: NOW };
        let mut found = Vec::new();
        let outcome = RecordDecoder::new(DecoderConfig::default()).decode(text.as_bytes(), &context, &mut |item| match item {
            Item::Event(_, Event { detail: Detail::Prescription(Some(p)), .. }) => found.push((p.items, p.quantity_milli)),
            other => panic!("{other:?}"),
        });
        let count = |counts: &DetailCounts| counts.values().sum::<u64>();
        assert_eq!(found, [(1, quantity)], "{written}");
        assert_eq!((count(&outcome.dropped_details), count(&outcome.rounded_details)), (dropped, rounded), "{written}");
    }
}

#[test]
fn of_good_and_faulty_answers_the_good_ones_stay() {
    let items = json!({"listened": "yes_definitely", "comment": "Dr Smith was lovely", "again": true, "q": "x".repeat(513)});
    let (events, outcome) = decoded(&with(native("feedback"), "/feedback/items", items));
    let Detail::Feedback(Some(feedback)) = &events[0].detail else { panic!("{events:?}") };
    assert_eq!(feedback.items, [("listened".into(), "yes_definitely".into())]);
    assert_eq!(outcome.dropped_details, [("feedback.items".into(), 3)].into());
    let (events, outcome) = decoded(&with(native("feedback"), "/feedback/answer", json!("excellent")));
    let Detail::Feedback(Some(feedback)) = &events[0].detail else { panic!("{events:?}") };
    assert_eq!((feedback.answer, feedback.items.len()), (None, 1));
    assert_eq!(outcome.dropped_details, [("feedback.answer".into(), 1)].into());
}

#[test]
fn a_reject_counts_no_detail() {
    let mut faulty = with(native("prescription"), "/prescription/quantity", json!(-1));
    faulty["occurred_at"] = Value::Null;
    let (events, outcome) = decoded(&faulty);
    assert_eq!((events.len(), outcome), (0, DecodeOutcome { items: 1, ..DecodeOutcome::default() }));
}

#[test]
fn more_than_64_codes_or_answers_are_cut_and_counted() {
    let diagnosis = |n: u32| json!({"code": n.to_string(), "code_system": "local"});
    let many = Value::Array((0..70).map(diagnosis).collect());
    let (events, outcome) = decoded(&with(native("encounter"), "/encounter/diagnoses", many));
    let Detail::Encounter(Some(encounter)) = &events[0].detail else { panic!("{events:?}") };
    assert_eq!((encounter.diagnoses.len(), &*encounter.diagnoses[63]), (64, "local|63"));
    assert_eq!(outcome.dropped_details, [("encounter.diagnoses".into(), 1)].into());
    let item = |n: u32| json!({"linkId": n.to_string(), "answer": [{"valueInteger": n}]});
    let response = json!({"resourceType": "QuestionnaireResponse", "id": "1", "status": "completed", "authored": "2026-10-05",
        "item": (0..70).map(item).collect::<Vec<_>>()});
    let (events, outcome) = decoded(&response);
    let Detail::Feedback(Some(feedback)) = &events[0].detail else { panic!("{events:?}") };
    assert_eq!(feedback.items.len(), 64);
    assert_eq!(outcome.dropped_details, [("QuestionnaireResponse.item".into(), 6)].into());
}

#[test]
fn a_number_that_cannot_be_of_its_system_is_accepted_and_counted() {
    for (system, value, count) in [("gmc", "701234", 1), ("GMC", "7012345", 0), ("gmc ", "C7012345", 0), ("local", "701234", 0)] {
        let (events, outcome) = decoded(&with(native("encounter"), "/clinician", json!({"system": system, "value": value})));
        assert_eq!((events.len(), outcome.impossible_numbers.values().sum::<u64>()), (1, count), "{system} {value}");
        let requester = json!({"identifier": {"system": system, "value": value}});
        let (events, outcome) = decoded(&with(fhir("MedicationRequest"), "/requester", requester));
        assert_eq!((events.len(), outcome.impossible_numbers.values().sum::<u64>()), (1, count), "{system} {value}");
    }
    let (_, outcome) = decoded(&json!({"resourceType": "Practitioner", "id": "1", "identifier": [
        {"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "701234"}, {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1"}]}));
    assert_eq!(outcome.impossible_numbers, [("gmc".into(), 1), ("npi".into(), 1)].into());
}

//! FHIR Observations with a quantity are events; others are skipped.

use scorecard::event::{Action, Codes, Detail, Observation, ObservedValue};
use scorecard::record::item::Item;
use serde_json::{Value, json};

use crate::decoding::{event, plain};

fn observation(fields: &Value) -> Value {
    let mut observation = json!({"resourceType": "Observation", "id": "b", "status": "final", "effectiveDateTime": "2026-10-05",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "HbA1c"}});
    for (name, value) in fields.as_object().expect("an object of fields") {
        observation[name] = value.clone();
    }
    observation
}

fn read(fields: &Value) -> Observation<'static> {
    match event(&observation(fields).to_string()).detail {
        Detail::Observation(Some(observation)) => observation,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_quantity_has_its_code_its_value_and_its_unit() {
    let read = read(
        &json!({"valueQuantity": {"value": 41.05, "unit": "mmol per mol", "system": "http://unitsofmeasure.org", "code": "mmol/mol"}}),
    );
    let code = Codes::one("loinc|4548-4");
    let values = vec![ObservedValue { code: code.clone(), value_milli: 41_050, unit: Some("mmol/mol".into()) }];
    assert_eq!(read, Observation { code, values });
}

#[test]
fn a_blood_pressure_has_two_values() {
    let part = |code: &str, value: f64| {
        json!({"code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
        "valueQuantity": {"value": value, "unit": "mmHg"}})
    };
    let without = json!({"code": {"coding": [{"code": "z"}]}, "dataAbsentReason": {"text": "unknown"}});
    let read = read(&json!({"component": [part("271649006", 138.0), part("271650006", 84.5), without]}));
    let value = |code, value_milli| ObservedValue { code: Codes::one(code), value_milli, unit: Some("mmHg".into()) };
    assert_eq!(read.values, [value("snomed|271649006", 138_000), value("snomed|271650006", 84_500)]);
}

#[test]
fn an_observation_without_a_quantity_is_skipped() {
    for fields in [
        json!({}),
        json!({"valueString": "Smoker"}),
        json!({"valueCodeableConcept": {"text": "never"}}),
        json!({"valueQuantity": {"unit": "kg"}}),
        json!({"valueQuantity": {"value": "heavy"}}),
        json!({"valueQuantity": {"value": 5, "comparator": "<"}}),
        json!({"status": "preliminary"}),
    ] {
        assert_eq!(plain(&observation(&fields).to_string()), [Item::Skipped("Observation".to_owned())], "{fields}");
    }
}

#[test]
fn statuses_count_wait_or_retract() {
    for (status, action) in [
        ("final", Action::Record),
        ("amended", Action::Record),
        ("corrected", Action::Record),
        ("registered", Action::Hold),
        ("preliminary", Action::Hold),
        ("unknown", Action::Hold),
        ("cancelled", Action::Retract),
        ("entered-in-error", Action::Retract),
    ] {
        let event = event(&observation(&json!({"status": status, "valueQuantity": {"value": 5}})).to_string());
        assert_eq!((event.action, &*event.id), (action, "Observation/b"), "{status}");
        assert_eq!(matches!(event.detail, Detail::Observation(Some(_))), action == Action::Record, "{status}");
    }
    let bare = event(&observation(&json!({"status": "entered-in-error"})).to_string());
    assert_eq!((bare.action, bare.detail), (Action::Retract, Detail::Observation(None)));
}

#[test]
fn the_performer_is_the_clinician_and_the_encounter_the_link() {
    let event = event(
        &observation(&json!({"valueQuantity": {"value": 5}, "encounter": {"reference": "Encounter/e"}, "subject": {"reference": "Patient/1"},
            "performer": [{"reference": "Organization/lab"}, {"reference": "Practitioner/1"}]}))
        .to_string(),
    );
    assert_eq!((event.clinician.as_deref(), event.link.as_deref()), (Some("f|Practitioner/1"), Some("Encounter/e")));
    assert!(event.patient.is_some() && event.signs.is_some());
}

#[test]
fn the_time_is_the_first_that_was_sent_of_effective_and_issued() {
    for (fields, day) in [
        (json!({"issued": "2026-10-09T10:00:00Z"}), "2026-10-05"),
        (
            json!({"effectiveDateTime": null, "effectiveInstant": "2026-10-06T10:00:00Z", "issued": "2026-10-09T10:00:00Z"}),
            "2026-10-06",
        ),
        (json!({"effectiveDateTime": null, "effectivePeriod": {"start": "2026-10-07"}}), "2026-10-07"),
        (json!({"effectiveDateTime": null, "issued": "2026-10-09T10:00:00Z"}), "2026-10-09"),
    ] {
        let mut fields = fields;
        fields["valueQuantity"] = json!({"value": 5});
        let day_of = event(&observation(&fields).to_string()).day.map(|day| day.to_string());
        assert_eq!(day_of.as_deref(), Some(day), "{fields}");
    }
}

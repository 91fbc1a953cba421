//! The newest version of an event in a feed of files: by number, by time of the last change, or by the order of the files.

use crate::support::Place;
use serde_json::{Value, json};

/// A doctor and a surgery.
fn parties() -> [Value; 2] {
    let system = |name: &str| format!("https://fhir.{name}");
    [
        json!({
            "resourceType": "Practitioner", "id": "p1",
            "identifier": [{"system": system("hl7.org.uk/Id/gmc-number"), "value": "7012345"}]
        }),
        json!({
            "resourceType": "Organization", "id": "o1",
            "identifier": [{"system": system("nhs.uk/Id/ods-organization-code"), "value": "A81001"}]
        }),
    ]
}

/// A visit of ten minutes on 10 September 2026.
fn visit(status: &str, meta: Value) -> Value {
    let mut resource = json!({
        "resourceType": "Encounter", "id": "e1", "status": status, "class": {"code": "AMB"},
        "subject": {"reference": "Patient/1"},
        "participant": [{"individual": {"reference": "Practitioner/p1"}}],
        "serviceProvider": {"reference": "Organization/o1"},
        "period": {"start": "2026-09-10T09:00:00+01:00", "end": "2026-09-10T09:10:00+01:00"}
    });
    if !meta.is_null() {
        resource["meta"] = meta;
    }
    resource
}

fn prescription(status: &str) -> Value {
    json!({
        "resourceType": "MedicationRequest", "id": "m1", "status": status, "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": "https://fhir.hl7.org.uk/Id/bnf", "code": "0501013B0AAABAB"}]},
        "subject": {"reference": "Patient/1"}, "authoredOn": "2026-09-10T09:05:00+01:00",
        "requester": {"reference": "Practitioner/p1"}, "encounter": {"reference": "Encounter/e1"}
    })
}

fn ndjson(resources: &[Value]) -> String {
    resources.iter().map(|resource| format!("{resource}\n")).collect()
}

/// Encounters and items of all rows, and the conflicts of the replay.
fn counts(place: &Place, input: &str, more: &[&str]) -> (i64, i64, u64) {
    let summary = place.replay("out", &[input], more);
    let rows = place.lines("out/clinician-months.ndjson");
    let of = |name: &str| rows.iter().map(|row| row["exposure"][name].as_i64().expect("a number")).sum();
    (of("encounters"), of("items"), summary.conflict)
}

#[test]
fn the_newest_export_without_meta_wins_whatever_the_partitions_and_batches() {
    let place = Place::new();
    let export = |visit: Value, drug: Value| ndjson(&[&parties()[..], &[visit, drug]].concat());
    place.put("surgery/2026-09.ndjson", export(visit("in-progress", Value::Null), prescription("active")));
    place.put("surgery/2026-10.ndjson", export(visit("finished", Value::Null), prescription("cancelled")));
    for more in [["--partitions", "1", "--batch", "1"], ["--partitions", "4", "--batch", "500"]] {
        assert_eq!(counts(&place, "surgery", &more), (1, 0, 0), "{more:?}");
    }
    let summary = place.replay("out", &["surgery"], &[]);
    assert_eq!(summary.versioning, [("surgery".to_owned(), "arrival".to_owned())].into());
}

#[test]
fn the_configuration_overrules_the_first_event() {
    let place = Place::new();
    place.put("surgery/1.ndjson", ndjson(&[visit("in-progress", Value::Null)]));
    place.put("surgery/2.ndjson", ndjson(&[visit("finished", Value::Null)]));
    place.put("plumbline.toml", "[feeds.surgery]\nversioning = \"id\"\n");
    let config = place.path("plumbline.toml").display().to_string();
    // Both are version 1, so the first one counts.
    assert_eq!(counts(&place, "surgery", &["--config", &config]), (0, 0, 1));
}

#[test]
fn by_arrival_the_last_record_wins_although_its_event_is_earlier() {
    let place = Place::new();
    let event = |day: &str, status: &str| {
        json!({
            "id": "1", "type": "encounter", "occurred_at": format!("2026-09-{day}T09:30:00+01:00"), "practice": "A81001",
            "clinician": {"system": "gmc", "value": "7012345"}, "encounter": {"mode": "video", "status": status}
        })
    };
    place.put("plumbline.toml", "[feeds.surgery]\nversioning = \"arrival\"\n");
    let config = place.path("plumbline.toml").display().to_string();
    // The same time: the later line. An earlier time: the later line, too. The first content again: the later line.
    let cases = [
        (vec![event("10", "attended"), event("10", "noshow")], 0),
        (vec![event("10", "noshow"), event("09", "attended")], 1),
        (vec![event("10", "attended"), event("11", "noshow"), event("10", "attended")], 1),
    ];
    for (lines, encounters) in cases {
        place.put("surgery/events.ndjson", ndjson(&lines));
        assert_eq!(counts(&place, "surgery", &["--config", &config]), (encounters, 0, 0), "{lines:?}");
    }
}

#[test]
fn a_visit_that_a_history_restores_counts() {
    let place = Place::new();
    let entry = |resource: Value, method: &str, day: &str| {
        let mut entry = json!({
            "request": {"method": method, "url": "Encounter/e1"},
            "response": {"status": "200", "lastModified": format!("2026-09-{day}T00:00:00Z")}
        });
        if !resource.is_null() {
            entry["resource"] = resource;
        }
        entry
    };
    let meta = |version: &str, day: &str| json!({"versionId": version, "lastUpdated": format!("2026-09-{day}T00:00:00Z")});
    let metas = [[meta("MTY5", "13"), meta("MTY4", "11")], [Value::Null, Value::Null]];
    for [newest, oldest] in metas {
        let entries = [
            entry(visit("finished", newest), "PUT", "13"),
            entry(Value::Null, "DELETE", "12"),
            entry(visit("finished", oldest), "POST", "11"),
        ];
        let history = json!({"resourceType": "Bundle", "type": "history", "entry": entries});
        place.put("surgery/a.ndjson", ndjson(&parties()));
        place.put("surgery/b.json", history.to_string());
        place.put("plumbline.toml", "[feeds.surgery]\nversioning = \"id\"\n");
        let config = place.path("plumbline.toml").display().to_string();
        assert_eq!(counts(&place, "surgery", &[]), (1, 0, 0));
        assert_eq!(counts(&place, "surgery", &["--config", &config]), (1, 0, 0), "by number");
    }
}

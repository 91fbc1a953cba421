//! FHIR R4 through `replay`: bulk export, Bundles, gzip, and ten synthetic patients whom nobody on this project made up.

use crate::support::{Place, assert_accounted_for};
use serde_json::{Value, json};

fn practitioner() -> Value {
    json!({
        "resourceType": "Practitioner", "id": "p1",
        "identifier": [{"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7012345"}]
    })
}

fn encounter(id: &str, start: &str, end: &str) -> Value {
    json!({
        "resourceType": "Encounter", "id": id, "meta": {"versionId": "1"}, "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": "Patient/1"},
        "participant": [{"individual": {"reference": "Practitioner/p1"}}],
        "period": {"start": start, "end": end}
    })
}

fn resources() -> Vec<Value> {
    vec![
        practitioner(),
        json!({"resourceType": "Patient", "id": "1"}),
        encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:12:00Z"),
        encounter("e2", "2026-02-10T09:00:00Z", "2026-02-10T09:07:30Z"),
    ]
}

fn ndjson(resources: &[Value]) -> String {
    resources.iter().map(|resource| format!("{resource}\n")).collect()
}

fn bundle(resources: &[Value]) -> Value {
    let entries: Vec<Value> = resources.iter().map(|resource| json!({"resource": resource})).collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries})
}

/// Month, encounters and minutes of each row.
fn work(place: &Place, out: &str) -> Vec<(String, i64, i64)> {
    let rows = place.lines(&format!("{out}/clinician-months.ndjson"));
    let of = |row: &Value| {
        let number = |value: &Value| value.as_i64().expect("a number");
        (
            row["month"].as_str().expect("a month").to_owned(),
            number(&row["exposure"]["encounters"]),
            number(&row["exposure"]["minutes"]),
        )
    };
    rows.iter().map(of).collect()
}

#[test]
fn a_bulk_export_counts_its_encounters_and_skips_what_it_does_not_count() {
    let place = Place::new();
    let resources = resources();
    place.put("export/Encounter.ndjson", ndjson(&resources[2..]));
    place.put_gzipped("export/Practitioner.ndjson.gz", ndjson(&resources[..1]));
    place.put("export/Patient.ndjson", ndjson(&resources[1..2]));
    let summary = place.replay("out", &["export"], &[]);
    assert_accounted_for(&summary);
    assert_eq!((summary.received, summary.logged, summary.registered), (4, 2, 1));
    assert_eq!(summary.skipped, [("Patient".to_owned(), 1)].into());
    // Minutes are the floor of the period.
    assert_eq!(work(&place, "out"), [("2026-01".to_owned(), 1, 12), ("2026-02".to_owned(), 1, 7)]);
    let card = &place.lines("out/scorecards.ndjson")[0];
    assert_eq!(card["subject"]["clinician"], "gmc|7012345", "the reference crosses files through the registry");
}

#[test]
fn a_bundle_says_the_same_as_its_resources_one_a_line() {
    let place = Place::new();
    let resources = resources();
    place.put("lines/export.ndjson", ndjson(&resources));
    place.put("whole/bundle.json", serde_json::to_string_pretty(&bundle(&resources)).unwrap());
    place.put_gzipped("packed/bundle.json.gz", bundle(&resources).to_string());
    for input in ["lines", "whole", "packed"] {
        let summary = place.replay("out", &[input], &[]);
        assert_accounted_for(&summary);
        assert_eq!((summary.received, summary.logged, summary.registered), (4, 2, 1), "{input}");
        assert_eq!(work(&place, "out"), [("2026-01".to_owned(), 1, 12), ("2026-02".to_owned(), 1, 7)], "{input}");
    }
}

#[test]
fn resources_arrive_when_they_occurred_whenever_they_were_written() {
    let place = Place::new();
    let mut late = encounter("e2", "2026-01-20T09:00:00Z", "2026-01-20T09:10:00Z");
    late["meta"]["lastUpdated"] = "2026-05-20T09:00:00Z".into();
    place.put("export/Encounter.ndjson", ndjson(&[encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"), late]));
    let occurred = place.replay("occurred", &["export"], &[]);
    assert_eq!(occurred.revisions_by_reason.get("late"), None, "{occurred:?}");
    let recorded = place.replay("recorded", &["export"], &["--arrival", "recorded"]);
    assert_eq!(recorded.revisions_by_reason.get("late"), Some(&1), "{recorded:?}");
}

/// Needs the folder that the environment variable `PLUMBLINE_TEST_DATA` names; passes without.
#[test]
fn ten_synthetic_patients_are_taken_whole_from_1928_on() {
    let Some(data) = std::env::var_os("PLUMBLINE_TEST_DATA") else {
        eprintln!("not checked: PLUMBLINE_TEST_DATA names no folder");
        return;
    };
    let folder = std::path::Path::new(&data).join("fhir-10").display().to_string();
    let place = Place::new();
    let summary = place.replay("out", &[&folder], &[]);
    assert_accounted_for(&summary);
    // 1,215 Encounter and 1,745 MedicationRequest; 43 each of Practitioner, PractitionerRole and Organization.
    assert_eq!((summary.received, summary.logged, summary.registered), (3_089, 2_960, 129));
    assert_eq!((summary.accepted, summary.unattributed), (2_960, 0));
    assert!(summary.first_cut.as_deref().is_some_and(|cut| cut.starts_with("1928-")), "{summary:?}");
    let rows = place.lines("out/clinician-months.ndjson");
    let facts: i64 = rows.iter().map(|row| row["facts"].as_i64().unwrap()).sum();
    assert_eq!(facts, 2_960, "months of 95 years are there, sealed ones included");
    let cards = place.lines("out/scorecards.ndjson");
    assert!(
        cards.iter().all(|card| card["subject"]["clinician"].as_str().unwrap().starts_with("npi|")),
        "registered by their NPI"
    );
}

#[test]
fn a_location_counts_for_its_organisation_in_any_order_and_one_that_nobody_describes_splits_no_card() {
    let place = Place::new();
    let visit = |id: &str, location: &str| {
        format!(
            r#"{{"resourceType":"Encounter","id":"{id}","status":"finished","class":{{"code":"AMB"}},"period":{{"start":"2026-10-05T09:00:00Z"}},"location":[{{"location":{{"reference":"Location/{location}"}}}}],"participant":[{{"individual":{{"identifier":{{"system":"https://fhir.hl7.org.uk/Id/gmc-number","value":"7012345"}}}}}}]}}"#
        )
    };
    let described = [
        r#"{"resourceType":"Location","id":"room","partOf":{"reference":"Location/surgery"}}"#,
        r#"{"resourceType":"Location","id":"surgery","managingOrganization":{"reference":"Organization/o"}}"#,
        r#"{"resourceType":"Organization","id":"o","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"B82001"}]}"#,
    ];
    // The visits come first, in the order of the file names.
    place.put("emis/1.ndjson", [visit("e1", "room"), visit("e2", "surgery"), visit("e3", "x"), visit("e4", "y")].join("\n"));
    place.put("emis/2.ndjson", described.join("\n"));
    let encounters = |out: &str| {
        let cards = place.lines(&format!("{out}/scorecards.ndjson"));
        let of_month = cards.iter().filter(|card| card["period"]["month"] == "2026-10");
        let newest = of_month.map(|card| {
            let practice = card["subject"]["practice"].as_str().unwrap_or_default().to_owned();
            (practice, card["exposure"][0]["encounters"].as_i64().unwrap())
        });
        newest.collect::<std::collections::BTreeMap<_, _>>()
    };
    place.replay("out", &["emis"], &[]);
    let expect = [("B82001", 2), ("unknown", 2)];
    assert_eq!(encounters("out"), expect.map(|(practice, count)| (practice.to_owned(), count)).into());
    // The practice that the feed declares comes before a location.
    place.put("plumbline.toml", "[feeds.emis]\npractice = \"B82001\"\n");
    place.replay("declared", &["emis"], &["--config", &place.path("plumbline.toml").display().to_string()]);
    assert_eq!(encounters("declared"), [("B82001".to_owned(), 4)].into());
}

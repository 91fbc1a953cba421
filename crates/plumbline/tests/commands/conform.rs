//! `conform`: what a source gets right, judged from files.

use std::process::Command;

use serde_json::Value;

use crate::support::{Place, encounter};

fn judged(place: &Place) -> (Option<i32>, Vec<Value>) {
    let args = ["conform", "export", "-o", "ndjson"];
    let done =
        Command::new(env!("CARGO_BIN_EXE_plumbline")).args(args).current_dir(place.path("")).output().expect("the binary runs");
    let lines = String::from_utf8(done.stdout).expect("text");
    (done.status.code(), lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

fn named(checks: &[Value], judgement: &str) -> Vec<String> {
    let is = |check: &&Value| check["judgement"] == judgement;
    checks.iter().filter(is).map(|check| check["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_source_without_amendments_and_retractions_says_so_and_fails_nothing() {
    let place = Place::new();
    let first = encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z")
        .replace("\"patient\"", "\"born\":\"1980\",\"sex\":\"female\",\"patient\"");
    place.put("export/a.ndjson", first);
    let (code, checks) = judged(&place);
    assert_eq!(code, Some(0), "{checks:?}");
    assert_eq!(named(&checks, "failed"), Vec::<String>::new(), "{checks:?}");
    let unseen = named(&checks, "not_seen");
    for name in ["amended", "retracted", "versions_grow", "links_lead_to_events", "drug_codes", "costs_in_pence"] {
        assert!(unseen.contains(&name.to_owned()), "{name}: {unseen:?}");
    }
}

#[test]
fn faults_of_a_source_are_each_found() {
    let place = Place::new();
    let one = encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z");
    let with = |event: &str, from: &str, to: &str| {
        assert!(event.contains(from));
        event.replacen(from, to, 1)
    };
    let prescription = |id: &str, link: &str| {
        format!(
            r#"{{"id":"{id}","type":"prescription","occurred_at":"2026-01-15T09:41:00Z","clinician":{{"system":"gmc","value":"701234"}},"practice":"A81001","prescription":{{"code":"0501013K0AAAAAA","code_system":"bnf","cost_pence":1,"encounter":"{link}"}}}}"#
        )
    };
    let lines = [
        // Another content under the same version, and an older version behind a newer one.
        with(&one, "\"type\"", "\"version\":2,\"type\""),
        with(&with(&one, "\"type\"", "\"version\":2,\"type\""), "telephone", "video"),
        one.clone(),
        // Recorded before it happened, without an offset, and a retraction of something else.
        encounter("e2", "2026-01-15T09:00:00Z", "2026-01-14T09:10:00Z"),
        encounter("e3", "2026-01-15T09:00:00", "2026-01-15T09:10:00Z"),
        r#"{"id":"other","type":"encounter","action":"retract","version":2}"#.to_owned(),
        // A cost in pounds, a number of six digits, and a link to nothing.
        prescription("r1", "e1"),
        prescription("r2", "absent"),
    ];
    place.put("export/a.ndjson", lines.join("\n"));
    let (code, checks) = judged(&place);
    assert_eq!(code, Some(65), "{checks:?}");
    let expected = [
        "accepted",
        "versions_have_one_content",
        "versions_grow",
        "repeats_are_equal",
        "retractions_name_what_was_sent",
        "times_have_offsets",
        "recorded_after_it_happened",
        "clinician_numbers",
        "age_and_sex",
        "links_lead_to_events",
        "quantities",
        "costs_in_pence",
    ];
    assert_eq!(named(&checks, "failed"), expected, "{checks:?}");
    assert!(checks.iter().filter(|check| check["judgement"] == "failed").all(|check| check["cure"] != ""), "{checks:?}");
}

//! `POST /v1/events?dry-run=true`: the outcomes and the gaps of a body, and nothing of it anywhere.

use std::collections::BTreeMap;
use std::path::Path;

use plumbline::log::local_log::{Durability, LocalLog};
use plumbline::process::clock::Clock;
use serde_json::{Value, json};
use stream::log::{Log, Topic};

use crate::server::{Response, Server, command, request_as};
use crate::support::{self, Place};

// `printf north | sha256sum`.
const NORTH: &str = "dc365e79d41cfae1c3c0d969319ae62165b81b1815a86c32bbc6c64cbdf2311b";

fn encounter(id: &str) -> String {
    let at = "2026-01-15T09:00:00Z";
    support::encounter(id, at, at).replacen('{', "{\"feed\":\"surgery\",", 1)
}

fn prescription(id: &str, code: &str, system: &str) -> String {
    format!(
        r#"{{"feed":"surgery","id":"{id}","type":"prescription","occurred_at":"2026-01-15T09:41:00Z","clinician":{{"system":"gmc","value":"7012345"}},"practice":"A81001","prescription":{{"code":"{code}","code_system":"{system}"}}}}"#
    )
}

fn practitioner() -> String {
    r#"{"resourceType":"Practitioner","id":"1","identifier":[{"system":"https://fhir.hl7.org.uk/Id/gmc-number","value":"7012345"}]}"#
        .to_owned()
}

/// Numbers of records by topic; ticks and runs depend on the clock.
fn records(data: &Path) -> BTreeMap<&'static str, u64> {
    let mut log = LocalLog::open(&data.join("log"), Clock::System, Durability::Buffered).expect("no process has it open");
    let topics = [Topic::Events, Topic::Registry, Topic::Rejects, Topic::Definitions, Topic::People];
    let count = |topic: Topic| {
        let partitions = log.partitions(topic);
        (topic.name(), partitions.into_iter().map(|partition| log.bounds(topic, partition).expect("it is whole").end).sum())
    };
    topics.map(count).into_iter().collect()
}

fn intake_metrics(server: &Server) -> Vec<String> {
    let is_counter = |line: &&str| line.starts_with("plumbline_intake") && !line.contains("seconds");
    server.get("/metrics").body.lines().filter(is_counter).map(str::to_owned).collect()
}

fn gaps(event: &Value) -> Vec<&str> {
    event["gaps"]
        .as_array()
        .map(|gaps| gaps.iter().map(|gap| gap["reason"].as_str().expect("a word")).collect())
        .unwrap_or_default()
}

#[test]
fn a_dry_run_answers_like_the_real_request_and_stores_nothing() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let medication = r#"{"resourceType":"Medication","id":"m","meta":{"versionId":"1"},"code":{"coding":[{"system":"https://dmd.nhs.uk","code":"1"}]}}"#;
    let born = r#"{"resourceType":"Patient","id":"p","birthDate":"1950-01-01"}"#;
    let lines = [
        encounter("e1"),
        prescription("r1", "0501013K0AAAAAA", "bnf"),
        prescription("r2", "999999999", "dm+d"),
        "{\"feed\":\"surgery\",\"id\":\"e2\",\"type\":\"encounter\"}".to_owned(),
        practitioner(),
        medication.to_owned(),
        born.to_owned(),
        "no json".to_owned(),
    ];
    let body = lines.join("\n");
    let before = intake_metrics(&server);
    let dry = server.post("/v1/events?dry-run=true&feed=surgery", body.as_bytes());
    assert_eq!(intake_metrics(&server), before);
    assert_eq!(server.get("/v1/rejects").json(), json!([]));
    drop(server);
    // A service that nobody has asked anything leaves the same records: those of its start.
    drop(Server::start(command(&place.path("untouched"))));
    let stored = records(&place.path("data"));
    assert_eq!(stored, records(&place.path("untouched")));
    assert_eq!((stored["events"], stored["rejects"]), (0, 0));
    assert!(!place.path("data/refused").exists() || place.bytes("data/refused").is_empty());

    let server = Server::start(command(&place.path("data")));
    let real = server.post("/v1/events?feed=surgery", body.as_bytes());
    assert_eq!((dry.status, real.status), (200, 200));
    let (dry, real) = (dry.json(), real.json());
    for count in ["received", "logged", "registered", "skipped", "rejected"] {
        assert_eq!(dry[count], real[count], "{count}");
    }
    let without_gaps = |event: &Value| {
        let mut event = event.clone();
        event.as_object_mut().expect("an object").remove("gaps");
        event
    };
    let dried: Vec<Value> = dry["events"].as_array().expect("a list").iter().map(without_gaps).collect();
    assert_eq!(Value::from(dried), real["events"]);
    // Nobody has stated a role or described a practice; dm+d 999999999 is in no table.
    assert_eq!(gaps(&dry["events"][1]), ["clinician_without_role", "unknown_practice"], "{dry}");
    assert_eq!(gaps(&dry["events"][2]), ["unmapped_code", "clinician_without_role", "unknown_practice"], "{dry}");
    assert!(dry["events"][2]["gaps"][0]["detail"].as_str().unwrap().contains("snomed code"), "{dry}");
    assert_eq!(dry["dry_run"]["gaps"], json!({"clinician_without_role": 3, "unknown_practice": 3, "unmapped_code": 1}), "{dry}");
    assert_eq!(real.get("dry_run"), None);
}

#[test]
fn what_the_registry_and_the_body_itself_state_is_no_gap() {
    let place = Place::new();
    let registry = place.put(
        "registry.ndjson",
        "{\"type\":\"person\",\"id\":\"gmc|7012345\"}\n{\"type\":\"organisation\",\"code\":\"A81001\",\"name\":\"North\",\"kind\":\"practice\"}\n\
         {\"type\":\"role\",\"person\":\"gmc|7012345\",\"practice\":\"A81001\",\"role\":\"gp\"}\n",
    );
    let mut command = command(&place.path("data"));
    command.env("PLUMBLINE_REGISTRY", registry);
    let server = Server::start(command);
    let event = prescription("r1", "0501013K0AAAAAA", "bnf");
    let dry = server.post("/v1/events?dry-run=true", event.as_bytes()).json();
    assert_eq!((&dry["logged"], gaps(&dry["events"][0])), (&1.into(), vec![]), "{dry}");
    assert_eq!(dry["dry_run"]["gaps"], json!({}));
    // The organisation of another practice comes behind its event, in the same body.
    let elsewhere = event.replace("A81001", "B82002");
    let organisation = r#"{"resourceType":"Organization","id":"2","name":"South","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"B82002"}]}"#;
    let dry = server.post("/v1/events?dry-run=true&feed=surgery", format!("{elsewhere}\n{organisation}").as_bytes()).json();
    assert_eq!(gaps(&dry["events"][0]), ["clinician_without_role"], "{dry}");
    // The dry run before left nothing behind.
    let dry = server.post("/v1/events?dry-run=true&feed=surgery", elsewhere.as_bytes()).json();
    assert_eq!(gaps(&dry["events"][0]), ["clinician_without_role", "unknown_practice"], "{dry}");
}

#[test]
fn a_dry_run_has_the_rights_and_the_limits_of_the_real_request() {
    let place = Place::new();
    let file = place
        .put("c.toml", format!("[tokens.north]\nsha256 = \"{NORTH}\"\nscopes = \"write:north\"\n[http]\nmax-elements = 2\n"));
    let mut command = command(&place.path("data"));
    command.arg("--config").arg(file);
    let server = Server::start(command);
    let sent = |token: &str, path: &str, body: &str| -> Response {
        let header = format!("Authorization: Bearer {token}\r\n");
        request_as(&server.address, &header, "POST", path, body.as_bytes()).expect("it answers")
    };
    let event = encounter("e1");
    assert_eq!(sent("other", "/v1/events?dry-run=true", &event).problem(), "no-token");
    assert_eq!(sent("north", "/v1/events?dry-run=true&feed=surgery", &event).problem(), "feed-not-allowed");
    assert_eq!(sent("north", "/v1/events?dry-run=yes", &event).problem(), "malformed-parameter");
    assert_eq!(sent("north", "/v1/events?dry-run=true", "").problem(), "empty-body");
    assert_eq!(sent("north", "/v1/events?dry-run=true", &[&*event, &event, &event].join("\n")).problem(), "too-many-elements");
    let refused = sent("north", "/v1/events?dry-run=true", &event);
    assert_eq!((refused.status, &refused.json()["events"][0]["reason"]), (422, &"feed_not_allowed".into()), "{refused:?}");
    let registry = sent("north", "/v1/events?dry-run=true&feed=north", &practitioner());
    assert_eq!(registry.json()["events"][0]["reason"], "registry_not_allowed", "{registry:?}");
}

//! `plumbline explain`: the events behind a number, from the running service and from its folder.

use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::server::{Server, command};
use crate::support::Place;
use serde_json::Value;

fn encounter(id: &str, version: u32, mode: &str) -> String {
    format!(
        "{{\"feed\":\"surgery\",\"id\":\"{id}\",\"version\":{version},\"type\":\"encounter\",\"occurred_at\":\"2026-01-15T09:00:00Z\",\
         \"clinician\":{{\"system\":\"gmc\",\"value\":\"7012345\"}},\"practice\":\"A81001\",\"patient\":\"9434765919\",\
         \"encounter\":{{\"mode\":\"{mode}\",\"status\":\"attended\",\"minutes\":9}}}}"
    )
}

/// A service in which ten days pass in a second, from 1 February 2026 on.
fn start(place: &Place) -> Server {
    let mut command = command(&place.path("data"));
    let real = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    command.env("PLUMBLINE_TIME_LAPSE", format!("{real},1769947200000,864000"));
    let mut server = Server::start(command);
    server.drain();
    server
}

fn explain(place: &Place, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(["explain", "--data", "data"]).args(args).current_dir(place.path(".")).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn a_number_is_explained_alike_by_the_service_and_by_its_folder_revision_by_revision() {
    let place = Place::new();
    let server = start(&place);
    let first = [encounter("e1", 1, "telephone"), encounter("e2", 1, "home"), encounter("e3", 1, "telephone")].join("\n");
    assert_eq!(server.post("/v1/events", first.as_bytes()).json()["logged"], 3);
    server.until("/v1/changes?after=0", |answered| answered.json().as_array().is_some_and(|c| !c.is_empty()));
    // One event is amended so that it leaves the numerator, and the card is restated.
    assert_eq!(server.post("/v1/events", encounter("e3", 2, "home").as_bytes()).json()["logged"], 1);
    let changes = server.until("/v1/changes?after=1", |answered| {
        answered.json().as_array().is_some_and(|changes| {
            let amended = |change: &Value| {
                let path = format!("/v1/scorecards/gmc%7C7012345?month=2026-01&revision={}", change["revision"]);
                server.get(&path).body.contains("\"amended\"")
            };
            changes.iter().any(amended)
        })
    });
    let newest = changes.json().as_array().map_or(0, Vec::len) + 1;

    let question = ["gmc|7012345", "2026-01", "telephone_share"];
    let args = |more: &[&'static str]| [&question[..], more].concat();
    let forms: Vec<Vec<&str>> = vec![
        args(&["--revision", "1"]),
        args(&["--revision", "1", "-o", "json", "--window", "month"]),
        args(&["--revision", "1", "-o", "ndjson", "--side", "numerator", "--window", "12"]),
        args(&["-o", "json", "--practice", "A81001"]),
    ];
    let asked: Vec<Output> = forms.iter().map(|args| explain(&place, args)).collect();
    for (output, args) in asked.iter().zip(&forms) {
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    }
    let json: Value = serde_json::from_slice(&asked[1].stdout).expect("JSON");
    assert_eq!((&json["numerator"], &json["denominator"], &json["revision"]), (&2.into(), &3.into(), &1.into()));
    let ids: Vec<&str> = json["events"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["e1", "e2", "e3"]);
    assert_eq!(text(&asked[2].stdout).lines().count(), 2, "two by telephone");
    let json: Value = serde_json::from_slice(&asked[3].stdout).expect("JSON");
    assert_eq!((&json["numerator"], &json["denominator"]), (&1.into(), &3.into()), "of revision {newest}");
    assert_eq!(json["events"][2]["version"], 2);
    let table = text(&asked[0].stdout);
    for part in
        ["gmc|7012345, practice A81001, 2026-01: telephone_share@1", "2026-01-15", "attended, telephone, 9 minutes", "2 over 3"]
    {
        assert!(table.contains(part), "{part}:\n{table}");
    }
    assert!(!table.contains("9434765919"));
    let by_number = |at: &str| {
        let found = explain(&place, &["7012345", "2026-01", "telephone_share", "--revision", "1"]);
        assert_eq!((found.status.code(), text(&found.stdout)), (Some(0), table), "{at}: {}", text(&found.stderr));
        assert_eq!(text(&found.stderr), "7012345 is an alias of gmc|7012345\n", "{at}");
    };
    by_number("the service");

    server.signal("-TERM");
    let mut server = server;
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
    for (output, args) in asked.iter().zip(&forms) {
        let alone = explain(&place, args);
        assert_eq!((alone.status.code(), text(&alone.stdout)), (Some(0), text(&output.stdout)), "{}", text(&alone.stderr));
    }
    by_number("the folder");
}

#[test]
fn an_unknown_number_is_answered_with_the_known_ones() {
    let place = Place::new();
    let server = start(&place);
    server.post("/v1/events", encounter("e1", 1, "telephone").as_bytes());
    server.until("/v1/changes?after=0", |answered| answered.json().as_array().is_some_and(|c| !c.is_empty()));
    let cases: [(&[&str], &str); 7] = [
        (&["gmc|7012345", "2026-01", "telefone_share"], "did you mean \"telephone_share\"?"),
        (&["gmc|7012345", "2026-01", "telephone_share@9"], "telephone_share@1"),
        (&["gmc|7012346", "2026-01", "telephone_share"], "did you mean \"gmc|7012345\"?"),
        (&["nobody", "2026-01", "telephone_share"], "no card of \"nobody\""),
        (&["gmc|7012345", "2025-12", "telephone_share"], "there are cards for 2026-01"),
        (&["gmc|7012345", "2026-01", "telephone_share", "--revision", "99"], "its revisions are 1 to "),
        (&["gmc|7012345", "2026-01", "telephone_share", "--practice", "A81002"], "did you mean \"A81001\"?"),
    ];
    let check = || {
        for (args, expected) in cases {
            let refused = explain(&place, args);
            assert_eq!(refused.status.code(), Some(1), "{args:?}");
            assert!(refused.stdout.is_empty() && text(&refused.stderr).contains(expected), "{args:?}: {}", text(&refused.stderr));
        }
    };
    check();
    let path = "/v1/scorecards/gmc%7C7012345/explain";
    for (query, status) in [("", 400), ("?month=2026-01", 400), ("?month=2026-01&measure=dna_rate&window=7", 400)] {
        let answered = server.get(&format!("{path}{query}"));
        assert_eq!(answered.status, status, "{query}: {}", answered.body);
        assert!(answered.json()["error"].as_str().is_some_and(|text| !text.is_empty()));
    }
    assert_eq!(server.get(&format!("{path}?month=2026-01&measure=nothing")).status, 404);
    server.signal("-TERM");
    let mut server = server;
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
    check();
    let mut elsewhere = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    elsewhere.args(["explain", "gmc|7012345", "2026-01", "telephone_share", "--data", "elsewhere"]);
    let nothing = elsewhere.current_dir(place.path(".")).output().expect("the binary runs");
    assert!(text(&nothing.stderr).contains("has no log") && !place.path("elsewhere").exists());
}

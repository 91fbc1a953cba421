//! The operator's fence, tried as an attack: a forged retraction at the highest version must not be final.

use std::process::Command;

use crate::server::{PATIENCE, Response, Server, command, request_as};
use crate::support::Place;

// `printf north | sha256sum`, and `printf operator | sha256sum`: the text of a token is its name.
const NORTH: &str = "dc365e79d41cfae1c3c0d969319ae62165b81b1815a86c32bbc6c64cbdf2311b";
const OPERATOR: &str = "06e55b633481f7bb072957eabcf110c972e86691c3cfedabe088024bffe42f23";
const HIGHEST: u64 = 1 << 53;

fn started(place: &Place) -> Server {
    let text = format!(
        "[feeds.north]\npractice = \"A81001\"\n[tokens.north]\nsha256 = \"{NORTH}\"\nscopes = \"write:north\"\n\
         [tokens.operator]\nsha256 = \"{OPERATOR}\"\nscopes = \"admin metrics\"\n"
    );
    let mut command = command(&place.path("data"));
    command.arg("--config").arg(place.put("fence.toml", text));
    Server::start(command)
}

fn sent(server: &Server, token: &str, path: &str, body: &str) -> Response {
    let header = format!("Authorization: Bearer {token}\r\n");
    request_as(&server.address, &header, "POST", path, body.as_bytes()).expect("it answers")
}

fn visit(version: u64, action: &str) -> String {
    format!(
        r#"{{"feed":"north","id":"e1","version":{version},"action":"{action}","type":"encounter","occurred_at":"2026-01-15T09:00:00Z","clinician":{{"system":"gmc","value":"7012345"}},"encounter":{{"mode":"telephone","status":"attended"}}}}"#
    )
}

/// Sends a version of the event, and waits until tally has counted it with this outcome this often.
fn counted(server: &Server, version: u64, action: &str, outcome: &str, times: u64) {
    assert_eq!(sent(server, "north", "/v1/events", &visit(version, action)).status, 200);
    let line = format!("plumbline_tally_events_total{{outcome=\"{outcome}\"}} {times}");
    let begun = std::time::Instant::now();
    loop {
        let header = "Authorization: Bearer operator\r\n";
        let metrics = request_as(&server.address, header, "GET", "/metrics", b"").expect("it answers").body;
        if metrics.lines().any(|found| found == line) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{line} never came:\n{metrics}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Runs `events retract north ID` and returns exit code, standard output and standard error.
fn retract(place: &Place, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(["events", "retract", "north"]).args(arguments);
    command.arg("--config").arg(place.path("fence.toml")).arg("--data").arg(place.path("data"));
    let output = command.env("PLUMBLINE_TOKEN", "operator").output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_forged_retraction_at_the_highest_version_is_fenced_in_a_running_service_and_in_a_stopped_one() {
    let place = Place::new();
    let server = started(&place);
    counted(&server, 1, "record", "accepted", 1);
    counted(&server, HIGHEST, "retract", "accepted", 2);
    counted(&server, 2, "record", "stale", 1);

    let (code, _, error) = retract(&place, &["e1"]);
    assert!(code == Some(2) && error.contains("--operator"), "{error}");
    let (code, _, error) = retract(&place, &["e2", "--operator"]);
    assert!(code == Some(1) && error.contains("no event of this id"), "{error}");
    // Neither the sender's own token nor a request without a token fences.
    assert_eq!(sent(&server, "north", "/v1/events/retract?feed=north&id=e1", "").problem(), "scope-missing");

    let (code, text, error) = retract(&place, &["e1", "--operator"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(text.contains("3 records") && text.contains(&HIGHEST.to_string()), "{text}");
    counted(&server, 2, "record", "accepted", 3);
    counted(&server, HIGHEST, "retract", "accepted", 4);
    drop(server);

    let (code, text, error) = retract(&place, &["e1", "--operator", "--output", "json"]);
    assert_eq!(code, Some(0), "{error}");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&value["voided"], &value["newest"]), (&5.into(), &HIGHEST.into()));
    // A restart folds the whole log again: the fences hold, and the genuine version counts.
    let server = started(&place);
    counted(&server, 3, "record", "accepted", 5);
}

//! The erasure of a patient, tried as an attack: no event of the patient counts afterwards, and no key links the log to the patient.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::server::{PATIENCE, Server, command};
use crate::support::Place;

/// Valid NHS numbers of the range for tests.
const ANN: &str = "9990000018";
const BOB: &str = "9990000026";

fn visit(id: &str, version: u64, patient: &str) -> String {
    format!(
        r#"{{"feed":"north","id":"{id}","version":{version},"type":"encounter","occurred_at":"2026-01-15T09:00:00Z","clinician":{{"system":"gmc","value":"7012345"}},"practice":"A81001","patient":"{patient}","encounter":{{"mode":"telephone","status":"attended"}}}}"#
    )
}

/// Runs `erase patient` with these identifiers, and returns exit code, standard output and standard error.
fn erase(place: &Place, identifiers: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(["erase", "patient"]).args(arguments).arg("--data").arg(place.path("data")).current_dir(place.path("."));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    child.stdin.take().expect("piped").write_all(identifiers.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Waits until tally has accepted this many versions, retractions among them.
fn counted(server: &Server, accepted: u64) {
    let line = format!("plumbline_tally_events_total{{outcome=\"accepted\"}} {accepted}");
    let begun = std::time::Instant::now();
    loop {
        let metrics = server.get("/metrics").body;
        if metrics.lines().any(|found| found == line) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{line} never came:\n{metrics}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn send(server: &Server, events: &[String]) {
    let answer = server.post("/v1/events", events.join("\n").as_bytes()).json();
    assert_eq!(answer["logged"], events.len(), "{answer}");
}

#[test]
fn no_event_of_an_erased_patient_counts_and_the_epoch_ends_for_every_pseudonym() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let events = [visit("a", 1, ANN), visit("a", 2, "999 000 0018"), visit("b", 1, BOB), visit("c", 1, ANN), visit("c", 2, BOB)];
    send(&server, &events);
    counted(&server, 5);

    let (code, _, error) = erase(&place, "\n", &[]);
    assert!(code == Some(1) && error.contains("no identifier"), "{error}");
    let (code, text, error) = erase(&place, ANN, &["--dry-run"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(text.contains("1 event of the patient would be retracted") && text.contains("3 records"), "{text}");
    counted(&server, 5);
    let (code, text, error) = erase(&place, &format!("{ANN}\n"), &[]);
    assert_eq!(code, Some(0), "{error}");
    assert!(text.contains("1 event of the patient retracted") && text.contains("These data remain:"), "{text}");
    assert!(!text.contains("999000"), "{text}");
    counted(&server, 6);
    let (_, text, _) = erase(&place, ANN, &["--dry-run", "--output", "json"]);
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&value["erasure"]["retracted"], &value["erasure"]["void"]), (&0.into(), &2.into()), "{value}");
    // The event that was corrected to another patient stays.
    let (_, text, _) = erase(&place, BOB, &["--dry-run", "--output", "json"]);
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&value["erasure"]["retracted"], &value["epoch_ended"]), (&2.into(), &false.into()));
    drop(server);

    // Stopped, with the end of the epoch: afterwards nobody finds the records of the patient.
    let before = std::fs::read_to_string(place.path("data/keys.toml")).expect("keys");
    let (code, text, error) = erase(&place, BOB, &["--end-epoch"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(text.contains("2 events of the patient retracted") && text.contains("destroy every copy"), "{text}");
    assert_ne!(std::fs::read_to_string(place.path("data/keys.toml")).expect("keys"), before);
    let (code, text, error) = erase(&place, ANN, &["--dry-run", "--output", "json"]);
    assert_eq!(code, Some(0), "{error}");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["erasure"]["records"], 0, "{value}");
    // The service starts with the new key, and the retractions hold.
    let server = Server::start(command(&place.path("data")));
    counted(&server, 8);
}

#[test]
fn a_request_without_pseudonyms_or_with_a_number_in_their_place_erases_nothing() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    for query in ["", "?mode=erase", "?mode=erase&pseudonyms=9990000018", "?pseudonyms=00000000000000000000000000000000"] {
        let answer = server.post(&format!("/v1/patients/erase{query}"), b"");
        assert_eq!(answer.problem(), "malformed-parameter", "{query}");
        assert!(!answer.body.contains("999000"), "{answer:?}");
    }
}

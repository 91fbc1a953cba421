//! A disk that fails stops the service with a clear message, and no acknowledged event is lost.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::server::{Server, command, request};
use crate::support::Place;

const EVENTS_A_BODY: u64 = 220;

/// Events of about 7 MiB: each has the largest number of diagnoses, with the longest codes.
fn body(number: u64) -> String {
    let event = |n: u64| {
        let diagnosis = |i: u64| format!("{{\"code\":\"{number}-{n}-{i}-{}\",\"code_system\":\"local\"}}", "x".repeat(480));
        let diagnoses: Vec<String> = (0..64).map(diagnosis).collect();
        format!(
            "{{\"feed\":\"surgery\",\"id\":\"b{number}-{n}\",\"type\":\"encounter\",\"occurred_at\":\"2026-01-15T09:00:00Z\",\
             \"clinician\":{{\"system\":\"gmc\",\"value\":\"7012345\"}},\"practice\":\"A81001\",\
             \"encounter\":{{\"mode\":\"telephone\",\"status\":\"attended\",\"diagnoses\":[{}]}}}}\n",
            diagnoses.join(",")
        )
    };
    (0..EVENTS_A_BODY).map(event).collect()
}

/// `plumbline run` with a limit of 64 MiB a file, the initial size of the log's journal. For the process it is a disk that fills up.
fn confined(place: &Place) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 131072; exec \"$0\" \"$@\""]).arg(env!("CARGO_BIN_EXE_plumbline"));
    command.args(["run", "--listen", "127.0.0.1:0", "--data", "data"]).current_dir(place.path("."));
    command.env("PLUMBLINE_LOG_FORMAT", "json").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

#[test]
fn a_full_disk_ends_the_service_with_the_cure_and_acknowledged_events_survive() {
    let place = Place::new();
    let server = Server::start(confined(&place));
    let mut answered = 0;
    let unanswered = loop {
        assert!(answered < 40, "{answered} bodies went into a log that has room for ten");
        let body = body(answered);
        match request(&server.address, "POST", "/v1/events", body.as_bytes()) {
            Ok(response) if response.status == 200 => assert_eq!(response.json()["logged"], EVENTS_A_BODY),
            // The service may end before it responds.
            Ok(response) if response.status != 503 => panic!("{response:?}"),
            _ => break body,
        }
        answered += 1;
    };
    let (status, said) = server.end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("data/log cannot be written") && said.contains("ulimit -f"), "{said}");
    assert!(answered > 2, "the disk must fill up, not be full from the start");

    let server = Server::start(command(&place.path("data")));
    let facts = |count: u64| move |body: &str| body.lines().any(|line| line == format!("plumbline_facts {count}"));
    server.until("/readyz", |response| response.status == 200);
    let scrape = server.get("/metrics").body;
    assert!(facts(answered * EVENTS_A_BODY)(&scrape), "{answered} bodies were acknowledged: {scrape}");
    let again = request(&server.address, "POST", "/v1/events", unanswered.as_bytes()).expect("there is room");
    assert_eq!(again.json()["logged"], EVENTS_A_BODY);
    server.until("/metrics", |response| facts((answered + 1) * EVENTS_A_BODY)(&response.body));
}

#[test]
fn the_error_for_a_read_only_folder_names_it_and_the_cure() {
    let user = Command::new("id").arg("-u").output().expect("id runs");
    if user.stdout.starts_with(b"0\n") {
        eprintln!("skipped: root may write everywhere");
        return;
    }
    let place = Place::new();
    let locked = place.path("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).unwrap();
    let refused = command(&locked.join("data")).current_dir(place.path(".")).output().unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("locked/data") && said.contains("let this user write there"), "{said}");
}

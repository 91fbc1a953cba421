//! A full disk ends writes with a clear message and not reads, and no acknowledged event is lost. Other users read no file.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
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
fn a_full_disk_ends_writes_and_not_reads_and_acknowledged_events_survive() {
    let place = Place::new();
    let mut server = Server::start(confined(&place));
    let mut answered = 0;
    let unanswered = loop {
        assert!(answered < 40, "{answered} bodies went into a log that has room for ten");
        let body = body(answered);
        match server.post("/v1/events", body.as_bytes()) {
            response if response.status == 200 => assert_eq!(response.json()["logged"], EVENTS_A_BODY),
            response => {
                assert!([503, 507].contains(&response.status), "{response:?}");
                break body;
            }
        }
        answered += 1;
    };
    assert!(answered > 2, "the disk must fill up, not be full from the start");
    server.until_said("the disk is full");
    // Reads go on, and every further write gets the reason.
    assert_eq!(server.get("/livez").status, 200);
    assert_eq!((server.get("/v1/changes").status, server.get("/v1/rejects").status), (200, 200));
    let ready = server.get("/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("the disk is full"), "{}", ready.body);
    for path in ["/v1/events", "/v1/rejects/retry"] {
        let response = server.post(path, unanswered.as_bytes());
        assert_eq!((response.status, response.problem().as_str()), (507, "disk-full"), "{path}");
        assert!(response.body.contains("data/log cannot be written") && response.body.contains("ulimit -f"), "{response:?}");
    }
    server.signal("-TERM");
    let (status, said) = server.end();
    assert_eq!(status.code(), Some(1), "{said}");
    let last = said.lines().next_back().unwrap_or_default();
    assert!(last.contains("data/log cannot be written") && last.contains("ulimit -f"), "{said}");

    let server = Server::start(command(&place.path("data")));
    let facts = |count: u64| move |body: &str| body.lines().any(|line| line == format!("plumbline_facts {count}"));
    server.until("/readyz", |response| response.status == 200);
    let scrape = server.get("/metrics").body;
    assert!(facts(answered * EVENTS_A_BODY)(&scrape), "{answered} bodies were acknowledged: {scrape}");
    let again = request(&server.address, "POST", "/v1/events", unanswered.as_bytes()).expect("there is room");
    assert_eq!(again.json()["logged"], EVENTS_A_BODY);
    server.until("/metrics", |response| facts((answered + 1) * EVENTS_A_BODY)(&response.body));
}

/// The modes of a folder and everything below it, by path.
fn modes(path: &Path) -> Vec<(PathBuf, u32)> {
    let mode = fs::metadata(path).expect("an entry").permissions().mode() & 0o777;
    let mut found = vec![(path.to_owned(), mode)];
    for entry in fs::read_dir(path).into_iter().flatten() {
        found.extend(modes(&entry.expect("an entry").path()));
    }
    found
}

fn assert_private(data: &Path) {
    let found = modes(data);
    assert!(found.len() > 6, "{found:?}");
    for (path, mode) in found {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{} has mode {mode:o}", path.display());
    }
}

#[test]
fn other_users_read_nothing_in_the_data_folder_and_a_start_repairs_one_that_they_could_read() {
    let place = Place::new();
    let data = place.path("data");
    let start = || {
        let mut command = Command::new("sh");
        // The usual mask lets every user read new files.
        command.args(["-c", "umask 022; exec \"$0\" \"$@\""]).arg(env!("CARGO_BIN_EXE_plumbline"));
        command.args(["run", "--listen", "127.0.0.1:0", "--data", "data"]).current_dir(place.path("."));
        command.env("PLUMBLINE_LOG_FORMAT", "json").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Server::start(command)
    };
    let server = start();
    assert_eq!(server.post("/v1/events", b"no json").status, 422);
    assert_private(&data);
    server.signal("-TERM");
    assert_eq!(server.end().0.code(), Some(0));
    for (path, _) in modes(&data) {
        let open = if path.is_dir() { 0o755 } else { 0o644 };
        if !path.ends_with("keys.toml") {
            fs::set_permissions(&path, fs::Permissions::from_mode(open)).expect("our own file");
        }
    }
    let server = start();
    assert_private(&data);
    server.signal("-TERM");
    assert_eq!(server.end().0.code(), Some(0));
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

#[test]
fn below_the_reserve_intake_answers_507_and_everything_else_goes_on() {
    let place = Place::new();
    let mut run = command(&place.path("data"));
    // No disk has a billion GiB.
    run.env("PLUMBLINE_DISK_RESERVE", "1000000000GiB");
    let server = Server::start(run);
    server.until("/readyz", |response| response.status == 200);
    for path in ["/v1/events", "/fhir", "/v1/rejects/retry"] {
        let response = server.post(path, b"{}");
        assert_eq!(response.status, 507, "{path}: {response:?}");
        assert!(response.body.contains("disk-reserve") && response.body.contains("data has"), "{response:?}");
    }
    assert_eq!((server.get("/v1/changes").status, server.get("/v1/rejects").status), (200, 200));
    let ready = server.get("/readyz");
    assert!(ready.status == 200 && ready.body.contains("disk-reserve"), "{ready:?}");
    let scrape = server.get("/metrics").body;
    let gauge = |name: &str| -> f64 {
        let line = scrape.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is missing")).parse().expect("a number")
    };
    assert!(gauge("plumbline_disk_free_bytes") < gauge("plumbline_disk_reserve_bytes"));
    assert!(scrape.contains("plumbline_log_bytes{topic=\"events\"}"), "{scrape}");
}

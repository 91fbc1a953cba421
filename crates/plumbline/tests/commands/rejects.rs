//! `plumbline rejects`: rejected records are kept encrypted until a repair lets them in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use crate::server::{PATIENCE, Server, command, request};
use crate::support::Place;
use promises::patient_planter::{Planter, specimens};
use serde_json::Value;

fn rejects(place: &Place, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.arg("rejects").args(args).args(["--data", "data"]).current_dir(place.path("."));
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

fn stop(server: Server) {
    server.signal("-TERM");
    let (status, said) = server.end();
    assert_eq!(status.code(), Some(0), "{said}");
}

/// A finished visit with a version number and without the time of its last change.
fn visit(id: &str) -> String {
    format!(
        "{{\"resourceType\":\"Encounter\",\"id\":\"{id}\",\"meta\":{{\"versionId\":\"3\"}},\"status\":\"finished\",\"class\":{{\"code\":\"AMB\"}},\
         \"subject\":{{\"identifier\":{{\"system\":\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\"9434765919\"}}}},\
         \"participant\":[{{\"individual\":{{\"identifier\":{{\"system\":\"https://fhir.nhs.uk/Id/gmc-reference-number\",\"value\":\"7012345\"}}}}}}],\
         \"period\":{{\"start\":\"2026-01-15T09:00:00Z\",\"end\":\"2026-01-15T09:10:00Z\"}}}}"
    )
}

/// A service whose feed `ward` has this versioning. Its configuration is in the folder where commands look for it.
fn start(place: &Place, versioning: &str) -> Server {
    place.put("plumbline.toml", format!("[feeds.ward]\nversioning = \"{versioning}\"\n"));
    Server::start(command(&place.path("data")))
}

/// A service that has rejected two visits for their versions and one line that is not JSON.
fn refused(place: &Place) -> Server {
    let server = start(place, "updated");
    let body = format!("{}\n{}\n", visit("v1"), visit("v2"));
    let answered = server.post("/v1/events?feed=ward", body.as_bytes()).json();
    assert_eq!((&answered["rejected"], &answered["events"][0]["reason"]), (&2.into(), &"missing_version".into()), "{answered}");
    assert_eq!(server.post("/v1/events", b"not json").json()["rejected"], 1);
    server
}

#[test]
fn rejects_are_listed_shown_and_accepted_after_a_repair_by_the_running_service() {
    let place = Place::new();
    let server = refused(&place);
    let listed = json(&rejects(&place, &["list", "-o", "json"]));
    let groups: Vec<(&str, &str, u64)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|g| (g["reason"].as_str().unwrap(), g["feed"].as_str().unwrap(), g["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(groups, [("missing_version", "ward", 2), ("not_json", "", 1)]);
    assert_eq!(server.get("/v1/rejects").json(), listed);
    let table = rejects(&place, &["list", "--feed", "ward"]);
    let table = text(&table.stdout).to_owned();
    assert!(table.contains("2 x missing_version, Encounter.meta.lastUpdated, ward") && table.contains("last changed"), "{table}");
    // Shapes are shown; raw bytes need an option.
    let shown = rejects(&place, &["show"]);
    assert!(text(&shown.stdout).contains("aaa aaaa") && !text(&shown.stdout).contains("9434765919"));
    let raw = json(&rejects(&place, &["show", "--raw", "--reason", "missing_version", "-o", "json"]));
    assert_eq!((raw[0]["raw"].as_str(), raw[1]["raw"].as_str()), (Some(&*visit("v1")), Some(&*visit("v2"))));

    // Nothing was repaired: everything is rejected again, and the topic of rejects does not grow.
    let again = json(&rejects(&place, &["retry", "-o", "json"]));
    assert_eq!((&again["logged"], &again["refused"]), (&0.into(), &3.into()), "{again}");
    assert_eq!(json(&rejects(&place, &["list", "-o", "json"])), listed);
    stop(server);

    let server = start(&place, "id");
    let retried = json(&rejects(&place, &["retry", "--feed", "ward", "-o", "json"]));
    assert_eq!((&retried["logged"], &retried["refused"]), (&2.into(), &0.into()), "{retried}");
    let left = json(&rejects(&place, &["list", "-o", "json"]));
    assert_eq!((left.as_array().map(Vec::len), &left[0]["reason"]), (Some(1), &"not_json".into()));
    server.until("/metrics", |answered| answered.body.contains("plumbline_tally_events_total{outcome=\"accepted\"} 2\n"));
    let counted = server.get("/metrics").body;
    assert!(counted.contains("plumbline_facts 2\n"), "{counted}");
    stop(server);
}

#[test]
fn a_retry_in_the_folder_that_is_killed_before_its_end_counts_nothing_twice() {
    let place = Place::new();
    stop(refused(&place));
    let kept = files(&place.path("data/refused"));
    place.put("plumbline.toml", "[feeds.ward]\nversioning = \"id\"\n");
    let retried = json(&rejects(&place, &["retry", "-o", "json"]));
    assert_eq!((&retried["logged"], &retried["refused"]), (&2.into(), &1.into()), "{retried}");
    // The state after a kill between the flush of the log and the change of the store.
    for (path, bytes) in &kept {
        fs::write(path, bytes).unwrap();
    }
    let retried = json(&rejects(&place, &["retry", "--reason", "missing_version", "-o", "json"]));
    assert_eq!(retried["logged"], 2, "{retried}");
    let server = start(&place, "id");
    let folded = |body: &str| body.contains("plumbline_tally_events_total{outcome=\"duplicate\"} 2\n");
    let counted = server.until("/metrics", |answered| folded(&answered.body)).body;
    assert!(
        counted.contains("plumbline_tally_events_total{outcome=\"accepted\"} 2\n") && counted.contains("plumbline_facts 2\n")
    );
    assert_eq!(json(&rejects(&place, &["list", "-o", "json"])).as_array().map(Vec::len), Some(1));
    stop(server);
}

/// Number of records in the store.
fn waiting(place: &Place) -> usize {
    fs::read_dir(place.path("data/refused")).map_or(0, |entries| {
        let kept = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|ending| ending == "refused");
        entries.filter(|entry| entry.as_ref().is_ok_and(kept)).count()
    })
}

#[test]
fn a_retry_that_is_killed_again_and_again_loses_nothing_and_counts_nothing_twice() {
    const RECORDS: usize = 120;
    let place = Place::new();
    let server = start(&place, "updated");
    for n in 0..RECORDS {
        assert_eq!(server.post("/v1/events?feed=ward", visit(&format!("v{n}")).as_bytes()).json()["rejected"], 1);
    }
    stop(server);
    assert_eq!(waiting(&place), RECORDS);
    let mut landed = 0;
    for left in [90, 60, 30] {
        let mut server = start(&place, "id");
        let address = server.address.clone();
        let retry = std::thread::spawn(move || request(&address, "POST", "/v1/rejects/retry", &[]));
        let begun = Instant::now();
        while waiting(&place) > left {
            assert!(begun.elapsed() < PATIENCE, "the retry never comes so far");
            std::thread::yield_now();
        }
        server.kill();
        // A killed service does not answer.
        let _ = retry.join().expect("asking does not panic");
        landed += usize::from(waiting(&place) > 0);
    }
    assert!(landed > 0, "no kill came before the retry's end");
    let server = start(&place, "id");
    let retried = server.post("/v1/rejects/retry", &[]).json();
    assert_eq!((&retried["refused"], waiting(&place)), (&0.into(), 0), "{retried}");
    let facts = format!("plumbline_facts {RECORDS}");
    let accepted = format!("plumbline_tally_events_total{{outcome=\"accepted\"}} {RECORDS}");
    server
        .until("/metrics", |answered| [&facts, &accepted].iter().all(|line| answered.body.lines().any(|found| found == **line)));
    stop(server);
}

#[test]
fn a_kill_after_the_response_loses_no_reject() {
    let place = Place::new();
    let mut server = refused(&place);
    server.kill();
    let listed = json(&rejects(&place, &["list", "-o", "json"]));
    assert_eq!((&listed[0]["count"], &listed[1]["count"]), (&2.into(), &1.into()));
}

#[test]
fn without_room_no_reject_is_kept_and_the_command_reports_it() {
    let place = Place::new();
    place.put("plumbline.toml", "refused = \"0B\"\n");
    let server = Server::start(command(&place.path("data")));
    assert_eq!(server.post("/v1/events", b"not json").json()["rejected"], 1);
    assert_eq!(server.get("/v1/rejects").json(), Value::Array(Vec::new()));
    stop(server);
    assert!(!place.path("data/refused").exists());
    let list = rejects(&place, &["list"]);
    assert!(list.status.code() == Some(1) && text(&list.stderr).contains("0B"), "{}", text(&list.stderr));
}

/// Every file below a folder.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder that was written") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => {
                let bytes = fs::read(&path).expect("a file");
                found.push((path, bytes));
            }
        }
    }
    found
}

#[test]
fn no_file_of_a_service_holds_a_planted_number_and_the_keys_decrypt_the_rejects() {
    let mut planter = Planter::default();
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let mut refused = 0;
    for specimen in specimens() {
        let mut inputs: Vec<Vec<u8>> = planter.each_text(&specimen).into_iter().map(String::into_bytes).collect();
        inputs.extend(planter.broken(&specimen));
        // One request each, and one request with all of them: a list and a line are stored in different ways.
        let list = inputs.iter().flat_map(|input| [input.as_slice(), b"\n"].concat()).collect();
        for body in inputs.into_iter().step_by(7).chain([list]) {
            refused += server.post("/v1/events?feed=fhir", &body).json()["rejected"].as_u64().expect("a number");
        }
    }
    assert!(refused > 300 && planter.planted.len() > 800, "{refused} refused of {}", planter.planted.len());
    let said = [rejects(&place, &["list"]).stdout, rejects(&place, &["show", "--limit", "100000"]).stdout];
    let raw = rejects(&place, &["show", "--raw", "--limit", "100000"]).stdout;
    server.signal("-TERM");
    let (status, talk) = server.end();
    assert_eq!(status.code(), Some(0), "{talk}");
    for bytes in [&said[0][..], &said[1][..], talk.as_bytes()] {
        assert_eq!(planter.found(bytes), BTreeSet::new());
    }
    let written = files(&place.path("data"));
    assert!(written.iter().any(|(path, _)| path.starts_with(place.path("data/refused"))));
    for (path, bytes) in &written {
        assert_eq!(planter.found(bytes), BTreeSet::new(), "{}", path.display());
    }
    assert!(planter.found(&raw).len() > 100, "the keys decrypt them");
}

//! A backup of a service under load is consistent, each one adds only what is new, and a restored folder holds the same cards.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::published::published;
use crate::server::{Server, command, request};
use crate::support::encounter;

fn plumbline(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plumbline")).args(args).current_dir(dir).output().expect("the binary runs")
}

/// Standard output of a command that succeeds.
fn said(dir: &Path, args: &[&str]) -> String {
    let output = plumbline(dir, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn records(dir: &Path, topic: &str, data: &str) -> BTreeSet<String> {
    said(dir, &["peek", topic, "--data", data, "-o", "ndjson"]).lines().map(str::to_owned).collect()
}

fn post(address: &str, number: usize) {
    let event = encounter(&format!("load-{number}"), "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z");
    let answer = request(address, "POST", "/v1/events?feed=north", event.as_bytes()).expect("the service runs");
    assert_eq!(answer.json()["logged"], 1, "{answer:?}");
}

#[test]
fn a_folder_restored_from_a_backup_under_load_holds_the_same_records_and_goes_on() {
    let (place, mut server) = published();
    let dir = place.path(".");
    let (stop, address) = (AtomicBool::new(false), server.address.clone());
    thread::scope(|scope| {
        scope.spawn(|| (0..).take_while(|_| !stop.load(Ordering::Relaxed)).for_each(|number| post(&address, number)));
        let first = said(&dir, &["backup", "b", "--data", "data", "--with-keys"]);
        assert!(first.contains("000001.segment"), "{first}");
        let second = said(&dir, &["backup", "b", "--data", "data", "--with-keys"]);
        assert!(second.contains("000002.segment"), "{second}");
        stop.store(true, Ordering::Relaxed);
    });
    let size = |name: &str| std::fs::metadata(place.path("b").join(name)).expect("a segment").len();
    assert!(size("000002.segment") < size("000001.segment"), "the second backup adds only what is new");
    server.kill();

    let restored = said(&dir, &["restore", "b", "--to", "again"]);
    assert!(restored.contains("with keys.toml"), "{restored}");
    assert!(said(&dir, &["log", "verify", "--data", "again"]).contains("all whole"));
    assert!(said(&dir, &["log", "verify", "--data", "data"]).contains("all whole"));
    for topic in ["events", "registry", "scorecards", "scorecard-revisions", "runs"] {
        let (again, original) = (records(&dir, topic, "again"), records(&dir, topic, "data"));
        assert!(!again.is_empty() && again.is_subset(&original), "{topic}");
    }
    assert_eq!(said(&dir, &["card", "gmc|7000003", "--month", "2026-01", "--revision", "1", "--data", "again"]), {
        said(&dir, &["card", "gmc|7000003", "--month", "2026-01", "--revision", "1", "--data", "data"])
    });
    // A stopped folder gives the rest, and the sum is the whole log.
    said(&dir, &["backup", "b", "--data", "data"]);
    said(&dir, &["restore", "b", "--to", "all"]);
    for topic in ["events", "registry", "clinician-months", "scorecards", "scorecard-revisions", "runs", "peer-groups"] {
        assert_eq!(records(&dir, topic, "all"), records(&dir, topic, "data"), "{topic}");
    }
    let mut run = command(&place.path("all"));
    run.args(["--accept-clock"]);
    let server = Server::start(run);
    server.until("/readyz", |response| response.status == 200 || response.body.contains("the last cut is in the future"));
    let known = encounter("load-0", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z");
    assert_eq!(server.post("/v1/events?feed=north", known.as_bytes()).status, 200);
}

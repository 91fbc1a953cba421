//! `plumbline log verify` and `log salvage` on a log with a flipped bit: no loss is silent, and one bit costs one batch.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::server::{Server, command};
use crate::support::{Place, encounter};

fn plumbline(place: &Place, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(args).current_dir(place.path(".")).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// Ids of the events that a log holds.
fn events(place: &Place, data: &str) -> Vec<String> {
    let shown = plumbline(place, &["peek", "events", "--data", data, "-o", "ndjson"]);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    let batches: Vec<serde_json::Value> = text(&shown.stdout).lines().map(line).collect();
    let of_batch = batches.iter().filter_map(|batch| batch["value"]["events"].as_array());
    let mut ids: Vec<String> = of_batch.flatten().map(|event| event["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

/// A stopped service with ten events, one a batch, in its folder `data`.
fn ten_events(place: &Place) {
    let mut run = command(&place.path("data"));
    run.env("PLUMBLINE_PARTITIONS", "1");
    let server = Server::start(run);
    for number in 0..10 {
        let event = encounter(&format!("salvage-{number}"), "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z");
        assert_eq!(server.post("/v1/events?feed=north", event.as_bytes()).json()["logged"], 1);
    }
    server.signal("-TERM");
    assert_eq!(server.end().0.code(), Some(0));
}

fn journal(place: &Place, data: &str) -> PathBuf {
    let folder = place.path(data).join("log/records");
    let mut files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "jnl")).expect("a journal")
}

/// The place of the batch with this event: from its first byte to the byte behind its trailer.
fn batch_of(bytes: &[u8], id: &str) -> std::ops::Range<usize> {
    let trailer = b"FJL\x03";
    let at = bytes.windows(id.len()).position(|window| window == id.as_bytes()).expect("the event is in the journal");
    let end = at + bytes[at..].windows(4).position(|window| window == trailer).expect("a trailer") + 4;
    let begin = bytes[..at].windows(4).rposition(|window| window == trailer).expect("an earlier batch") + 4;
    begin..end
}

#[test]
fn a_flipped_bit_in_the_journal_is_never_silent_and_costs_only_its_batch() {
    let place = Place::new();
    ten_events(&place);
    let whole = plumbline(&place, &["log", "verify", "--data", "data"]);
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    assert!(text(&whole.stdout).contains("all whole"), "{}", text(&whole.stdout));
    let file = journal(&place, "data");
    let healthy = fs::read(&file).expect("a journal");
    let batch = batch_of(&healthy, "salvage-4");
    // The tag of the batch, the tag of its item, its value and its trailer. The first two once cost every later event silently.
    let middle = batch.start + (batch.end - batch.start) / 2;
    for (number, at) in [batch.start, batch.start + 13, middle, batch.end - 1].into_iter().enumerate() {
        let mut damaged = healthy.clone();
        damaged[at] ^= 4;
        fs::write(&file, &damaged).expect("a journal");
        for refused in [&["run", "--listen", "127.0.0.1:0", "--data", "data"][..], &["peek", "events", "--data", "data"]] {
            let refused = plumbline(&place, refused);
            assert_eq!(refused.status.code(), Some(1), "byte {at}");
            assert!(text(&refused.stderr).contains("log salvage"), "{}", text(&refused.stderr));
        }
        let verified = plumbline(&place, &["log", "verify", "--data", "data"]);
        assert_eq!(verified.status.code(), Some(1), "byte {at}");
        assert!(text(&verified.stderr).contains("damaged"), "{}", text(&verified.stderr));
        assert_eq!(fs::read(&file).expect("a journal"), damaged, "nothing changed the damaged log");
        let to = format!("salvaged-{number}");
        let salvaged = plumbline(&place, &["log", "salvage", "--data", "data", "--to", &to]);
        assert_eq!(salvaged.status.code(), Some(0), "{}", text(&salvaged.stderr));
        assert!(text(&salvaged.stdout).contains("1 record is damaged"), "{}", text(&salvaged.stdout));
        let kept: Vec<String> = (0..10).filter(|number| *number != 4).map(|number| format!("salvage-{number}")).collect();
        assert_eq!(events(&place, &to), kept, "byte {at}");
        assert_eq!(plumbline(&place, &["log", "verify", "--data", &to]).status.code(), Some(0));
        assert!(place.path(&to).join("keys.toml").is_file() && !place.path(&to).join("salvage.tmp").exists());
    }
    // A service goes on with the rest, and the source sends the lost event again.
    let mut run = command(&place.path("salvaged-2"));
    run.env("PLUMBLINE_PARTITIONS", "1");
    let server = Server::start(run);
    let again = encounter("salvage-4", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z");
    assert_eq!(server.post("/v1/events?feed=north", again.as_bytes()).json()["logged"], 1);
    server.signal("-TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(events(&place, "salvaged-2").len(), 10);
    let exists = plumbline(&place, &["log", "salvage", "--data", "data", "--to", "salvaged-1"]);
    assert!(exists.status.code() == Some(1) && text(&exists.stderr).contains("new folder"), "{}", text(&exists.stderr));
}

#[test]
fn a_journal_that_lost_its_end_is_never_whole() {
    let place = Place::new();
    ten_events(&place);
    let file = journal(&place, "data");
    let healthy = fs::read(&file).expect("a journal");
    // Everything from the sixth event on is gone, without a trace in the journal.
    fs::write(&file, &healthy[..batch_of(&healthy, "salvage-5").start]).expect("a journal");
    let verified = plumbline(&place, &["log", "verify", "--data", "data"]);
    assert_eq!(verified.status.code(), Some(1), "{}", text(&verified.stdout));
    let said = text(&verified.stderr).replace("\n", " ");
    assert!(said.contains("events, partition 0: offsets ") && said.contains(" are missing"), "{said}");
    let salvaged = plumbline(&place, &["log", "salvage", "--data", "data", "--to", "rest"]);
    let said = text(&salvaged.stdout);
    assert!(said.contains("events, partition 0: offsets ") && said.contains("delete that file to accept the loss"), "{said}");
    let run = ["run", "--listen", "127.0.0.1:0", "--data", "rest"];
    let refused = plumbline(&place, &run);
    assert_ne!(refused.status.code(), Some(0), "{}", text(&refused.stderr));
    fs::remove_file(place.path("rest/LOG_ENDS")).expect("the file came along");
    let mut run = command(&place.path("rest"));
    run.env("PLUMBLINE_PARTITIONS", "1");
    let server = Server::start(run);
    server.signal("-TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(events(&place, "rest").len(), 5);
}

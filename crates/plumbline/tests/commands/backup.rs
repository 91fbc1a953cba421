//! Backup folders that are damaged, unfinished, foreign or of a later version are refused, and nothing is overwritten.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use plumbline::log::lock_file::LockFile;

use crate::server::{Server, command};
use crate::support::{Place, encounter, files_of};

fn plumbline(place: &Place, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plumbline")).args(args).current_dir(place.path(".")).output().expect("the binary runs")
}

fn succeeds(place: &Place, args: &[&str]) -> String {
    let output = plumbline(place, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn fails(place: &Place, args: &[&str], words: &str) {
    let output = plumbline(place, args);
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
    assert!(said.contains(words), "{args:?}: {said:?} lacks {words:?}");
}

/// A stopped service with one event in this folder.
fn one_event(place: &Place, data: &str) {
    let server = Server::start(command(&place.path(data)));
    let event = encounter("backup-1", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z");
    assert_eq!(server.post("/v1/events?feed=north", event.as_bytes()).json()["logged"], 1);
    server.signal("-TERM");
    assert_eq!(server.end().0.code(), Some(0));
}

const BACKUP: [&str; 4] = ["backup", "b", "--data", "data"];
const RESTORE: [&str; 4] = ["restore", "b", "--to", "new"];

#[test]
fn a_backup_that_cannot_be_trusted_is_refused() {
    let place = Place::new();
    one_event(&place, "data");
    // Folders that are none.
    fails(&place, &["backup", "data/b", "--data", "data"], "hold each other");
    fails(&place, &["backup", ".", "--data", "data"], "hold each other");
    place.put("thesis/thesis.txt", "mine");
    fails(&place, &["backup", "thesis", "--data", "data"], "holds files but no backup");
    fails(&place, &["restore", "thesis", "--to", "new"], "no finished backup");

    succeeds(&place, &BACKUP);
    // A segment that a crash left is no part of the backup, and the next one replaces it.
    place.put("b/000002.segment", "half");
    assert!(succeeds(&place, &BACKUP).contains("0 new records in 000002.segment"));
    succeeds(&place, &RESTORE);
    assert!(succeeds(&place, &["log", "verify", "--data", "new"]).contains("all whole"));
    fails(&place, &RESTORE, "holds files already");
    let whole = files_of(&place.path("new"));
    fails(&place, &RESTORE, "holds files already");
    assert_eq!(files_of(&place.path("new")), whole);

    // Two at once.
    {
        let _held = LockFile::acquire(&place.path("b/LOCK")).expect("nobody has it");
        fails(&place, &BACKUP, &format!("process {} writes into", std::process::id()));
    }
    // Another log.
    one_event(&place, "other");
    fails(&place, &["backup", "b", "--data", "other"], "backup of another log");
    // A later format.
    let manifest = place.path("b/BACKUP");
    let good = fs::read_to_string(&manifest).expect("a file");
    write_checked(&manifest, &good.replacen("\"format\": 1", "\"format\": 2", 1));
    for args in [BACKUP, ["restore", "b", "--to", "newer"]] {
        fails(&place, &args, "has the format 2, written by version");
    }
    // Every damage of the manifest and of a segment, on a sample of their bytes.
    fs::write(&manifest, &good).expect("our own file");
    for file in ["b/BACKUP", "b/000001.segment"] {
        let path = place.path(file);
        let bytes = fs::read(&path).expect("a file");
        for at in (0..bytes.len()).step_by(bytes.len() / 4) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            fs::write(&path, damaged).expect("our own file");
            fails(&place, &["restore", "b", "--to", "damaged"], "is damaged");
        }
        fs::write(&path, &bytes[..bytes.len() - 2]).expect("our own file");
        fails(&place, &["restore", "b", "--to", "damaged"], "is damaged");
        fs::write(&path, bytes).expect("our own file");
    }
    assert!(!place.path("damaged").exists() && !place.path("damaged.restoring").exists());
}

/// Writes a manifest with a right check.
fn write_checked(path: &Path, text: &str) {
    let (body, _) = text.trim_end().rsplit_once('\n').expect("a check");
    fs::write(path, format!("{body}\n{:032x}\n", xxhash_rust::xxh3::xxh3_128(body.as_bytes()))).expect("our own file");
}

#[test]
fn a_log_that_went_on_from_an_older_copy_is_not_added_to_a_newer_backup() {
    let place = Place::new();
    one_event(&place, "data");
    succeeds(&place, &BACKUP);
    succeeds(&place, &["restore", "b", "--to", "old"]);
    fs::copy(place.path("data/keys.toml"), place.path("old/keys.toml")).expect("our own file");
    for (data, id) in [("data", "backup-2"), ("old", "backup-3")] {
        let server = Server::start(command(&place.path(data)));
        let event = encounter(id, "2026-01-16T09:00:00Z", "2026-01-16T09:00:00Z");
        assert_eq!(server.post("/v1/events?feed=north", event.as_bytes()).json()["logged"], 1);
        server.signal("-TERM");
        assert_eq!(server.end().0.code(), Some(0));
    }
    succeeds(&place, &BACKUP);
    fails(&place, &["backup", "b", "--data", "old"], "was restored from an older");
}

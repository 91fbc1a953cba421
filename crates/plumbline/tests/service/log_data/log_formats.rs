//! Each format of the embedded log that was ever written opens, and a later one is refused with its name. `fixtures/log-format-N` is the
//! data folder of a service that wrote format N: three events, and the cards of two clinicians.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Stdio;

use std::os::unix::fs::PermissionsExt;

use crate::server::{Server, command};
use crate::support::{Place, files_of};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder of our own");
    for entry in fs::read_dir(from).expect("a fixture") {
        let entry = entry.expect("an entry");
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("a folder of our own");
        }
    }
}

fn copied(place: &Place, fixture: &str) -> std::path::PathBuf {
    let data = place.path("data");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(fixture), &data);
    // Git keeps neither empty folders nor the modes of files.
    fs::create_dir_all(data.join("log/records/keyspaces/1/tables")).expect("a folder of our own");
    fs::set_permissions(data.join("keys.toml"), fs::Permissions::from_mode(0o600)).expect("our own file");
    data
}

fn start(data: &Path) -> std::process::Command {
    let mut run = command(data);
    // The fixture has one partition, and its time ends on 10 February 2026.
    let real = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    run.env("PLUMBLINE_PARTITIONS", "1").env("PLUMBLINE_TIME_LAPSE", format!("{real},1770811200000,1"));
    run
}

#[test]
fn a_log_of_format_1_opens_with_all_its_records_and_has_the_present_format_then() {
    let place = Place::new();
    let data = copied(&place, "log-format-1");
    for _ in 0..2 {
        let server = Server::start(start(&data));
        server.until("/readyz", |response| response.status == 200);
        let changes = server.get("/v1/changes").json();
        assert_eq!(changes.as_array().map(Vec::len), Some(2), "{changes}");
        assert!(server.get("/metrics").body.contains("\nplumbline_facts 3\n"));
        server.signal("-TERM");
        assert_eq!(server.end().0.code(), Some(0));
        assert_eq!(fs::read_to_string(data.join("log/FORMAT")).expect("a file"), "plumbline local log 2\n");
    }
}

#[test]
fn a_log_of_a_later_format_is_refused_with_its_name_and_stays_as_it_is() {
    let place = Place::new();
    let data = copied(&place, "log-format-1");
    fs::write(data.join("log/FORMAT"), "plumbline local log 3\n").expect("a folder of our own");
    let before = files_of(&data.join("log/records"));
    let refused = start(&data).stderr(Stdio::piped()).output().expect("the binary runs");
    let said = String::from_utf8(refused.stderr).expect("text");
    assert!(!refused.status.success(), "{said}");
    assert!(said.contains("plumbline local log 3") && said.contains("a later one"), "{said}");
    assert_eq!(files_of(&data.join("log/records")), before);
}

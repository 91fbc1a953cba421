//! An older copy of the folder `log` is put back: the start is refused, because acknowledged events and published cards are missing.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::server::{Server, command};
use crate::support::{Place, encounter, files_of};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder of our own");
    for (name, bytes) in files_of(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of our own");
        fs::write(path, bytes).expect("a folder of our own");
    }
}

fn post(server: &Server, id: &str) {
    let event = encounter(id, "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z");
    assert_eq!(server.post("/v1/events?feed=north", event.as_bytes()).json()["logged"], 1);
}

fn until_noted(data: &Path, is_wanted: &dyn Fn(&str) -> bool) {
    let begun = Instant::now();
    while !fs::read_to_string(data.join("LOG_ENDS")).unwrap_or_default().lines().any(is_wanted) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the ends are never noted");
        thread::sleep(Duration::from_millis(50));
    }
}

fn stop(server: Server) {
    server.signal("-TERM");
    let (status, said) = server.end();
    assert_eq!(status.code(), Some(0), "{said}");
}

#[test]
fn an_older_log_in_the_folder_is_refused_until_the_operator_accepts_it() {
    let place = Place::new();
    let (data, backup) = (place.path("data"), place.path("backup"));
    let server = Server::start(command(&data));
    post(&server, "e1");
    stop(server);
    copy(&data.join("log"), &backup);
    let server = Server::start(command(&data));
    post(&server, "e2");
    // Events of one feed go into one partition: two batches, without a tick of a cut in the future.
    until_noted(&data, &|line| line.starts_with("events ") && line.ends_with(" 2"));
    stop(server);
    fs::remove_dir_all(data.join("log")).expect("a folder of our own");
    copy(&backup, &data.join("log"));
    let refused = command(&data).stderr(Stdio::piped()).output().expect("the binary runs");
    let said = String::from_utf8(refused.stderr).expect("text");
    assert_eq!(refused.status.code(), Some(78), "{said}");
    assert!(
        said.contains("events lost its end") && said.contains("docs/operate/runbook.md#the-folder-holds-an-older-log"),
        "{said}"
    );
    fs::remove_file(data.join("LOG_ENDS")).expect("it is there");
    let server = Server::start(command(&data));
    post(&server, "e2");
    // Genesis, and the rules of the feed.
    until_noted(&data, &|line| line == "registry 0 2");
    stop(server);
}

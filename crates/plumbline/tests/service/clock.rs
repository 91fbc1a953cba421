//! A clock that is wrong: ahead of the log at a start, or behind its last cut.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::server::{self, Server};
use crate::support::{Place, encounter};

/// 20 January 2026, 09:00 UTC.
const JANUARY: i64 = 1_768_899_600_000;
const DAY: i64 = 86_400_000;

/// A service whose clock shows this instant now, and runs this many times as fast.
fn command(data: &Path, shown: i64, factor: i64) -> Command {
    let real = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let mut command = server::command(data);
    command.env("PLUMBLINE_TIME_LAPSE", format!("{real},{shown},{factor}"));
    command
}

fn stop(server: Server) {
    server.signal("-TERM");
    let (status, said) = server.end();
    assert_eq!(status.code(), Some(0), "{said}");
}

#[test]
fn a_start_with_a_clock_two_years_ahead_is_refused_and_names_cure_and_override() {
    let place = Place::new();
    let data = place.path("data");
    let server = Server::start(command(&data, JANUARY, 1));
    let event = encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z");
    assert_eq!(server.post("/v1/events?feed=north", event.as_bytes()).json()["logged"], 1);
    stop(server);
    let ahead = JANUARY + 731 * DAY;
    let refused = command(&data, ahead, 1).stderr(std::process::Stdio::piped()).output().expect("the binary runs");
    let said = String::from_utf8(refused.stderr).expect("text");
    assert_eq!(refused.status.code(), Some(78), "{said}");
    assert!(said.contains("Set the clock") && said.contains("--accept-clock") && said.contains("2028-01-21"), "{said}");
    // Nothing was published: the right clock goes on, and publishes its first cut.
    let server = Server::start(command(&data, JANUARY + DAY, 1));
    server.until("/readyz", |answered| answered.json()["last_cut"].is_string());
    stop(server);
    // January has no card yet, but it would be final and sealed at once.
    let refused = command(&data, ahead, 1).output().expect("the binary runs");
    assert_eq!(refused.status.code(), Some(78), "{}", String::from_utf8_lossy(&refused.stderr));
    let mut accepted = command(&data, ahead, 1);
    accepted.arg("--accept-clock");
    drop(Server::start(accepted));
}

#[test]
fn a_last_cut_in_the_future_makes_the_service_unready() {
    let place = Place::new();
    let data = place.path("data");
    let mut server = Server::start(command(&data, JANUARY, 86_400));
    server.drain();
    server.until("/readyz", |answered| answered.status == 200 && answered.json()["last_cut"].is_string());
    server.signal("-TERM");
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
    drop(server);
    let server = Server::start(command(&data, JANUARY - 30 * DAY, 1));
    let answered = server.until("/readyz", |answered| answered.body.contains("future"));
    assert_eq!((answered.status, &answered.json()["ready"]), (503, &false.into()));
    let metrics = server.get("/metrics").body;
    let ahead = metrics.lines().find_map(|line| line.strip_prefix("plumbline_cut_ahead_seconds ")).expect("a metric");
    assert!(ahead.parse::<f64>().expect("a number") >= 30.0 * 86_400.0, "{ahead}");
    // Reads and writes go on.
    assert_eq!(server.get("/v1/changes").status, 200);
}

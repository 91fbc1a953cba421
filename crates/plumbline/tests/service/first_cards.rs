//! Day one: the service and the commands say how many events came in and when the first cards come.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::server::{self, Server};
use crate::support::{Place, encounter};

/// 30 November 2026, 09:00 UTC. November ends on 1 December, and its first cards come three days later, at the cut of 03:00.
const NOVEMBER: i64 = 1_796_029_200_000;
const FIRST: &str = "the first cards come on 4 December 03:00 UTC";

fn lapsed(mut command: Command) -> Command {
    let real = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    command.env("PLUMBLINE_TIME_LAPSE", format!("{real},{NOVEMBER},1"));
    command
}

fn said(data: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    let output = command.args(arguments).arg("--data").arg(data).output().expect("the binary runs");
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn before_the_first_card_every_question_is_answered_with_its_time() {
    let place = Place::new();
    let data = place.path("data");
    let server = Server::start(lapsed(server::command(&data)));
    let answer = server.get("/v1/scorecards");
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("0 events received"), "{answer:?}");
    let at = "2026-11-16T09:00:00Z";
    let body: String = (0..40).map(|n| encounter(&format!("e{n}"), at, at) + "\n").collect();
    assert_eq!(server.post("/v1/events?feed=north", body.as_bytes()).json()["logged"], 40);
    let expected = format!("40 events received; {FIRST}");
    let paths =
        ["/v1/scorecards", "/v1/scorecards/gmc%7C7012345", "/v1/scorecards/gmc%7C7012345/explain?month=2026-11&measure=dna_rate"];
    for path in paths {
        let answer = server.until(path, |answer| answer.body.contains(&expected));
        assert_eq!(answer.status, 404, "{path}");
    }
    let commands = [vec!["card", "gmc|7012345"], vec!["explain", "gmc|7012345", "2026-11", "dna_rate"]];
    for arguments in &commands {
        assert!(said(&data, arguments).contains(&expected), "{arguments:?}: {}", said(&data, arguments));
    }
    server.signal("-TERM");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log}");
    for arguments in &commands {
        assert!(said(&data, arguments).contains(&expected), "{arguments:?}: {}", said(&data, arguments));
    }
}

//! Tokens over HTTP: one for each feed, one for readers.

use crate::support;
use std::process::Command;

use crate::server::{Response, Server, command, request_as};
use crate::support::Place;

// `printf north | sha256sum`, `printf reader | sha256sum`
const NORTH: &str = "dc365e79d41cfae1c3c0d969319ae62165b81b1815a86c32bbc6c64cbdf2311b";
const READER: &str = "3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30";

fn encounter(feed: &str, id: &str) -> String {
    let at = "2026-01-15T09:00:00Z";
    support::encounter(id, at, at).replacen('{', &format!("{{\"feed\":\"{feed}\","), 1)
}

fn bearing(server: &Server, token: &str, method: &str, path: &str, body: &str) -> Response {
    let header = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    request_as(&server.address, &header, method, path, body.as_bytes()).expect("it answers")
}

#[test]
fn a_feed_needs_its_own_token_and_reading_cards_needs_the_token_of_readers() {
    let place = Place::new();
    let config = format!("[http]\nread-token-sha256 = \"{READER}\"\n[feeds.north]\ntoken-sha256 = \"{NORTH}\"\n");
    let file = place.put("guarded.toml", config);
    let mut command = command(&place.path("data"));
    command.arg("--config").arg(file);
    let server = Server::start(command);
    let both = [encounter("north", "e1"), encounter("south", "e2")].join("\n");
    for token in ["", "south", "reader"] {
        assert_eq!(bearing(&server, token, "POST", "/v1/events", &both).status, 401, "{token:?}");
    }
    let taken = bearing(&server, "north", "POST", "/v1/events", &both).json();
    assert_eq!((&taken["logged"], &taken["rejected"]), (&1.into(), &1.into()), "{taken}");
    assert_eq!(taken["events"][1]["reason"], "feed_not_allowed");
    for path in ["/v1/changes", "/v1/scorecards?month=2026-01", "/v1/scorecards/gmc%7C7012345", "/v1/rejects"] {
        assert_eq!(bearing(&server, "north", "GET", path, "").status, 401, "{path}");
        assert_ne!(bearing(&server, "reader", "GET", path, "").status, 401, "{path}");
    }
    assert_eq!(bearing(&server, "", "GET", "/livez", "").status, 200);
    assert_eq!(bearing(&server, "", "GET", "/metrics", "").status, 200);
    // An event without the right token is not kept for a retry.
    assert_eq!(bearing(&server, "reader", "POST", "/v1/rejects/retry", "").json()["refused"], 0);
}

#[test]
fn listening_beyond_this_machine_needs_tokens_and_config_show_hides_them() {
    let place = Place::new();
    let said = |config: &str| {
        let file = place.put("wide.toml", config);
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        command.args(["config", "show", "--config"]).arg(file).output().expect("the binary runs")
    };
    let refused = said("listen = \"0.0.0.0:8080\"\n");
    assert_eq!(refused.status.code(), Some(78));
    let text = String::from_utf8(refused.stderr).expect("text");
    assert!(text.contains("wide.toml:1: ") && text.contains("http.read-token-sha256"), "{text}");
    let shown = said(&format!("listen = \"0.0.0.0:8080\"\n[http]\nread-token-sha256 = \"{READER}\"\n"));
    assert_eq!(shown.status.code(), Some(0));
    assert!(!String::from_utf8(shown.stdout).expect("text").contains(READER));
}

//! Tokens over HTTP and their scopes.

use crate::support;
use std::process::Command;

use crate::server::{Response, Server, command, request_as};
use crate::support::Place;

// `printf north | sha256sum`, and so on: the text of a token is its name.
const HASHES: [(&str, &str, &str); 6] = [
    ("north", "dc365e79d41cfae1c3c0d969319ae62165b81b1815a86c32bbc6c64cbdf2311b", "write:north"),
    ("reader", "3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30", "cards:named"),
    ("clerk", "c40dc72b0228e5850d8b173ff861a48acfb4a15b37b2849cbb6584bbadbc7907", "rejects"),
    ("names", "aeb24056810d3d1f1e8afee61a0bc0028556eb0fb49a215ae5eb1b970cad0315", "registry write:names"),
    ("analyst", "f44ceb062e35dfeea6ed7f8524d53bb0bff19f553e25cae7ef4850e4185ccbba", "cards:disclosed"),
    ("operator", "06e55b633481f7bb072957eabcf110c972e86691c3cfedabe088024bffe42f23", "admin metrics"),
];

fn encounter(feed: &str, id: &str) -> String {
    let at = "2026-01-15T09:00:00Z";
    support::encounter(id, at, at).replacen('{', &format!("{{\"feed\":\"{feed}\","), 1)
}

fn bearing(server: &Server, token: &str, method: &str, path: &str, body: &str) -> Response {
    let header = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    request_as(&server.address, &header, method, path, body.as_bytes()).expect("it answers")
}

/// A service with all tokens, and further lines of configuration at the start.
fn guarded(place: &Place, first: &str) -> Server {
    let tables = HASHES.map(|(name, sha256, scopes)| format!("[tokens.{name}]\nsha256 = \"{sha256}\"\nscopes = \"{scopes}\"\n"));
    let file = place.put("guarded.toml", format!("{first}\n{}", tables.concat()));
    let mut command = command(&place.path("data"));
    command.arg("--config").arg(file);
    Server::start(command)
}

#[test]
fn each_route_needs_its_scope_and_no_other_token_opens_it() {
    let place = Place::new();
    let server = guarded(&place, "");
    let routes: [(&str, &str, &[&str]); 12] = [
        ("POST", "/v1/events", &["north", "names"]),
        ("GET", "/v1/changes", &["reader"]),
        ("GET", "/v1/scorecards?month=2026-01", &["reader"]),
        ("GET", "/v1/scorecards/gmc%7C7012345", &["reader"]),
        ("GET", "/v1/scorecards/gmc%7C7012345/explain?month=2026-01&measure=dna_rate", &["reader"]),
        ("GET", "/v1/measures", &["reader", "analyst"]),
        ("GET", "/v1/peer-groups?month=2026-01", &["reader", "analyst"]),
        ("GET", "/v1/runs", &["reader", "analyst"]),
        ("GET", "/v1/registry", &["operator"]),
        ("GET", "/v1/rejects", &["clerk"]),
        ("POST", "/v1/rejects/retry", &["operator"]),
        ("POST", "/v1/rejects/retry?feed=north", &["operator", "north"]),
    ];
    for (method, path, owners) in routes {
        for (token, ..) in HASHES {
            let response = bearing(&server, token, method, path, &encounter("north", "e1"));
            if owners.contains(&token) {
                assert!(![401, 403].contains(&response.status), "{token} {path}: {response:?}");
            } else {
                assert_eq!((response.status, response.problem().as_str()), (403, "scope-missing"), "{token} {path}");
            }
        }
        for unknown in ["", "south"] {
            let response = bearing(&server, unknown, method, path, "");
            assert_eq!((response.status, response.problem().as_str()), (401, "no-token"), "{unknown:?} {path}");
            assert!(response.head.contains("www-authenticate: bearer"), "{}", response.head);
        }
    }
    for path in ["/livez", "/readyz"] {
        server.until(path, |response| response.status == 200);
    }
}

#[test]
fn a_token_writes_its_own_feed_and_leaves_no_reject_of_another() {
    let place = Place::new();
    let server = guarded(&place, "");
    // A broken event of another feed would be written by a later retry, which has no token.
    let broken = "{\"feed\":\"south\",\"id\":\"e3\",\"version\":1,\"type\":\"robot\"}";
    let body = [&encounter("north", "e1"), &encounter("south", "e2"), broken].join("\n");
    let answer = bearing(&server, "north", "POST", "/v1/events", &body).json();
    assert_eq!((&answer["logged"], &answer["rejected"]), (&1.into(), &2.into()), "{answer}");
    for index in [1, 2] {
        assert_eq!(answer["events"][index]["reason"], "feed_not_allowed", "{answer}");
    }
    assert_eq!(bearing(&server, "clerk", "GET", "/v1/rejects", "").json(), serde_json::json!([]));
    assert_eq!(bearing(&server, "operator", "POST", "/v1/rejects/retry", "").json()["refused"], 0);
}

#[test]
fn a_feed_in_the_parameter_is_refused_before_the_body_is_decoded_and_is_not_repeated() {
    let place = Place::new();
    let server = guarded(&place, "");
    let response = bearing(&server, "north", "POST", "/v1/events?feed=9434765919", "no event at all");
    assert_eq!((response.status, response.problem().as_str()), (403, "feed-not-allowed"));
    assert!(!response.body.contains("943"), "{}", response.body);
    assert_eq!(bearing(&server, "clerk", "GET", "/v1/rejects", "").json(), serde_json::json!([]));
    let metrics = bearing(&server, "operator", "GET", "/metrics", "").body;
    assert!(metrics.contains("plumbline_intake_received_total{source=\"http\"} 0\n"), "{metrics}");
    assert!(metrics.contains("plumbline_http_problems_total{problem=\"feed-not-allowed\"} 1\n"), "{metrics}");
}

#[test]
fn only_a_token_with_the_scope_registry_names_a_doctor() {
    let place = Place::new();
    let server = guarded(&place, "");
    let doctor = "{\"resourceType\":\"Practitioner\",\"id\":\"d1\",\"meta\":{\"versionId\":\"1\"},\"identifier\":[{\"system\":\
                  \"https://fhir.nhs.uk/Id/gmc-reference-number\",\"value\":\"7012345\"}],\"name\":[{\"text\":\"Dr Forged\"}]}";
    let forged = bearing(&server, "north", "POST", "/v1/events?feed=north", doctor);
    assert_eq!(forged.status, 422, "{forged:?}");
    assert_eq!(forged.json()["events"][0]["reason"], "registry_not_allowed", "{forged:?}");
    let written = |server: &Server| {
        let metrics = bearing(server, "operator", "GET", "/metrics", "").body;
        metrics.lines().find(|line| line.starts_with("plumbline_intake_items_total{outcome=\"registered\"}")).map(str::to_owned)
    };
    assert!(written(&server).is_some_and(|line| line.ends_with(" 0")));
    let named = bearing(&server, "names", "POST", "/v1/events?feed=names", doctor);
    assert_eq!((named.status, &named.json()["registered"]), (200, &1.into()), "{named:?}");
    assert!(written(&server).is_some_and(|line| line.ends_with(" 1")));
    // The forged entry is not kept either: its retry would write it.
    assert_eq!(bearing(&server, "operator", "POST", "/v1/rejects/retry", "").json()["registered"], 0);
}

#[test]
fn an_unknown_parameter_is_refused_by_its_name() {
    let place = Place::new();
    let server = guarded(&place, "");
    let response = bearing(&server, "reader", "GET", "/v1/scorecards?practise=A81001", "");
    assert_eq!((response.status, response.problem().as_str()), (400, "unknown-parameter"));
    assert!(response.body.contains("practise"), "{}", response.body);
    for path in ["/v1/nothing", "/v1"] {
        assert_eq!(bearing(&server, "reader", "GET", path, "").problem(), "unknown-path");
    }
    assert_eq!(bearing(&server, "reader", "DELETE", "/v1/changes", "").problem(), "method-not-allowed");
}

#[test]
fn metrics_and_version_need_a_scope_beyond_loopback_unless_the_configuration_opens_them() {
    let paths = ["/metrics", "/version"];
    for (first, without, operator) in [
        ("", 200, 200),
        ("[http]\nopen-metrics = \"never\"", 401, 200),
        ("listen = \"0.0.0.0:0\"", 401, 200),
        ("listen = \"0.0.0.0:0\"\n[http]\nopen-metrics = \"always\"", 200, 200),
    ] {
        let place = Place::new();
        let tables =
            HASHES.map(|(name, sha256, scopes)| format!("[tokens.{name}]\nsha256 = \"{sha256}\"\nscopes = \"{scopes}\"\n"));
        place.put("plumbline.toml", format!("{first}\n{}", tables.concat()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        command.args(["run", "--data", "data"]).current_dir(place.path("."));
        if !first.contains("listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.env("PLUMBLINE_LOG_FORMAT", "json").stderr(std::process::Stdio::piped());
        let mut server = Server::start(command);
        server.address = server.address.replace("0.0.0.0", "127.0.0.1");
        for path in paths {
            assert_eq!(bearing(&server, "", "GET", path, "").status, without, "{first} {path}");
            assert_eq!(bearing(&server, "operator", "GET", path, "").status, operator, "{first} {path}");
        }
        if without == 401 {
            assert_eq!(bearing(&server, "reader", "GET", "/metrics", "").status, 403);
        }
    }
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
    assert!(text.contains("wide.toml:1: ") && text.contains("[tokens.NAME]"), "{text}");
    let (name, hash, scopes) = HASHES[0];
    let table = format!("[tokens.{name}]\nsha256 = \"{hash}\"\nscopes = [\"{scopes}\"]\n");
    let shown = said(&format!("listen = \"0.0.0.0:8080\"\n{table}"));
    assert_eq!(shown.status.code(), Some(0));
    let text = String::from_utf8(shown.stdout).expect("text");
    assert!(!text.contains(hash) && text.contains("tokens.north.scopes = \"write:north\""), "{text}");
}

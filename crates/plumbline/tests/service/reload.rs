//! `POST /v1/reload` and SIGHUP: what changes, what needs a restart, and a mistake that changes nothing.
#![cfg(unix)]

use crate::server::{Server, command, request_as};
use crate::support::{Place, encounter};

/// `printf %s TOKEN | sha256sum` of `first` and `second`.
const FIRST: &str = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";
const SECOND: &str = "16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4";

fn configuration(token: &str, rest: &str) -> String {
    format!(
        "{rest}\n[tokens.operator]\nsha256 = \"{token}\"\nscopes = [\"admin\", \"write:north\", \"cards:named\", \"metrics\"]\n"
    )
}

/// Asks with a token: status and body.
fn ask(server: &Server, method: &str, path: &str, token: &str, body: &str) -> (u16, String) {
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let response = request_as(&server.address, &headers, method, path, body.as_bytes()).expect("it answers");
    (response.status, response.body)
}

#[test]
fn a_reload_applies_what_it_can_names_the_rest_and_a_mistake_changes_nothing() {
    let place = Place::new();
    place.put("plumbline.toml", configuration(FIRST, "partitions = 1"));
    let server = Server::start(command(&place.path("data")));
    server.until("/readyz", |response| response.status == 200);
    let reload = |token: &str| ask(&server, "POST", "/v1/reload", token, "");
    assert_eq!(reload("first"), (200, r#"{"changed":[],"needs_restart":[],"people":0,"registry_entries":0}"#.to_owned() + "\n"));
    assert_eq!(reload("second").0, 401);

    // A mistake of the syntax, and one of a value.
    for wrong in ["partitions = ", "zone = \"Europe/Londres\""] {
        place.put("plumbline.toml", configuration(SECOND, wrong));
        let (status, body) = reload("first");
        assert_eq!(status, 422, "{body}");
        assert!(body.contains("not-reloaded") && body.contains("old configuration stays in force"), "{body}");
        assert!(body.contains("plumbline.toml"), "the mistake has its place: {body}");
        assert_eq!(server.get("/readyz").status, 200);
    }

    // Tokens, a practice in the registry and a measure change; the partitions and the address do not.
    place.put("registry.ndjson", "{\"type\":\"person\",\"id\":\"gmc|7012345\"}\n");
    let before = ask(&server, "GET", "/version", "first", "").1;
    let rest =
        "partitions = 2\nregistry = \"registry.ndjson\"\nlog.level = \"debug\"\nbuilt-in-measures = \"drop\"\nmeasures = \"own\"";
    place.put("own/dna.toml", include_str!("../../../../measures/dna_rate.toml"));
    place.put("plumbline.toml", configuration(SECOND, rest));
    let (status, body) = reload("first");
    assert_eq!(status, 200, "{body}");
    for word in ["registry", "log.level", "tokens", "measures and codes, from the next cut on"] {
        assert!(body.contains(word), "{word} is not in {body}");
    }
    assert!(body.contains(r#""needs_restart":["partitions"]"#) && body.contains(r#""registry_entries":1"#), "{body}");
    assert_eq!((reload("first").0, reload("second").0), (401, 200), "the old token is void");
    assert_ne!(ask(&server, "GET", "/version", "second", "").1, before, "the measure set differs");
    server.until("/readyz", |response| response.status == 200);
    let event = encounter("r-1", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z");
    assert_eq!(ask(&server, "POST", "/v1/events?feed=north", "second", &event).0, 200);

    // SIGHUP does the same, and the service goes on.
    place.put("plumbline.toml", configuration(FIRST, rest));
    server.signal("-HUP");
    while ask(&server, "GET", "/version", "first", "").0 != 200 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let scrape = ask(&server, "GET", "/metrics", "first", "").1;
    assert!(scrape.contains("plumbline_reloads_total{outcome=\"refused\"} 2"), "{scrape}");
    server.signal("-TERM");
    assert_eq!(server.end().0.code(), Some(0));
}

//! The rights of a source over HTTP, tried as attacks.

use std::path::PathBuf;

use crate::server::{Response, Server, command, request_as};
use crate::support::Place;

// `printf north | sha256sum`, and so on: the text of a token is its name.
const NORTH: &str = "dc365e79d41cfae1c3c0d969319ae62165b81b1815a86c32bbc6c64cbdf2311b";
const NAMES: &str = "aeb24056810d3d1f1e8afee61a0bc0028556eb0fb49a215ae5eb1b970cad0315";
const OPERATOR: &str = "06e55b633481f7bb072957eabcf110c972e86691c3cfedabe088024bffe42f23";

/// The feeds north of A81001 and names of A81001, and their tokens with these further lines.
fn configuration(place: &Place, north: &str, names: &str) -> PathBuf {
    let text = format!(
        "[feeds.north]\npractice = \"A81001\"\n[feeds.names]\npractice = \"A81001\"\n\
         [tokens.north]\nsha256 = \"{NORTH}\"\nscopes = \"write:north\"\n{north}\n\
         [tokens.names]\nsha256 = \"{NAMES}\"\nscopes = \"write:names registry\"\n{names}\n\
         [tokens.operator]\nsha256 = \"{OPERATOR}\"\nscopes = \"admin rejects metrics\"\n"
    );
    place.put("rights.toml", text)
}

fn started(place: &Place, north: &str, names: &str) -> Server {
    let mut command = command(&place.path("data"));
    command.arg("--config").arg(configuration(place, north, names));
    Server::start(command)
}

fn sent(server: &Server, token: &str, path: &str, body: &str) -> Response {
    let header = format!("Authorization: Bearer {token}\r\n");
    request_as(&server.address, &header, "POST", path, body.as_bytes()).expect("it answers")
}

fn encounter(id: &str, practice: &str) -> String {
    format!(
        r#"{{"feed":"north","id":"{id}","type":"encounter","occurred_at":"2026-01-15T09:00:00Z","clinician":{{"system":"gmc","value":"7012345"}},"practice":"{practice}","encounter":{{"mode":"telephone","status":"attended"}}}}"#
    )
}

fn reasons(response: &Response) -> Vec<String> {
    let answer = response.json();
    let outcome = |event: &serde_json::Value| {
        let text = event["reason"].as_str().or(event["status"].as_str()).expect("a word");
        text.to_owned()
    };
    answer["events"].as_array().expect("a list").iter().map(outcome).collect()
}

fn metric(server: &Server, line: &str) -> String {
    let header = "Authorization: Bearer operator\r\n";
    let metrics = request_as(&server.address, header, "GET", "/metrics", b"").expect("it answers").body;
    let found = metrics.lines().find_map(|found| found.strip_prefix(line)).unwrap_or("absent");
    found.trim().to_owned()
}

#[test]
fn a_token_writes_events_of_its_feeds_practice_alone_and_a_retry_has_no_more_rights() {
    let place = Place::new();
    let server = started(&place, "", "");
    let body = [encounter("e1", "A81001"), encounter("e2", "B82002"), encounter("e3", " a81001 ")].join("\n");
    let answer = sent(&server, "north", "/v1/events", &body);
    assert_eq!(reasons(&answer), ["logged", "practice_not_allowed", "logged"], "{answer:?}");
    assert_eq!(metric(&server, "plumbline_intake_rejected_total{reason=\"practice_not_allowed\"}"), "1");
    let retried = sent(&server, "operator", "/v1/rejects/retry", "").json();
    assert_eq!((&retried["logged"], &retried["refused"]), (&0.into(), &1.into()), "{retried}");
    drop(server);
    // The reject keeps the rights that its sender had. A new event has the rights of today.
    let server = started(&place, "practice-only = false", "");
    let retried = sent(&server, "operator", "/v1/rejects/retry", "").json();
    assert_eq!((&retried["logged"], &retried["refused"]), (&0.into(), &1.into()), "{retried}");
    assert_eq!(reasons(&sent(&server, "north", "/v1/events", &encounter("e2", "B82002"))), ["logged"]);
}

#[test]
fn a_token_with_the_scope_registry_renames_no_doctor_unless_it_is_trusted() {
    let gmc = |value: &str| format!(r#"{{"system":"https://fhir.nhs.uk/Id/gmc-reference-number","value":"{value}"}}"#);
    // The first number names the person, so the second, the victim's, would become an alias.
    let forged =
        format!(r#"{{"resourceType":"Practitioner","id":"forged","identifier":[{},{}]}}"#, gmc("7000001"), gmc("7012345"));
    let honest = format!(r#"{{"resourceType":"Practitioner","id":"honest","identifier":[{}]}}"#, gmc("7012345"));
    for (rights, outcome) in [("", "registry_not_allowed"), ("registry = \"trusted\"", "registered")] {
        let place = Place::new();
        let server = started(&place, "", rights);
        assert_eq!(reasons(&sent(&server, "names", "/v1/events?feed=names", &forged)), [outcome]);
        assert_eq!(reasons(&sent(&server, "names", "/v1/events?feed=names", &honest)), ["registered"]);
        // A token without the scope, and one for another feed, may state nothing.
        assert_eq!(reasons(&sent(&server, "north", "/v1/events?feed=north", &honest)), ["registry_not_allowed"]);
        assert_eq!(sent(&server, "names", "/v1/events?feed=north", &honest).problem(), "feed-not-allowed");
    }
}

#[test]
fn an_organisation_and_the_visits_that_refer_to_it_come_in_one_request() {
    let place = Place::new();
    let server = started(&place, "", "");
    let organisation = |id: &str, code: &str| {
        format!(
            r#"{{"resourceType":"Organization","id":"{id}","identifier":[{{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{code}"}}]}}"#
        )
    };
    let visit = |id: &str, place: &str| {
        format!(
            r#"{{"resourceType":"Encounter","id":"{id}","meta":{{"versionId":"1"}},"status":"finished","class":{{"code":"AMB"}},"period":{{"start":"2026-01-15T09:00:00Z","end":"2026-01-15T09:10:00Z"}},"serviceProvider":{{"reference":"Organization/{place}"}}}}"#
        )
    };
    let body = [visit("v0", "1"), organisation("1", "A81001"), visit("v1", "1"), organisation("2", "B82002"), visit("v2", "2")];
    let answer = sent(&server, "names", "/v1/events?feed=names", &body.join("\n"));
    let expected = ["practice_not_allowed", "registered", "logged", "skipped", "practice_not_allowed"];
    assert_eq!(reasons(&answer), expected, "{answer:?}");
    // The visit before its organisation is repaired by a retry, the visit elsewhere is not.
    let retried = sent(&server, "operator", "/v1/rejects/retry", "").json();
    assert_eq!((&retried["logged"], &retried["refused"]), (&1.into(), &1.into()), "{retried}");
}

#[test]
fn no_version_lies_beyond_two_to_the_power_of_53() {
    let place = Place::new();
    let server = started(&place, "", "");
    let retract =
        |version: &str| format!(r#"{{"feed":"north","id":"e1","type":"encounter","action":"retract","version":{version}}}"#);
    let body = ["9007199254740992", "9007199254740993", "18446744073709551615", "1e30"].map(retract).join("\n");
    let found = reasons(&sent(&server, "north", "/v1/events", &body));
    assert_eq!(found[0], "logged");
    assert!(
        found[1..].iter().all(|reason| ["out_of_range", "malformed_value", "wrong_type"].contains(&reason.as_str())),
        "{found:?}"
    );
}

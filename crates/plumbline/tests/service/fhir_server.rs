//! The routes under `/fhir`, as a FHIR client and a rest-hook subscription use them.

use serde_json::{Value, json};

use crate::server::{Response, Server, command, request_as};
use crate::support::Place;

const FHIR: &str = "Content-Type: application/fhir+json\r\nAccept: application/fhir+json\r\n";
// `printf north | sha256sum`.
const NORTH: &str = "dc365e79d41cfae1c3c0d969319ae62165b81b1815a86c32bbc6c64cbdf2311b";
const BOTH: &str = "ff7772053abf7d817d6eec229a09e14f0d1552f1cb0aeedb2ac73784ac2d2e39";

fn visit(id: &str, version: u32, status: &str) -> Value {
    json!({"resourceType": "Encounter", "id": id, "meta": {"versionId": version.to_string()}, "status": status,
        "class": {"code": "AMB"}, "period": {"start": "2026-01-15T09:00:00Z"},
        "participant": [{"individual": {"identifier": {"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7012345"}}}]})
}

/// A service whose token `north` writes one feed, and whose token `both` writes two.
fn service(place: &Place) -> Server {
    let file = place.put(
        "fhir.toml",
        format!(
            "[tokens.north]\nsha256 = \"{NORTH}\"\nscopes = \"write:north\"\n[tokens.both]\nsha256 = \"{BOTH}\"\nscopes = \"write:north write:south\"\n"
        ),
    );
    let mut command = command(&place.path("data"));
    command.arg("--config").arg(file);
    Server::start(command)
}

fn send(server: &Server, method: &str, path: &str, body: &str) -> Response {
    let headers = format!("Authorization: Bearer north\r\n{FHIR}");
    let response = request_as(&server.address, &headers, method, path, body.as_bytes()).expect("it answers");
    assert!(response.head.contains("content-type: application/fhir+json"), "{response:?}");
    response
}

fn outcome(response: &Response) -> Value {
    let outcome = response.json();
    assert_eq!(outcome["resourceType"], "OperationOutcome", "{outcome}");
    outcome["issue"][0].clone()
}

#[test]
fn a_rest_hook_creates_updates_and_deletes_and_each_answer_is_an_operation_outcome() {
    let place = Place::new();
    let server = service(&place);
    let put = send(&server, "PUT", "/fhir/Encounter/1", &visit("1", 1, "in-progress").to_string());
    assert_eq!((put.status, &outcome(&put)["severity"]), (200, &"information".into()), "{put:?}");
    let post = send(&server, "POST", "/fhir/Encounter", &visit("2", 1, "finished").to_string());
    assert_eq!(post.status, 201, "{post:?}");
    let patient = json!({"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01"}).to_string();
    assert_eq!(send(&server, "PUT", "/fhir/Patient/p?_format=json", &patient).status, 200);
    assert_eq!(send(&server, "DELETE", "/fhir/Encounter/1", "").status, 200);
    // An id-only rest-hook sends nothing.
    let ping = send(&server, "POST", "/fhir", "");
    assert!(ping.status == 200 && outcome(&ping)["diagnostics"].as_str().unwrap().contains("nothing is stored"), "{ping:?}");
    drop(server);
    // Both versions of visit 1 and visit 2, all of the feed of the token.
    let mut peek = command(&place.path("data"));
    peek = std::process::Command::new(peek.get_program());
    let shown = peek.args(["peek", "events", "--data"]).arg(place.path("data")).current_dir(place.path("data")).output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    let found: Vec<(bool, bool, bool)> =
        text.lines().map(|line| (line.contains("\"north\""), line.contains("Encounter/1"), line.contains("retract"))).collect();
    assert_eq!(found, [(true, true, false), (true, false, false), (true, true, true)], "{text}");
}

#[test]
fn a_transaction_is_answered_entry_by_entry() {
    let place = Place::new();
    let server = service(&place);
    let entry = |method: &str, resource: Value| {
        let url = format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        json!({"fullUrl": format!("https://ehr.example/{url}"), "resource": resource, "request": {"method": method, "url": url}})
    };
    let entries = [
        entry("PUT", visit("1", 1, "finished")),
        entry("POST", visit("2", 1, "finished")),
        entry("PUT", visit("3", 1, "nonsense")),
        json!({"request": {"method": "DELETE", "url": "Encounter/1"}}),
        entry("PUT", json!({"resourceType": "Flag", "id": "f"})),
    ];
    for (kind, answer) in [("transaction", "transaction-response"), ("batch", "batch-response")] {
        let bundle = json!({"resourceType": "Bundle", "type": kind, "entry": entries}).to_string();
        let response = send(&server, "POST", "/fhir", &bundle);
        let bundle = response.json();
        assert_eq!((response.status, &bundle["type"]), (200, &answer.into()), "{bundle}");
        let statuses: Vec<&str> =
            bundle["entry"].as_array().unwrap().iter().map(|one| one["response"]["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["200 OK", "201 Created", "422 Unprocessable Entity", "200 OK", "200 OK"]);
        assert_eq!(bundle["entry"][0]["response"]["location"], "Encounter/1");
        let issue = &bundle["entry"][2]["response"]["outcome"]["issue"][0];
        assert_eq!((&issue["severity"], &issue["expression"][0]), (&"error".into(), &"Encounter.status".into()), "{issue}");
    }
    let history = json!({"resourceType": "Bundle", "type": "history", "entry": entries[..3]}).to_string();
    let response = send(&server, "POST", "/fhir", &history);
    let issues = response.json()["issue"].clone();
    assert_eq!(
        (response.status, issues.as_array().unwrap().len(), &issues[0]["severity"]),
        (200, 3, &"error".into()),
        "{issues}"
    );
}

#[test]
fn the_answer_to_a_large_batch_has_every_status_and_a_hundred_outcomes() {
    let place = Place::new();
    let server = service(&place);
    let mut entries = vec![json!({"resource": visit("1", 1, "finished"), "request": {"method": "PUT", "url": "Encounter/1"}})];
    entries.extend(vec![json!({}); 2_000]);
    let body = json!({"resourceType": "Bundle", "type": "batch", "entry": entries}).to_string();
    let response = send(&server, "POST", "/fhir", &body);
    let bundle = response.json();
    let entries = bundle["entry"].as_array().expect("entries");
    assert_eq!((entries.len(), &entries[0]["response"]["status"]), (2_001, &"200 OK".into()));
    assert!(entries[1..].iter().all(|entry| entry["response"]["status"] == "422 Unprocessable Entity"));
    let shown: Vec<usize> = (0..entries.len()).filter(|at| entries[*at]["response"].get("outcome").is_some()).collect();
    assert_eq!(shown, (1..=100).collect::<Vec<_>>(), "the rejected ones come first");
    assert!(response.body.len() < 250_000, "{} bytes", response.body.len());
}

#[test]
fn every_error_under_fhir_is_an_operation_outcome_that_says_what_to_do() {
    let place = Place::new();
    let server = service(&place);
    let one = visit("1", 1, "finished").to_string();
    let cases = [
        ("PUT", "/fhir/Encounter/2", one.as_str(), 400, "invalid", "id"),
        ("PUT", "/fhir/Appointment/1", &one, 400, "invalid", "resourceType"),
        ("POST", "/fhir/Appointment", &one, 400, "invalid", "resourceType"),
        ("PUT", "/fhir/Encounter/1", "{", 422, "structure", ""),
        ("PUT", "/fhir/Encounter/1", "", 400, "invalid", "empty"),
        ("PUT", "/fhir/Encounter/1?feed=south", &one, 403, "forbidden", "write:FEED"),
        ("PUT", "/fhir/Encounter/1?pretty=1", &one, 400, "invalid", "pretty"),
        ("GET", "/fhir/Encounter/1", "", 405, "not-supported", "method"),
        ("GET", "/fhir/a/b/c", "", 404, "not-found", "route"),
        ("PUT", "/fhir/Encounter/%ff", &one, 400, "invalid", "UTF-8"),
        ("PUT", "/fhir/Encounter/1?feed=a%00b", &one, 400, "invalid", "control"),
    ];
    for (method, path, body, status, code, words) in cases {
        let response = send(&server, method, path, body);
        let issue = outcome(&response);
        let said = issue["diagnostics"].as_str().unwrap();
        assert_eq!((response.status, issue["code"].as_str().unwrap()), (status, code), "{method} {path}: {issue}");
        assert!(said.contains(words) && !said.is_empty(), "{method} {path}: {said}");
    }
    let unknown = request_as(&server.address, FHIR, "PUT", "/fhir/Encounter/1", one.as_bytes()).unwrap();
    assert_eq!((unknown.status, outcome(&unknown)["code"].as_str()), (401, Some("login")));
    // A client without a token reads the capabilities.
    let metadata = request_as(&server.address, FHIR, "GET", "/fhir/metadata?_format=json", b"").unwrap().json();
    assert_eq!((&metadata["resourceType"], &metadata["fhirVersion"]), (&"CapabilityStatement".into(), &"4.0.1".into()));
    let types: Vec<&str> =
        metadata["rest"][0]["resource"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert!(types.contains(&"Encounter") && types.contains(&"PractitionerRole"), "{types:?}");
}

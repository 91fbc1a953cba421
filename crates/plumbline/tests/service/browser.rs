//! A web page in a browser on the same machine, against a service without tokens.

use crate::support;

use crate::server::{Response, Server, command, raw_request, request_as};
use crate::support::Place;

fn encounter(id: &str) -> String {
    let at = "2026-01-15T09:00:00Z";
    support::encounter(id, at, at).replacen('{', "{\"feed\":\"surgery\",", 1)
}

/// A request with these headers and the service's own host.
fn with(server: &Server, headers: &str, method: &str, path: &str, body: &str) -> Response {
    request_as(&server.address, headers, method, path, body.as_bytes()).expect("it answers")
}

fn for_host(server: &Server, head: &str, host: &str) -> Response {
    let text = format!("{head} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: 0\r\n\r\n");
    raw_request(&server.address, text.as_bytes()).expect("it answers")
}

#[test]
fn a_name_that_resolves_to_this_machine_reads_and_writes_nothing() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let port = server.address.rsplit(':').next().expect("a port");
    let foreign = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.1.2.3", "0.0.0.0"];
    for name in foreign {
        for head in ["GET /v1/changes", "POST /v1/events", "GET /metrics", "POST /v1/rejects/retry"] {
            let response = for_host(&server, head, &format!("Host: {name}:{port}\r\n"));
            assert_eq!((response.status, response.problem().as_str()), (421, "foreign-host"), "{name} {head}");
        }
    }
    assert_eq!(for_host(&server, "GET http://evil.example/v1/changes", "Host: localhost\r\n").status, 421);
    for own in ["localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(for_host(&server, "GET /v1/changes", &format!("Host: {own}:{port}\r\n")).status, 200, "{own}");
    }
}

#[test]
fn a_page_of_another_site_sends_no_event() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    for headers in [
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Origin: http://localhost:1\r\nContent-Type: application/json\r\n",
    ] {
        for (method, path) in [("POST", "/v1/events"), ("POST", "/v1/rejects/retry"), ("GET", "/v1/changes")] {
            let response = with(&server, headers, method, path, &encounter("e1"));
            assert_eq!((response.status, response.problem().as_str()), (403, "foreign-origin"), "{headers} {path}");
        }
    }
    let own = format!("Origin: http://{}\r\nSec-Fetch-Site: same-origin\r\n", server.address);
    assert_eq!(with(&server, &own, "POST", "/v1/events", &encounter("e1")).status, 200);
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains("plumbline_intake_received_total{source=\"http\"} 1\n"), "{metrics}");
}

#[test]
fn a_form_sends_no_event_and_the_refusal_says_which_type_to_send() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let post = |kind: &str| with(&server, kind, "POST", "/v1/events", &encounter("e1"));
    for form in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/html"] {
        let response = post(&format!("Content-Type: {form}\r\n"));
        assert_eq!((response.status, response.problem().as_str()), (415, "media-type"), "{form}");
        assert!(response.body.contains("Content-Type: application/x-ndjson"), "{}", response.body);
        assert!(response.head.contains("accept: application/json"), "{}", response.head);
    }
    let types =
        ["application/json", "application/x-ndjson", "application/fhir+json; fhirVersion=4.0", "Application/CloudEvents+JSON"];
    for kind in types {
        assert_eq!(post(&format!("Content-Type: {kind}\r\n")).status, 200, "{kind}");
    }
    assert_eq!(post("").status, 200, "a request without a type");
}

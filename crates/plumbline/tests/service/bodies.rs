//! Bodies that are compressed, empty, rejected as a whole, or hold millions of elements.

use crate::support;
use std::fs;
use std::io::Write;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::server::{PATIENCE, Response, Server, command, request_as};
use crate::support::Place;

fn encounter(id: &str) -> String {
    let at = "2026-01-15T09:00:00Z";
    support::encounter(id, at, at).replacen('{', "{\"feed\":\"surgery\",", 1)
}

fn encoded(server: &Server, encoding: &str, body: &[u8]) -> Response {
    request_as(&server.address, &format!("Content-Encoding: {encoding}\r\n"), "POST", "/v1/events", body).expect("it answers")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// Peak of the resident memory of a process, bytes.
fn peak_bytes(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

#[test]
fn gzip_and_zstd_are_decoded_and_other_encodings_are_refused_with_the_known_ones() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let body = encounter("e1");
    let zstd = zstd::stream::encode_all(body.as_bytes(), 3).expect("memory takes all");
    for (encoding, bytes) in [("gzip", gzip(body.as_bytes())), ("zstd", zstd.clone()), ("identity", body.clone().into_bytes())] {
        let response = encoded(&server, encoding, &bytes);
        assert_eq!((response.status, &response.json()["logged"]), (200, &1.into()), "{encoding}");
    }
    for encoding in ["br", "deflate", "gzip, zstd"] {
        let response = encoded(&server, encoding, body.as_bytes());
        assert_eq!((response.status, response.problem().as_str()), (415, "content-encoding"), "{encoding}");
        assert!(response.head.contains("accept-encoding: gzip, zstd"), "{}", response.head);
    }
    for (encoding, bytes) in [("gzip", zstd.as_slice()), ("zstd", body.as_bytes())] {
        let response = encoded(&server, encoding, bytes);
        assert_eq!((response.status, response.problem().as_str()), (400, "malformed-encoding"), "{encoding}");
    }
}

#[test]
fn a_bomb_is_refused_at_the_limit_of_a_body() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let before = peak_bytes(&server);
    let spaces = vec![b' '; 1 << 28];
    let bombs = [("gzip", gzip(&spaces)), ("zstd", zstd::stream::encode_all(spaces.as_slice(), 3).expect("memory takes all"))];
    drop(spaces);
    for (encoding, bomb) in bombs {
        assert!(bomb.len() < 4 << 20, "{} bytes of {encoding}", bomb.len());
        let response = encoded(&server, encoding, &bomb);
        assert_eq!((response.status, response.problem().as_str()), (413, "body-too-large"), "{encoding}");
    }
    // A limit of 8 MiB: its buffer may double, and the compressed bytes are there too.
    let grown = peak_bytes(&server).saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more for a body of 256 MiB");
}

#[test]
fn an_empty_body_is_refused_and_a_request_without_an_accepted_element_is_422() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    for body in ["", " \r\n"] {
        let response = server.post("/v1/events", body.as_bytes());
        assert_eq!((response.status, response.problem().as_str()), (400, "empty-body"), "{body:?}");
    }
    assert_eq!(encoded(&server, "gzip", &gzip(b"")).problem(), "empty-body");
    let nothing = server.post("/v1/events", b"no json\n{\"type\":\"encounter\"}\n");
    assert_eq!((nothing.status, &nothing.json()["rejected"]), (422, &2.into()), "{nothing:?}");
    let one = server.post("/v1/events", format!("no json\n{}\n", encounter("e1")).as_bytes());
    assert_eq!((one.status, &one.json()["logged"]), (200, &1.into()), "{one:?}");
}

#[test]
fn each_element_is_answered_with_index_line_id_and_outcome() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let broken = |id: &str| format!("{{\"feed\":\"surgery\",\"id\":\"{id}\",\"version\":1,\"type\":\"robot\"}}");
    let body = [&encounter("e1"), "", "no json", &broken("e2"), &broken("9434765919")].join("\n");
    let answer = server.post("/v1/events", body.as_bytes()).json();
    let shown: Vec<(u64, u64, Option<&str>, &str)> = answer["events"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|e| (e["index"].as_u64().unwrap(), e["line"].as_u64().unwrap(), e["id"].as_str(), e["status"].as_str().unwrap()))
        .collect();
    let expected =
        [(0, 1, Some("e1"), "logged"), (1, 3, None, "rejected"), (2, 4, Some("e2"), "rejected"), (3, 5, None, "rejected")];
    assert_eq!(shown, expected, "{answer}");
}

#[test]
fn eight_megabytes_of_single_digits_are_refused_at_once_in_little_memory() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    for digits in [b"1\n".repeat(4 << 20), b"1 ".repeat(4 << 20), [b"[1", b",1".repeat((4 << 20) - 2).as_slice(), b"]"].concat()]
    {
        let response = server.post("/v1/events", &digits);
        assert_eq!((response.status, response.problem().as_str()), (413, "too-many-elements"));
    }
    assert!(peak_bytes(&server) < 300 << 20, "{} bytes", peak_bytes(&server));
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains("plumbline_intake_received_total{source=\"http\"} 0\n"), "nothing was decoded: {metrics}");
}

#[test]
fn broken_json_that_hides_millions_of_elements_costs_little_memory() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    // The first line opens a bracket that nothing closes, so only the decoder finds the elements.
    for hidden in [[b" {\"a\":1\n".as_slice(), &b"x\n".repeat(4_000_000), b"}"].concat(), b" {\"a\":\n".repeat(1 << 20)] {
        let response = server.post("/v1/events", &hidden);
        assert_eq!((response.status, response.problem().as_str()), (413, "too-many-elements"), "{}", hidden.len());
    }
    assert!(peak_bytes(&server) < 300 << 20, "{} bytes", peak_bytes(&server));
}

#[test]
fn the_limit_of_elements_is_an_option_and_a_body_at_the_limit_is_read() {
    let place = Place::new();
    let mut command = command(&place.path("data"));
    command.env("PLUMBLINE_HTTP_MAX_ELEMENTS", "3");
    let server = Server::start(command);
    let events = |count: usize| (0..count).map(|n| encounter(&format!("e{n}"))).collect::<Vec<_>>();
    assert_eq!(server.post("/v1/events", events(3).join("\n").as_bytes()).json()["logged"], 3);
    let lines = server.post("/v1/events", events(4).join("\n").as_bytes());
    let list = server.post("/v1/events", format!("[{}]", events(4).join(",")).as_bytes());
    for response in [lines, list] {
        assert_eq!((response.status, response.problem().as_str()), (413, "too-many-elements"));
        assert!(response.body.contains("more than 3 elements"), "{}", response.body);
    }
    // Only the decoder sees the entries of a Bundle. The first ones are in the log, and count once.
    let entry = |n: usize| format!("{{\"resource\":{{\"resourceType\":\"Observation\",\"id\":\"o{n}\",\"status\":\"final\"}}}}");
    let entries: Vec<String> = (0..4).map(entry).collect();
    let bundle = format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{}]}}", entries.join(","));
    let response = server.post("/v1/events?feed=surgery", bundle.as_bytes());
    assert_eq!((response.status, response.problem().as_str()), (413, "too-many-elements"));
}

#[test]
fn a_body_of_ten_thousand_events_is_answered() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let body: String = (0..10_000).map(|n| encounter(&format!("e{n}")) + "\n").collect();
    let begun = Instant::now();
    let answer = server.post("/v1/events", body.as_bytes()).json();
    assert_eq!((&answer["logged"], answer["events"].as_array().map(Vec::len)), (&10_000.into(), Some(10_000)));
    assert!(begun.elapsed() < PATIENCE);
}

//! Reading cards as a subscriber: filters, fields, pages, entity tags, compression, and the resources behind a card.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::published::published;
use crate::server::{Response, Server, request_as};

fn list(response: &Response) -> Vec<Value> {
    assert_eq!(response.status, 200, "{response:?}");
    response.json().as_array().expect("a list").clone()
}

fn clinicians(cards: &[Value]) -> Vec<String> {
    cards.iter().map(|card| card["subject"]["clinician"].as_str().expect("a name").to_owned()).collect()
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::trim)
}

/// Head and body of a response whose body is no text.
fn bytes(server: &Server, path: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(&server.address).expect("the port is open");
    let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n", server.address);
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("it answers");
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    (String::from_utf8_lossy(&all[..end]).into_owned(), all.split_off(end))
}

#[test]
fn filters_fields_and_pages_select_cards_of_a_month() {
    let (_place, server) = published();
    let all = list(&server.get("/v1/scorecards?month=2026-01&limit=1000"));
    let one = list(&server.get("/v1/scorecards?month=2026-01&clinician=gmc%7C7000003&fields=subject.clinician,revision"));
    assert_eq!(one.len(), 1);
    assert_eq!(one[0]["subject"], serde_json::json!({ "clinician": "gmc|7000003" }));
    assert_eq!(one[0].as_object().expect("a card").len(), 2, "{}", one[0]);
    for (filter, count) in [
        ("practice=A81001", 21),
        ("practice=A8100", 0),
        ("practice=all", 0),
        ("role=unknown", 21),
        ("role=gp", 0),
        ("status=provisional,final", 21),
        ("status=withdrawn", 0),
        ("clinician=gmc%7C700000", 0),
        ("clinician=gmc%7C7000003&practice=A81001&role=unknown&measure=dna_rate", 1),
    ] {
        let found = list(&server.get(&format!("/v1/scorecards?month=2026-01&{filter}")));
        assert_eq!(found.len(), count, "{filter}");
    }
    let measured = list(&server.get("/v1/scorecards?month=2026-01&measure=dna_rate"));
    assert!(measured.iter().all(|card| card["measures"].as_array().is_some_and(|of| of.len() == 1 && of[0]["id"] == "dna_rate")));
    // Pages of four: each of the 21 once, in the same order, under the same filter.
    let (mut paged, mut path) = (Vec::new(), "/v1/scorecards?limit=4&role=unknown&fields=subject".to_owned());
    loop {
        let (head, page) = bytes(&server, &path, "");
        paged.extend(clinicians(&serde_json::from_slice::<Vec<Value>>(&page).expect("a list")));
        assert!(paged.len() <= all.len(), "a page comes twice: {path}");
        let Some(link) = head.lines().find_map(|line| line.strip_prefix("link: <")) else { break };
        path = link.split('>').next().expect("a link").to_owned();
        assert!(path.contains("role=unknown") && path.contains("month=2026-01"), "{path}");
    }
    assert_eq!(paged, clinicians(&all));
    for (query, problem) in [
        ("fields=mesures", "did you mean"),
        ("status=finale", "did you mean"),
        ("measure=dna", "there is no measure"),
        ("limit=0", "1 to 1000"),
        ("month=2026-13", "2026-10"),
    ] {
        let refused = server.get(&format!("/v1/scorecards?{query}"));
        assert_eq!((refused.status, refused.problem().as_str()), (400, "malformed-parameter"), "{query}");
        assert!(refused.body.contains(problem), "{query}: {}", refused.body);
    }
}

#[test]
fn an_unchanged_answer_is_304_and_a_tag_of_another_filter_is_not() {
    let (_place, server) = published();
    let path = "/v1/scorecards?month=2026-01&status=final";
    server.until(path, |answer| answer.json().as_array().is_some_and(|cards| cards.len() == 21));
    let asked = |path: &str, headers: &str| request_as(&server.address, headers, "GET", path, b"").expect("it answers");
    let first = asked(path, "");
    let tag = header(&first, "etag").expect("a tag").to_owned();
    assert!(tag.starts_with('"'), "{tag} is strong");
    assert_eq!(header(&first, "cache-control"), Some("private, no-store"));
    let again = asked(path, &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((again.status, again.body.as_str(), header(&again, "etag")), (304, "", Some(tag.as_str())));
    for (other, headers) in [
        ("/v1/scorecards?month=2026-01&status=final&limit=20", format!("If-None-Match: {tag}\r\n")),
        ("/v1/scorecards?month=2026-01&status=withdrawn", format!("If-None-Match: {tag}\r\n")),
        (path, format!("If-None-Match: {tag}\r\nAccept: application/x-ndjson\r\n")),
        (path, "If-None-Match: \"0\"\r\n".to_owned()),
    ] {
        assert_eq!(asked(other, &headers).status, 200, "{other} {headers}");
    }
    let (head, compressed) = bytes(&server, path, "Accept-Encoding: br, gzip\r\n");
    assert!(head.contains("content-encoding: gzip") && head.contains("vary: accept, accept-encoding"), "{head}");
    assert!(!head.contains(&tag) && compressed.len() * 4 < first.body.len(), "{head}");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&compressed[..]).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, first.body);
    let (head, compressed) = bytes(&server, path, "Accept-Encoding: gzip, zstd\r\n");
    assert!(head.contains("content-encoding: zstd"), "{head}");
    assert_eq!(zstd::decode_all(&compressed[..]).expect("zstd"), first.body.as_bytes());
}

#[test]
fn measures_groups_runs_and_registry_are_resources() {
    let (_place, server) = published();
    let measures = server.get("/v1/measures");
    assert_eq!(header(&measures, "cache-control"), Some("no-cache"));
    let ids: BTreeSet<String> = list(&measures).iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../measures")).expect("the folder of measures");
    let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().replace(".toml", ""));
    assert_eq!(ids, names.collect());
    let groups = list(&server.get("/v1/peer-groups?month=2026-01&measure=dna_rate&limit=1"));
    assert_eq!(groups.len(), 1, "21 members form a group");
    assert_eq!((&groups[0]["key"]["role"], &groups[0]["members"]), (&"unknown".into(), &20.into()));
    assert_eq!(list(&server.get("/v1/peer-groups?month=2026-01&role=gp")).len(), 0);
    let runs = list(&server.get("/v1/runs?limit=1000"));
    assert!(!runs.is_empty() && runs.is_sorted_by_key(|run| run["at"].as_str().expect("an instant").to_owned()));
    let first = server.get("/v1/runs?limit=1");
    let next = header(&first, "link").expect("more runs follow").trim_start_matches('<').to_owned();
    let second = list(&server.get(next.split('>').next().expect("a link")));
    assert_eq!((&list(&first)[0], &second[0]), (&runs[0], &runs[1]));
    // The service itself adds the rules of a feed.
    let registry = list(&server.get("/v1/registry"));
    assert!(registry.len() == 1 && registry[0]["entry"].to_string().contains("surgery"), "{registry:?}");
    let refused = server.get("/v1/peer-groups?measure=dna");
    assert_eq!((refused.status, refused.problem().as_str()), (400, "malformed-parameter"));
}

/// A connection that follows the changes as events.
fn following(server: &Server, headers: &str) -> std::io::BufReader<TcpStream> {
    let mut stream = TcpStream::connect(&server.address).expect("the port is open");
    let head = format!("GET /v1/changes HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n{headers}\r\n", server.address);
    stream.write_all(head.as_bytes()).expect("it reads");
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).expect("a socket");
    std::io::BufReader::new(stream)
}

/// The ids of events up to this one.
fn ids_to(reader: &mut impl std::io::BufRead, last: usize) -> Vec<usize> {
    let mut ids = Vec::new();
    while ids.last() != Some(&last) {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).expect("an event") > 0, "it ends after {ids:?}");
        ids.extend(line.strip_prefix("id: ").map(|id| id.trim().parse::<usize>().expect("a sequence")));
    }
    ids
}

#[test]
fn changes_are_followed_as_events_without_a_gap_and_the_stream_ends_with_the_service() {
    let (_place, server) = published();
    // 21 first revisions; later each of the 21 becomes final.
    let mut first = following(&server, "");
    assert_eq!(ids_to(&mut first, 42), (1..=42).collect::<Vec<_>>());
    let mut again = following(&server, "Last-Event-ID: 40\r\n");
    assert_eq!(ids_to(&mut again, 42), [41, 42]);
    let listed = list(&server.get("/v1/changes?after=40&wait=60s"));
    assert_eq!(listed.iter().map(|change| change["sequence"].as_u64().expect("a number")).collect::<Vec<_>>(), [41, 42]);
    for (id, status) in [("x", 400), ("1e9", 400), ("9999999", 503)] {
        let mut head = String::new();
        std::io::BufRead::read_line(&mut following(&server, &format!("Last-Event-ID: {id}\r\n")), &mut head).expect("a head");
        assert!(head.contains(&status.to_string()), "{id}: {head}");
    }
    let beyond = server.get("/v1/changes?after=9999999");
    assert_eq!((beyond.status, beyond.problem().as_str()), (503, "unavailable"));
    // A request that waits for the next change and two streams end when the service stops.
    let waiting = server.address.clone();
    let waiting = std::thread::spawn(move || request_as(&waiting, "", "GET", "/v1/changes?after=42&wait=60s", b""));
    std::thread::yield_now();
    server.signal("-TERM");
    for mut stream in [first, again] {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).expect("it ends");
        assert!(rest.ends_with("0\r\n\r\n") && rest.contains("the service is stopping"), "{rest:?}");
    }
    // The signal may arrive before the request.
    if let Ok(Ok(answer)) = waiting.join() {
        assert_eq!((answer.status, answer.json()), (200, serde_json::json!([])));
    }
}

#[test]
fn followers_are_bounded_and_leave_other_requests_their_places() {
    let place = crate::support::Place::new();
    let mut command = crate::server::command(&place.path("data"));
    command.env("PLUMBLINE_HTTP_MAX_CONNECTIONS", "8");
    let server = Server::start(command);
    let mut streams: Vec<_> = (0..4).map(|_| following(&server, "")).collect();
    for stream in &mut streams {
        let mut head = String::new();
        std::io::BufRead::read_line(stream, &mut head).expect("a head");
        assert!(head.contains("200"), "{head}");
    }
    for headers in ["Accept: text/event-stream\r\n", ""] {
        let refused = request_as(&server.address, headers, "GET", "/v1/changes?wait=", b"").expect("it answers");
        assert_eq!(refused.status, 400, "{refused:?}");
    }
    let refused = request_as(&server.address, "", "GET", "/v1/changes?wait=60s", b"").expect("it answers");
    assert_eq!((refused.status, refused.problem().as_str()), (429, "busy"));
    assert!(refused.head.contains("retry-after"), "{}", refused.head);
    assert_eq!(list(&server.get("/v1/changes")).len(), 0, "a list needs no place");
    drop(streams);
    server.until("/v1/changes?wait=1s", |answer| answer.status == 200);
}

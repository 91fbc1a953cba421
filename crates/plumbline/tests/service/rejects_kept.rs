//! Rejects: how many a request leaves, how they are listed, and retries next to intake.

use crate::support;

use serde_json::Value;

use crate::server::{Server, command, request};
use crate::support::Place;

fn encounter(id: &str) -> String {
    let at = "2026-01-15T09:00:00Z";
    support::encounter(id, at, at).replacen('{', "{\"feed\":\"surgery\",", 1)
}

fn broken(feed: &str, number: usize) -> String {
    format!("{{\"feed\":\"{feed}\",\"id\":\"b{number}\",\"version\":1,\"type\":\"robot\"}}\n")
}

#[test]
fn a_request_keeps_the_first_hundred_rejects_of_a_kind_and_counts_the_rest() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let body: String = (0..1_000).map(|n| broken("surgery", n)).collect::<String>() + "no json\n";
    let answer = server.post("/v1/events", body.as_bytes()).json();
    assert_eq!((&answer["rejected"], &answer["not_kept"]), (&1_001.into(), &900.into()));
    let groups = server.get("/v1/rejects").json();
    let counts: Vec<(&str, u64)> =
        groups.as_array().unwrap().iter().map(|g| (g["reason"].as_str().unwrap(), g["count"].as_u64().unwrap())).collect();
    assert_eq!(counts, [("not_json", 1), ("unknown_type", 1_000)]);
    // 100 of one kind and 1 of another are there to be retried.
    assert_eq!(server.post("/v1/rejects/retry", &[]).json()["refused"], 101);
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains("plumbline_intake_rejected_total{reason=\"unknown_type\"} 1000\n"), "{metrics}");
    let data = place.path("data/log");
    server.signal("-TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(rejects_in(&data), 101);
}

/// Records of the topic `rejects`.
fn rejects_in(log: &std::path::Path) -> u64 {
    use plumbline::log::local_log::{Durability, LocalLog};
    use stream::log::{Log, Topic};
    let mut log = LocalLog::open(log, plumbline::process::clock::Clock::System, Durability::Buffered).expect("no process has it");
    log.bounds(Topic::Rejects, 0).expect("the log is whole").end
}

#[test]
fn groups_are_listed_in_pages_that_a_link_joins() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let feeds = ["a", "b|c", "d e", "f&g", "h"];
    let body: String = feeds.iter().map(|feed| broken(feed, 1)).collect();
    assert_eq!(server.post("/v1/events", body.as_bytes()).json()["rejected"], 5);
    let (mut path, mut found) = ("/v1/rejects?reason=unknown_type&limit=2".to_owned(), Vec::new());
    loop {
        let page = server.get(&path);
        let groups = page.json();
        let groups = groups.as_array().expect("a list").clone();
        assert!(groups.len() <= 2, "{groups:?}");
        found.extend(groups);
        // The head is in small letters, but no letter of these feeds is large.
        let Some(link) = page.head.lines().find_map(|line| line.strip_prefix("link: <")) else { break };
        path = link.split('>').next().expect("a target").replace("%7c", "%7C");
    }
    let named: Vec<&str> = found.iter().map(|group| group["feed"].as_str().expect("a feed")).collect();
    assert_eq!(named, feeds);
    assert_eq!(server.get("/v1/rejects?limit=0").problem(), "malformed-parameter");
}

#[test]
fn listing_rejects_again_and_again_reads_no_file_again() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    server.post("/v1/events", broken("surgery", 1).as_bytes());
    let listed = server.get("/v1/rejects").json();
    // A file that is gone from the disk is still in the summary that the service keeps.
    for entry in std::fs::read_dir(place.path("data/refused")).expect("a folder") {
        std::fs::remove_file(entry.expect("an entry").path()).expect("a file");
    }
    assert_eq!(server.get("/v1/rejects").json(), listed);
}

#[test]
fn one_retry_runs_at_a_time_and_events_do_not_wait_for_it() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    // A large list is stored whole, and each retry decodes it again.
    let filler = "x".repeat(2_000);
    let member = |n: usize| format!("{{\"feed\":\"surgery\",\"id\":\"b{n}\",\"version\":1,\"type\":\"{filler}\"}}");
    for _ in 0..7 {
        let list = format!("[{}]", (0..3_900).map(member).collect::<Vec<_>>().join(","));
        assert_eq!(server.post("/v1/events", list.as_bytes()).status, 422);
    }
    let address = server.address.clone();
    let retries: Vec<_> = (0..12)
        .map(|_| {
            let address = address.clone();
            std::thread::spawn(move || request(&address, "POST", "/v1/rejects/retry", &[]).expect("it answers"))
        })
        .collect();
    assert_eq!(server.post("/v1/events", encounter("e1").as_bytes()).json()["logged"], 1);
    let answers: Vec<_> = retries.into_iter().map(|retry| retry.join().expect("no panic")).collect();
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    let busy = answers.iter().filter(|answer| answer.status == 429 && answer.head.contains("retry-after: 5")).count();
    assert!(done >= 1 && busy >= 1 && done + busy == 12, "{answers:?}");
    let refused: Vec<Value> =
        answers.iter().filter(|answer| answer.status == 200).map(|answer| answer.json()["refused"].clone()).collect();
    assert!(refused.iter().all(|count| *count == 700), "{refused:?}");
}

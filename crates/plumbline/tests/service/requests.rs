//! `plumbline run` as a process: its responses, its errors, its end.

use crate::support;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::server::{PATIENCE, Server, command};
use crate::support::Place;

fn encounter(id: &str, at: &str) -> String {
    support::encounter(id, at, at).replacen('{', "{\"feed\":\"surgery\",", 1)
}

fn real_millis() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis()
}

#[test]
fn one_event_an_array_and_ndjson_are_each_answered_event_by_event() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let one = server.post("/v1/events", encounter("e1", "2026-01-15T09:00:00Z").as_bytes());
    assert_eq!((one.status, &one.json()["logged"]), (200, &1.into()), "{one:?}");
    let array = format!("[{},{{\"type\":\"encounter\"}}]", encounter("e2", "2026-01-15T09:00:00Z"));
    let array = server.post("/v1/events", array.as_bytes()).json();
    assert_eq!(array["events"][0]["status"], "logged");
    assert_eq!((&array["events"][1]["status"], &array["events"][1]["reason"]), (&"rejected".into(), &"missing_feed".into()));
    assert!(array["events"][1]["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    let lines = format!("{}\n{}\nnot json\n", encounter("e3", "2026-01-15T09:00:00Z"), encounter("e4", "2099-01-15T09:00:00Z"));
    let lines = server.post("/v1/events", lines.as_bytes()).json();
    let statuses: Vec<&str> = lines["events"].as_array().unwrap().iter().map(|e| e["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["logged", "rejected", "rejected"]);
    assert_eq!(lines["events"][1]["reason"], "in_the_future");
}

#[test]
fn cards_are_published_by_the_clock_and_served_by_clinician_month_and_change() {
    let place = Place::new();
    let mut command = command(&place.path("data"));
    // 1 February 2026 at noon UTC; ten days pass in a second.
    command.env("PLUMBLINE_TIME_LAPSE", format!("{},1769947200000,864000", real_millis()));
    let mut server = Server::start(command);
    server.drain();
    let mut events: Vec<String> = (1..=3).map(|n| encounter(&format!("e{n}"), "2026-01-15T09:00:00Z")).collect();
    // A drug that no code file maps, in two versions, a mapped one, and an order that is none of ours.
    let detail = |id: &str, version: u32, kind: &str, detail: &str| {
        let clinician = r#"{"system":"gmc","value":"7012345"}"#;
        format!(
            r#"{{"feed":"surgery","id":"{id}","version":{version},"type":"{kind}","occurred_at":"2026-01-15T09:00:00Z","clinician":{clinician},"practice":"A81001","{kind}":{detail}}}"#
        )
    };
    events.extend([
        detail("p1", 1, "prescription", r#"{"code":"1","code_system":"urn:local:drugs","items":1}"#),
        detail("p1", 2, "prescription", r#"{"code":"2","code_system":"urn:local:drugs","items":1}"#),
        detail("p2", 1, "prescription", r#"{"code":"0501013B0AAABAB","code_system":"bnf","items":1}"#),
    ]);
    let transport = r#"{"resourceType":"ServiceRequest","id":"o1","status":"active","intent":"order",
        "category":[{"coding":[{"system":"urn:local:orders","code":"transport"}]}],"subject":{"identifier":{"value":"9434765919"}},
        "authoredOn":"2026-01-15T09:00:00Z","requester":{"identifier":{"system":"gmc","value":"7012345"}}}"#;
    assert_eq!(server.post("/v1/events", events.join("\n").as_bytes()).json()["logged"], 6);
    let answer = server.post("/v1/events?feed=surgery", transport.as_bytes()).json();
    assert_eq!(
        (&answer["logged"], &answer["without_version"]),
        (&1.into(), &1.into()),
        "the feed's first event was a native one"
    );
    let changes = server.until("/v1/changes?after=0", |answered| answered.json().as_array().is_some_and(|c| !c.is_empty()));
    let first = &changes.json()[0];
    assert_eq!((&first["sequence"], &first["clinician"], &first["month"]), (&1.into(), &"gmc|7012345".into(), &"2026-01".into()));
    let feeds = server.get("/v1/feeds").json();
    assert_eq!(
        (&feeds[0]["feed"], &feeds[0]["newest_day"], &feeds[0]["conflicts"], &feeds[0]["versioning"]),
        (&"surgery".into(), &"2026-01-15".into(), &0.into(), &"id".into())
    );
    assert_eq!((&feeds[0]["unmapped_prescriptions"], &feeds[0]["uncategorised_orders"]), (&2.into(), &1.into()));
    let cards = server.get("/v1/scorecards/gmc%7C7012345?month=2026-01&revision=1").json();
    assert_eq!(cards[0]["revision"], 1);
    assert_eq!(server.get("/v1/scorecards?month=2026-01").json().as_array().unwrap().len(), 1);
    assert_eq!(server.get("/v1/scorecards/gmc%7C7012345?month=2025-12").status, 404);
    assert_eq!(server.get("/v1/scorecards?month=January").status, 400);
    // `card` requests the card from the running service; afterwards it reads the same from the folder.
    let args = ["card", "gmc|7012345", "--month", "2026-01", "--revision", "1", "--data", "data"];
    let shown = plumbline(&place, &args);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("2026-01"), "{shown:?}");
    let nobody = plumbline(&place, &["card", "gmc|1", "--data", "data"]);
    assert!(nobody.status.code() == Some(1) && nobody.stdout.is_empty(), "{nobody:?}");
    // The card becomes final, and that is a change after the first.
    let after = server.until("/v1/changes?after=1", |answered| answered.json().as_array().is_some_and(|c| !c.is_empty()));
    assert_eq!((&after.json()[0]["sequence"], &after.json()[0]["status"]), (&2.into(), &"final".into()));
    server.signal("-TERM");
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
    assert_eq!(plumbline(&place, &args).stdout, shown.stdout);
    let json = plumbline(&place, &[&args[..], &["-o", "ndjson"]].concat());
    assert!(json.stdout.starts_with(b"{\"schema\":1,\"scorecard_id\""), "{json:?}");
}

#[test]
fn a_service_refuses_events_of_more_than_five_years_before_its_first_publication_until_the_configuration_says_otherwise() {
    let place = Place::new();
    // 1 February 2026 at noon UTC: the first publication is on 2 February 2026.
    let start = |data: &str, first_day: Option<&str>| {
        let mut command = command(&place.path(data));
        command.env("PLUMBLINE_TIME_LAPSE", format!("{},1769947200000,1", real_millis()));
        command.envs(first_day.map(|day| ("PLUMBLINE_FIRST_DAY", day)));
        Server::start(command)
    };
    let days = ["1900-01-01", "2021-02-01", "2021-02-02", "2026-01-31"];
    let sent = days.map(|day| encounter(day, &format!("{day}T09:00:00Z"))).join("\n");
    let outcomes = |server: &Server| {
        let answer = server.post("/v1/events", sent.as_bytes()).json();
        let of = |event: &serde_json::Value| event.get("reason").unwrap_or(&event["status"]).as_str().unwrap().to_owned();
        answer["events"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&start("default", None)), ["too_old", "too_old", "logged", "logged"]);
    assert_eq!(outcomes(&start("later", Some("2026-01-31"))), ["too_old", "too_old", "too_old", "logged"]);
    assert_eq!(outcomes(&start("open", Some("none"))), ["logged"; 4]);
}

#[test]
fn a_version_with_two_contents_is_listed_by_the_service_by_the_command_and_in_its_folder() {
    let place = Place::new();
    let mut server = Server::start(command(&place.path("data")));
    server.drain();
    let first = encounter("e1", "2026-01-15T09:00:00Z");
    let second = first.replace("2026-01-15", "2026-01-16");
    let other = encounter("e2", "2026-01-15T09:00:00Z");
    for body in [&first, &second, &other, &first] {
        assert_eq!(server.post("/v1/events", body.as_bytes()).json()["logged"], 1);
    }
    let found = server.until("/v1/conflicts", |answered| answered.json().as_array().is_some_and(|list| !list.is_empty()));
    let conflict = &found.json()[0];
    assert_eq!((&conflict["feed"], &conflict["id"], &conflict["version"]), (&"surgery".into(), &"e1".into(), &1.into()));
    assert_eq!(found.json().as_array().unwrap().len(), 1);
    assert_eq!(server.get("/v1/conflicts?feed=other").json(), serde_json::json!([]));
    let args = ["conflicts", "list", "-o", "json", "--data", "data"];
    let by_service = plumbline(&place, &args);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&by_service.stdout).unwrap(), found.json(), "{by_service:?}");
    server.signal("-TERM");
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
    assert_eq!(plumbline(&place, &args).stdout, by_service.stdout);
    let table = plumbline(&place, &["conflicts", "list", "--data", "data"]);
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(table.contains("surgery  e1") && table.contains("1 version is left out: the first content counts"), "{table}");
}

#[test]
fn readiness_and_version_are_served() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    assert_eq!(server.get("/livez").status, 200);
    let ready = server.until("/readyz", |answered| answered.status == 200);
    assert_eq!(ready.json()["ready"], true);
    assert_eq!(server.get("/version").json()["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn metrics_count_received_events_and_name_no_clinician() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let body = format!("{}\n{}\nnot json\n", encounter("e1", "2026-01-15T09:00:00Z"), encounter("e1", "2026-01-15T09:00:00Z"));
    assert_eq!(server.post("/v1/events", body.as_bytes()).json()["logged"], 2);
    let folded = |body: &str| body.contains("plumbline_tally_events_total{outcome=\"duplicate\"} 1\n");
    let text = server.until("/metrics", |answered| folded(&answered.body)).body;
    let expected = [
        "plumbline_intake_received_total{source=\"http\"} 3",
        "plumbline_intake_items_total{outcome=\"logged\"} 2",
        "plumbline_intake_rejected_total{reason=\"not_json\"} 1",
        "plumbline_tally_events_total{outcome=\"accepted\"} 1",
        "plumbline_facts 1",
        "plumbline_rows 1",
    ];
    for line in expected {
        assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
    }
    assert!(!text.contains("7012345") && !text.contains("surgery"), "{text}");
}

#[test]
fn a_body_that_is_too_large_gets_413_and_one_without_room_429() {
    let place = Place::new();
    let mut command = command(&place.path("data"));
    command.env("PLUMBLINE_HTTP_MAX_BODY", "2KiB").env("PLUMBLINE_HTTP_MAX_WAITING", "2KiB");
    let server = Server::start(command);
    assert_eq!(server.post("/v1/events", &[b' '; 3_000]).status, 413);
    // A request that has announced its body and does not send it holds all permits, from the response 100 on.
    let mut held = TcpStream::connect(&server.address).unwrap();
    held.write_all(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2048\r\nExpect: 100-continue\r\n\r\n")
        .unwrap();
    let mut go_on = [0; 12];
    held.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100");
    let refused = server.post("/v1/events", encounter("e1", "2026-01-15T09:00:00Z").as_bytes());
    assert_eq!(refused.status, 429);
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    drop(held);
    let begun = Instant::now();
    while server.post("/v1/events", encounter("e1", "2026-01-15T09:00:00Z").as_bytes()).status == 429 {
        assert!(begun.elapsed() < PATIENCE, "the permits are never released");
    }
}

#[test]
fn sigterm_drains_and_ends_with_0_and_acknowledged_events_are_in_the_log() {
    let place = Place::new();
    let data = place.path("data");
    let server = Server::start(command(&data));
    server.post("/v1/events", encounter("e1", "2026-01-15T09:00:00Z").as_bytes());
    server.signal("-TERM");
    let (status, said) = server.end();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("stopped"), "{said}");
    assert!(!data.join("ADDRESS").exists());
    let events = events_in(&data);
    assert_eq!(events, ["e1"]);
}

/// Ids of encounters are logged as they are: they name no patient.
fn events_in(data: &std::path::Path) -> Vec<String> {
    use plumbline::log::local_log::{Durability, LocalLog};
    use scorecard::record::log_record::Record;
    use stream::log::{Log, Topic};
    let mut log = LocalLog::open(&data.join("log"), plumbline::process::clock::Clock::System, Durability::Buffered)
        .expect("no process has it open");
    let mut ids = Vec::new();
    for partition in log.partitions(Topic::Events) {
        log.read(Topic::Events, partition, 0, 1_000, &mut |lent| {
            if let Record::Batch(batch) = lent.record {
                ids.extend(batch.events.iter().map(|event| event.id.to_string()));
            }
            std::ops::ControlFlow::Continue(())
        })
        .expect("the log is whole");
    }
    ids
}

#[test]
fn a_second_signal_ends_the_service_during_a_request() {
    let place = Place::new();
    let mut command = command(&place.path("data"));
    // Without a second signal the service would wait an hour and end with 0.
    command.env("PLUMBLINE_HTTP_DRAIN", "1h");
    let mut server = Server::start(command);
    let mut held = TcpStream::connect(&server.address).unwrap();
    held.write_all(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2048\r\nExpect: 100-continue\r\n\r\n")
        .unwrap();
    let mut go_on = [0; 12];
    held.read_exact(&mut go_on).unwrap();
    server.signal("-TERM");
    server.until_said("draining");
    server.signal("-TERM");
    let (status, said) = server.end();
    assert_eq!(status.code(), Some(130), "{said}");
}

#[test]
fn a_second_process_gets_the_address_of_the_first() {
    let place = Place::new();
    let data = place.path("data");
    let server = Server::start(command(&data));
    let second = command(&data).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(said.contains(&format!("http://{}", server.address)) && said.contains(&server.pid()), "{said}");
}

#[cfg(unix)]
#[test]
fn keys_are_created_once_and_readable_only_by_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let data = place.path("data");
    let said = |server: Server| {
        server.until("/readyz", |answered| answered.status == 200);
        server.signal("-TERM");
        server.end()
    };
    assert_eq!(said(Server::start(command(&data))).0.code(), Some(0));
    let keys = data.join("keys.toml");
    assert_eq!(fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o600);
    let made = fs::read_to_string(&keys).unwrap();
    assert_eq!(said(Server::start(command(&data))).0.code(), Some(0));
    assert_eq!(fs::read_to_string(&keys).unwrap(), made);
    fs::remove_file(&keys).unwrap();
    let lost = command(&data).output().unwrap();
    assert_eq!(lost.status.code(), Some(1));
    assert!(String::from_utf8(lost.stderr).unwrap().contains("restore"), "lost keys are not created again");
}

#[test]
fn the_error_for_a_log_of_another_zone_names_both_zones() {
    let place = Place::new();
    let data = place.path("data");
    let server = Server::start(command(&data));
    server.signal("-TERM");
    assert_eq!(server.end().0.code(), Some(0));
    let other = command(&data).env("PLUMBLINE_ZONE", "America/New_York").output().unwrap();
    let said = String::from_utf8(other.stderr).unwrap();
    assert!(!other.status.success() && said.contains("America/New_York") && said.contains("Europe/London"), "{said}");
}

#[test]
fn the_error_for_an_unusable_folder_names_it_and_the_cure() {
    let place = Place::new();
    let file = place.put("in-the-way", "a file");
    let refused = command(&file.join("data")).current_dir(file.parent().unwrap()).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("in-the-way") && said.contains("move it"), "{said}");
}

fn plumbline(place: &Place, args: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    // `check` reports variables that are no options, also those of the suite.
    for of_the_suite in ["PLUMBLINE_TEST_DATA", "PLUMBLINE_KAFKA", "PLUMBLINE_PYTHON", "PLUMBLINE_PROMTOOL"] {
        command.env_remove(of_the_suite);
    }
    command.args(args).current_dir(place.path(".")).output().expect("the binary runs")
}

#[test]
fn check_ends_with_78_and_names_every_mistake_with_its_line() {
    let place = Place::new();
    place.put("plumbline.toml", "lisen = \"x\"\nzone = \"Nowhere\"\n");
    let checked = plumbline(&place, &["check"]);
    let said = String::from_utf8(checked.stderr).unwrap();
    assert_eq!(checked.status.code(), Some(78));
    assert!(said.contains("plumbline.toml:1: there is no option \"lisen\"; did you mean \"listen\"?"), "{said}");
    assert!(said.contains("plumbline.toml:2: "), "{said}");
    assert_eq!(plumbline(&place, &["run"]).status.code(), Some(78));
    place.put("plumbline.toml", "listen = \"127.0.0.1:9\"\n");
    assert_eq!(plumbline(&place, &["check"]).status.code(), Some(0));
    assert!(!place.path("plumbline-data").exists(), "check creates nothing");
}

#[test]
fn config_show_names_the_origin_of_each_value() {
    let place = Place::new();
    place.put("plumbline.toml", "zone = \"UTC\"\n");
    let shown = plumbline(&place, &["config", "show", "--listen", "127.0.0.1:9"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    for line in ["zone = \"UTC\"  # plumbline.toml:1", "listen = \"127.0.0.1:9\"  # --listen", "partitions = \"4\"  # default"] {
        assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
    }
}

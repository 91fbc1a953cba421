//! The promises of `replay`, on small inputs of these tests.

use crate::support::{Place, assert_accounted_for, encounter};
use plumbline::process::interrupt::{CleanStop, Interrupt};

/// Status, revision, cut and month of every revision in order of publication.
fn revisions(place: &Place, out: &str) -> Vec<(String, u64, String, String)> {
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let cards = place.lines(&format!("{out}/scorecards.ndjson"));
    let row = |card: &serde_json::Value| {
        let revision = card["revision"].as_u64().expect("a number");
        (text(&card["status"]), revision, text(&card["cut"]), text(&card["period"]["month"]))
    };
    cards.iter().map(row).collect()
}

#[test]
fn months_of_the_past_are_published_when_they_would_have_been() {
    let place = Place::new();
    let january = encounter("e1", "2020-01-15T09:00:00Z", "2020-01-15T09:10:00Z");
    let march = encounter("e2", "2020-03-10T09:00:00Z", "2020-03-10T09:10:00Z");
    place.put("surgery/events.ndjson", format!("{march}\n{january}\n"));
    let summary = place.replay("out", &["surgery"], &[]);
    // Three and 35 days after the month's end in London, and the first 03:00 UTC after that. 2020 is a leap year, and summer time
    // begins on 29 March.
    let expected = [
        ("provisional", 1, "2020-02-04T03:00:00Z", "2020-01"),
        ("final", 2, "2020-03-07T03:00:00Z", "2020-01"),
        ("provisional", 1, "2020-04-04T03:00:00Z", "2020-03"),
        ("final", 2, "2020-05-06T03:00:00Z", "2020-03"),
    ];
    let expected = expected.map(|(status, n, cut, month)| (status.to_owned(), n, cut.to_owned(), month.to_owned()));
    assert_eq!(revisions(&place, "out"), expected);
    assert_eq!(summary.first_cut.as_deref(), Some("2020-01-16T03:00:00Z"));
    assert_eq!(summary.last_cut.as_deref(), Some("2020-05-06T03:00:00Z"), "then the last month with rows is final");
    assert_eq!(summary.cuts, 112, "every day from 16 January to 6 May has its cut");
    assert_eq!(place.lines("out/runs.ndjson").len(), 112);
}

#[test]
fn every_line_is_counted_and_a_broken_one_does_not_end_the_replay() {
    let place = Place::new();
    let first = encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z");
    let lines = [
        first.clone(),
        "{\"id\": \"e0\", ".to_owned(),
        first.clone(),
        // The same version with other content.
        first.replace("telephone", "home"),
        encounter("e2", "2026-01-16T09:00:00Z", "2026-01-16T09:10:00Z"),
        r#"{"id":"e2","version":2,"type":"encounter","action":"retract"}"#.to_owned(),
        encounter("e3", "not a time", "2026-01-16T09:10:00Z"),
        "[1]".to_owned(),
    ];
    place.put("surgery/events.ndjson", lines.join("\n"));
    let summary = place.replay("out", &["surgery"], &[]);
    assert_accounted_for(&summary);
    assert_eq!((summary.received, summary.logged), (8, 5));
    assert_eq!((summary.accepted, summary.duplicate, summary.conflict, summary.retracted), (3, 1, 1, 1));
    let rejects = place.lines("out/rejects.ndjson");
    let places: Vec<(&str, u64)> = rejects
        .iter()
        .map(|reject| (reject["position"]["source"].as_str().unwrap(), reject["position"]["offset"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [("surgery/events.ndjson", 2), ("surgery/events.ndjson", 7), ("surgery/events.ndjson", 8)]);
    assert!(rejects.iter().all(|reject| !reject["detail"].as_str().unwrap().is_empty()));
    let rows = place.lines("out/clinician-months.ndjson");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["facts"], 1, "the retracted encounter counts no more");
    assert_eq!(rows[0]["feed"], "surgery", "the folder's name");
}

#[test]
fn order_of_paths_batches_and_partitions_change_no_byte() {
    let place = Place::new();
    let mut events = Vec::new();
    sim::traffic::bulk::simulate(&mut events, 500, 5).unwrap();
    let lines: Vec<&str> = std::str::from_utf8(&events).unwrap().lines().collect();
    let some = |n: usize| lines.iter().skip(n).step_by(3).copied().collect::<Vec<_>>().join("\n");
    place.put("one/a.ndjson", some(0));
    place.put("one/b.jsonl", format!("{}\nbroken\n", some(1)));
    place.put_gzipped("two/c.gz", some(2));
    let summary = place.replay("plain", &["one", "two"], &[]);
    assert_accounted_for(&summary);
    assert!(summary.cards > 100, "too few cards to find a difference: {summary:?}");
    let expected = place.bytes("plain");
    let variants: [(&str, &[&str], &[&str]); 4] = [
        ("turned", &["two", "one"], &[]),
        ("single", &["one", "two"], &["--batch", "1"]),
        ("parted", &["two/c.gz", "one/b.jsonl", "one"], &["--partitions", "4"]),
        ("both", &["one", "two"], &["--partitions", "3", "--batch", "7"]),
    ];
    for (out, paths, options) in variants {
        place.replay(out, paths, options);
        let found = place.bytes(out);
        for (file, bytes) in &expected {
            assert!(found.get(file) == Some(bytes), "{out}: {file} differs");
        }
        assert_eq!(found.len(), expected.len(), "{out}");
    }
}

#[test]
fn native_events_arrive_when_they_were_recorded_unless_asked_otherwise() {
    let place = Place::new();
    let early = encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z");
    let late = encounter("e2", "2026-01-16T09:00:00Z", "2026-04-20T09:00:00Z");
    place.put("surgery/events.ndjson", format!("{late}\n{early}\n"));
    let recorded = place.replay("recorded", &["surgery"], &[]);
    assert_eq!(recorded.revisions_by_reason.get("late"), Some(&1), "{recorded:?}");
    let occurred = place.replay("occurred", &["surgery"], &["--arrival", "occurred"]);
    assert_eq!(occurred.revisions_by_reason.get("late"), None, "{occurred:?}");
}

#[test]
fn an_event_keeps_the_feed_that_it_names_and_the_option_renames_the_rest() {
    let place = Place::new();
    let unnamed = encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z");
    let named = unnamed.replacen('{', r#"{"feed":"a81001-emis","#, 1);
    place.put("surgery/events.ndjson", format!("{unnamed}\n{named}\n"));
    place.replay("out", &["surgery"], &["--feed", "night"]);
    let rows = place.lines("out/clinician-months.ndjson");
    let feeds: Vec<&str> = rows.iter().map(|row| row["feed"].as_str().unwrap()).collect();
    assert_eq!(feeds, ["a81001-emis", "night"], "one id in two feeds is two events");
}

#[test]
fn the_zone_decides_the_month_of_events_near_midnight() {
    let place = Place::new();
    // Half past eleven at night UTC on 31 March is 1 April in London.
    let event = encounter("e1", "2026-03-31T23:30:00Z", "2026-03-31T23:40:00Z");
    place.put("surgery/events.ndjson", &event);
    place.put("named/events.ndjson", event.replacen('{', r#"{"feed":"a81001-emis","#, 1));
    for input in ["surgery", "named"] {
        for (zone, month) in [("Europe/London", "2026-04"), ("UTC", "2026-03")] {
            place.replay("out", &[input], &["--zone", zone]);
            assert_eq!(place.lines("out/clinician-months.ndjson")[0]["month"], month, "{input} in {zone}");
        }
    }
}

#[test]
fn a_registry_gives_persons_their_roles() {
    let place = Place::new();
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    let registry = place.put(
        "registry.ndjson",
        concat!(
            r#"{"type":"organisation","code":"A81001","name":"Elm Grove","kind":"practice"}"#,
            "\n",
            r#"{"type":"person","id":"dr-who","aliases":["gmc|7012345"]}"#,
            "\n",
            r#"{"type":"role","person":"dr-who","practice":"A81001","role":"gp"}"#,
            "\n"
        ),
    );
    let summary = place.replay("out", &["surgery"], &["--registry", &registry.display().to_string()]);
    assert_accounted_for(&summary);
    assert_eq!(summary.registered, 3);
    let card = &place.lines("out/scorecards.ndjson")[0];
    assert_eq!((&card["subject"]["clinician"], &card["subject"]["role"]), (&"dr-who".into(), &"gp".into()));
}

#[test]
fn an_event_that_occurs_in_the_future_is_rejected_and_delays_nothing() {
    let place = Place::new();
    let ahead = encounter("e1", "2999-01-15T09:00:00Z", "2999-01-15T09:10:00Z");
    let past = encounter("e2", "2026-10-15T09:00:00Z", "2026-10-15T09:10:00Z");
    place.put("surgery/events.ndjson", format!("{ahead}\n{past}\n"));
    let summary = place.replay("out", &["surgery"], &[]);
    assert_eq!(summary.rejected.get("in_the_future"), Some(&1), "{summary:?}");
    assert!(summary.cuts < 60, "nothing waits for the year 2999: {summary:?}");
}

#[test]
fn an_interrupted_replay_leaves_neither_a_log_nor_a_summary() {
    let place = Place::new();
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    let interrupt = Interrupt::default();
    interrupt.ask();
    let error = place.try_replay("out", &["surgery"], &[], &interrupt).unwrap_err();
    assert_eq!(error.downcast_ref::<CleanStop>(), Some(&CleanStop));
    assert_eq!(place.bytes("out").into_keys().collect::<Vec<_>>(), [".plumbline"]);
    assert!(!place.path("out/log").exists());
    place.replay("out", &["surgery"], &[]);
}

//! The folder of `demo` and `replay`: its log is read by `card`, `explain` and `peek`, and by no service.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Place, encounter};
use serde_json::Value;

fn plumbline(place: &Place, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(args).env("NO_COLOR", "1").env("COLUMNS", "1000").current_dir(place.path("."));
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// Standard output of a command that succeeds.
fn shown(place: &Place, args: &[&str]) -> String {
    let done = plumbline(place, args);
    assert_eq!(done.status.code(), Some(0), "{args:?}: {}", text(&done.stderr));
    text(&done.stdout).to_owned()
}

/// Standard error of a command that fails with this code.
fn refused(place: &Place, args: &[&str], code: i32) -> String {
    let done = plumbline(place, args);
    assert_eq!(done.status.code(), Some(code), "{args:?}: {}", text(&done.stderr));
    assert!(done.stdout.is_empty());
    text(&done.stderr).to_owned()
}

#[test]
fn the_commands_that_a_demo_prints_show_its_card_and_explain_a_number_of_it() {
    let place = Place::new();
    let done = plumbline(&place, &["demo", "--clinicians", "12", "--months", "3", "--until", "2026-10-15", "--out", "demo"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let printed = |word: &str| {
        let start = format!("plumbline {word} ");
        let line = text(&done.stderr).lines().map(str::trim).find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("no {word} in:\n{}", text(&done.stderr)));
        let shell = line.replacen("plumbline", "\"$0\"", 1);
        let mut command = Command::new("sh");
        command.args(["-c", &shell, env!("CARGO_BIN_EXE_plumbline")]).env("NO_COLOR", "1").current_dir(place.path("."));
        let done = command.output().expect("sh runs");
        assert_eq!(done.status.code(), Some(0), "{line}: {}", text(&done.stderr));
        text(&done.stdout).to_owned()
    };
    // The first line names clinician, role, practice and month.
    let head = text(&done.stdout).lines().next().expect("a card").to_owned();
    assert!(printed("card").contains(&head), "{head}");
    // `explain` fails where the events do not add up to the number of the card.
    assert!(printed("explain").lines().last().is_some_and(|line| line.contains(" events: ")), "a sum of events");
}

#[test]
fn a_clinician_of_a_replay_is_explained_by_every_alias() {
    let place = Place::new();
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    place.put("registry.ndjson", r#"{"type":"person","id":"dr-who","aliases":["gmc|7012345","gmp|G7012345"]}"#);
    shown(&place, &["replay", "surgery", "--registry", "registry.ndjson", "--out", "out"]);
    // A configuration file of another deployment changes nothing: the folder has its own log, keys and registry.
    place.put("plumbline.toml", "partitions = 7\nzone = \"UTC\"\n[kafka]\nbrokers = \"127.0.0.1:1\"\n");
    let explain = |clinician: &str| {
        let args = ["explain", clinician, "2026-01", "telephone_share", "--window", "month", "-o", "json", "--data", "out"];
        serde_json::from_str::<Value>(&shown(&place, &args)).expect("JSON")
    };
    for alias in ["dr-who", "gmc|7012345", "gmp|G7012345", "7012345", "G7012345"] {
        let explained = explain(alias);
        assert_eq!((&explained["numerator"], &explained["denominator"]), (&1.into(), &1.into()), "{alias}");
        assert_eq!(explained["events"][0]["id"], "e1", "{alias}");
    }
    assert!(shown(&place, &["card", "7012345", "--data", "out"]).starts_with("dr-who, unknown, practice A81001, 2026-01\n"));
    let events = shown(&place, &["peek", "events", "--data", "out", "-o", "ndjson"]);
    assert!(events.lines().any(|line| line.contains("\"schema\":\"batch\"")), "{events}");
}

#[test]
fn a_replay_is_explained_under_its_own_measures_even_after_their_files_are_gone() {
    let place = Place::new();
    let built_in = include_str!("../../../../measures/telephone_share.toml");
    let own = place.put("own/by_phone.toml", built_in.replacen("id = \"telephone_share\"", "id = \"by_phone\"", 1));
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    shown(&place, &["replay", "surgery", "--measures", "own", "--out", "out"]);
    fs::remove_file(own).unwrap();
    let table = shown(&place, &["explain", "gmc|7012345", "2026-01", "by_phone", "--window", "month", "--data", "out"]);
    assert!(table.contains("by_phone@") && table.contains("1 over 1"), "{table}");
    assert!(shown(&place, &["card", "gmc|7012345", "--data", "out"]).contains("2026-01"));
}

#[test]
fn a_service_never_starts_on_the_folder_of_a_replay() {
    let place = Place::new();
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    shown(&place, &["replay", "surgery", "--out", "out"]);
    let before = place.bytes("out");
    let commands: [(&[&str], i32); 3] = [(&["run", "--listen", "127.0.0.1:0"], 1), (&["check"], 78), (&["rejects", "list"], 1)];
    for (command, code) in commands {
        let said = refused(&place, &[command, &["--data", "out"]].concat(), code);
        assert!(said.contains("out is the folder of a `demo` or a `replay`") && said.contains("--data"), "{said}");
    }
    assert_eq!(place.bytes("out"), before);
}

#[test]
fn an_older_output_without_a_log_names_its_cure() {
    let place = Place::new();
    place.put("out/.plumbline", "");
    place.put("out/summary.json", "{}");
    let said = refused(&place, &["peek", "events", "--data", "out"], 1);
    assert!(said.contains("kept no log") && said.contains("run the command that wrote it again"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_crashed_demo_leaves_a_folder_that_is_named_as_unfinished_and_can_be_written_again() {
    let place = Place::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(["demo", "--clinicians", "2000", "--months", "60", "--out", "demo"])
        .current_dir(place.path("."))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !place.path("demo/log/records").exists() {
        assert!(begun.elapsed() < Duration::from_secs(600), "it never opens its log");
        std::thread::yield_now();
    }
    let card = ["card", "gmc|7000101", "--data", "demo"];
    let said = refused(&place, &card, 1);
    assert!(said.contains(&format!("process {} is writing into demo", child.id())), "{said}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(place.path("demo/log").exists(), "a crash leaves the log");
    for command in [&card[..], &["explain", "gmc|7000101", "2026-01", "dna_rate", "--data", "demo"], &["run", "--data", "demo"]] {
        let said = refused(&place, command, 1);
        assert!(said.contains("demo is unfinished") && said.contains("run that command again"), "{said}");
    }
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    shown(&place, &["replay", "surgery", "--out", "demo"]);
    assert!(shown(&place, &["card", "gmc|7012345", "--data", "demo"]).contains("2026-01"));
    assert_eq!(mode(&place.path("demo/keys.toml")), 0o600);
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

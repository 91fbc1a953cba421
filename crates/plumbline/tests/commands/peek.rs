//! `peek` into the topics of a data folder.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::published::published;
use serde_json::Value;

fn peek(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.arg("peek").args(args).arg("--data").arg(data).current_dir(data).stdin(Stdio::null());
    command
}

fn told(data: &Path, args: &[&str]) -> String {
    let done = peek(data, args).output().expect("the binary runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

fn lines(data: &Path, args: &[&str]) -> Vec<Value> {
    let args: Vec<&str> = args.iter().copied().chain(["-o", "ndjson"]).collect();
    told(data, &args).lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn records_are_shown_with_their_place_key_schema_and_value() {
    let (place, mut server) = published();
    server.kill();
    let data = place.path("data");

    let events = lines(&data, &["events"]);
    let batches = events.iter().filter(|line| line["schema"] == "batch");
    let all: usize = batches.map(|batch| batch["value"]["events"].as_array().expect("events").len()).sum();
    assert_eq!(all, 420);
    assert!(events.iter().all(|line| line["partition"].is_u64() && line["appended"].is_string()), "{:?}", events.first());
    assert!(events.iter().any(|line| line["schema"] == "tick" && line["value"]["at"].is_string()));
    assert_eq!(lines(&data, &["registry", "--from", "0"])[0]["schema"], "genesis");

    let cards = lines(&data, &["scorecards"]);
    assert_eq!(cards.len(), 21);
    let key = cards[7]["key"].as_str().expect("a key");
    assert_eq!(lines(&data, &["scorecards", "--key", key]), cards[7..8]);
    let partition = cards[7]["partition"].to_string();
    assert!(lines(&data, &["scorecards", "--partition", &partition]).contains(&cards[7]));
    let document = told(&data, &["scorecards", "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&document).expect("one document"), Value::from(cards));

    let runs = lines(&data, &["runs"]);
    assert_eq!(lines(&data, &["runs", "-n", "2"]), runs[runs.len() - 2..]);
    assert!(told(&data, &["runs", "-n", "1"]).contains("run  ") && runs[0]["value"]["outcome"] == "published");

    let refused = peek(&data, &["run"]).output().expect("the binary runs");
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("\"runs\""), "{refused:?}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let (place, mut server) = published();
    server.kill();
    let data = place.path("data");
    // Cards take more than a pipe holds, so it is still writing when nobody reads any more.
    let mut child = peek(&data, &["scorecards"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut first).expect("text");
    assert!(first.contains("scorecard"), "{first}");
    let mut said = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("text");
    assert!(child.wait().expect("it ends").success() && said.is_empty(), "{said}");
}

//! A recomputed log: the same cards to the byte, and the differences under other measures.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;

use crate::published::published;
use crate::support::Place;
use clap::Parser;
use plumbline::cli::{Cli, Command, ReplayArgs};
use plumbline::command::recompute::recompute_log;
use plumbline::config::config_file::{self, ConfigSources};
use plumbline::config::options::Config;
use plumbline::deployment::read_only_log::read_under;
use plumbline::input_files::measure_files::{BuiltIn, MeasureSelection, built_in, chosen};
use plumbline::log::any_log::AnyLog;
use plumbline::process::interrupt::Interrupt;
use scorecard::record::log_record::Record;
use stream::log::{CARD_PARTITIONS, Log, Topic};

/// The folder of a stopped service that has published 21 cards of one month.
fn place() -> Place {
    let (place, mut server) = published();
    server.kill();
    place
}

fn config(place: &Place) -> Config {
    let data = place.path("data").display().to_string();
    config_file::read(&ConfigSources { flags: vec![("data", "--data", data)], ..ConfigSources::default() })
        .expect("defaults are sound")
}

fn args(place: &Place) -> ReplayArgs {
    let out = place.path("out").display().to_string();
    let cli = Cli::try_parse_from(["plumbline", "replay", "--from-kafka", "--compare", "--out", &out]).expect("it is known");
    let Command::Replay(args) = cli.command else { unreachable!("it says replay") };
    args
}

/// The differences, and the report.
fn compared(place: &Place, measures: MeasureSelection) -> (Vec<String>, String) {
    let (source, deployment) = read_under(&config(place), measures.set).expect("nobody has it open");
    let mut out = Vec::new();
    let told = recompute_log(&args(place), source, deployment, &measures.source, &Interrupt::default(), &mut out);
    let told = told.expect("the log is whole");
    let out = String::from_utf8(out).expect("text");
    (out.lines().map(str::to_owned).collect(), told)
}

/// Every revision as JSON.
fn revisions(log: &mut AnyLog) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for partition in 0..CARD_PARTITIONS {
        log.read(Topic::ScorecardRevisions, partition, 0, usize::MAX, &mut |lent| {
            if let Record::Scorecard(card) = lent.record {
                found.insert(codec::json::record_lines::scorecard(&card));
            }
            ControlFlow::Continue(())
        })
        .expect("it can be read");
    }
    found
}

#[test]
fn recomputed_cards_equal_the_published_ones_to_the_byte() {
    let place = place();
    let (changes, told) = compared(&place, chosen(None, BuiltIn::Keep, &[]).expect("the built-in measures"));
    assert_eq!(changes, Vec::<String>::new());
    assert!(told.starts_with("420 events") && told.contains("0 of 21 published cards of unsealed months would change"), "{told}");
    let computed: BTreeSet<String> =
        fs::read_to_string(place.path("out/scorecards.ndjson")).expect("it was written").lines().map(str::to_owned).collect();
    let (mut source, _) = read_under(&config(&place), built_in()).expect("nobody has it open");
    assert_eq!(computed, revisions(&mut source));
    // The folder keeps the cards without the events, which stay on Kafka, and never the keys of the deployment.
    assert!(!place.path("out/keys.toml").exists());
    let run = |args: &[&str]| {
        let out = place.path("out").display().to_string();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plumbline"));
        command.args(args).args(["--data", &out]).output().expect("the binary runs")
    };
    assert_eq!(run(&["card", "gmc|7000010"]).status.code(), Some(0));
    let unexplained = run(&["explain", "gmc|7000010", "2026-01", "dna_rate"]);
    let said = String::from_utf8(unexplained.stderr).expect("text");
    assert!(said.contains("leaves the events on Kafka"), "{said}");
}

#[test]
fn other_measures_list_their_differences_and_do_not_change_the_log() {
    let place = place();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../measures/dna_rate.toml");
    let per_thousand = fs::read_to_string(file).expect("it is there").replace("scale = 100.0", "scale = 1000.0");
    place.put("own/dna_rate.toml", per_thousand.replace("version = 1", "version = 2"));
    let own = chosen(Some(&place.path("own")), BuiltIn::Keep, &[]).expect("a measure in order");
    let before = revisions(&mut read_under(&config(&place), built_in()).expect("nobody has it open").0);
    let (changes, told) = compared(&place, own);
    assert!(told.contains("21 of 21 published cards"), "{told}");
    // Patients missed 10 of the 20 slots of clinician 7000010.
    let line = changes.iter().find(|line| line.contains("7000010") && line.contains("dna_rate of 12"));
    assert!(line.is_some_and(|line| line.ends_with("10/20 = 50 -> 10/20 = 500")), "{changes:#?}");
    assert_eq!(revisions(&mut read_under(&config(&place), built_in()).expect("nobody has it open").0), before);
}

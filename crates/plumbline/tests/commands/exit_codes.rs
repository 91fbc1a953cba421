//! Exit codes and streams of the binary.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Place, encounter};

fn plumbline(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plumbline")).args(args).env("NO_COLOR", "1").output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn a_registry_with_mistakes_ends_with_78_and_names_each_line() {
    let place = Place::new();
    let file = place.put("registry.ndjson", "{\"type\":\"person\"}\n{\"type\":\"robot\",\"id\":\"x\"}\n");
    let path = file.display().to_string();
    let done = plumbline(&["registry", "check", &path]);
    assert_eq!(done.status.code(), Some(78));
    let talk = text(&done.stderr);
    assert!(talk.contains(&format!("{path}:1:")) && talk.contains(&format!("{path}:2:")), "{talk}");
    assert!(done.stdout.is_empty());
}

#[test]
fn a_sound_registry_ends_with_0_and_says_what_it_holds() {
    let place = Place::new();
    let file = place.put("registry.ndjson", "{\"type\":\"person\",\"id\":\"dr-who\",\"aliases\":[\"gmc|7012345\"]}\n");
    let done = plumbline(&["registry", "check", &file.display().to_string()]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(text(&done.stdout).contains("1 persons, 0 roles, 0 organisations"), "{}", text(&done.stdout));
}

#[test]
fn measures_with_mistakes_end_with_78() {
    let place = Place::new();
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    place.put("measures/mine.toml", "id = 7");
    let [surgery, measures, out] = ["surgery", "measures", "out"].map(|name| place.path(name).display().to_string());
    let done = plumbline(&["replay", &surgery, "--out", &out, "--measures", &measures]);
    assert_eq!(done.status.code(), Some(78));
    assert!(text(&done.stderr).contains("mine.toml"), "{}", text(&done.stderr));
}

#[test]
fn a_measure_of_ones_own_stands_in_the_list_beside_the_built_in_ones_and_on_the_cards() {
    let place = Place::new();
    let built_in = include_str!("../../../../measures/dna_rate.toml");
    place.put("measures/empty_slots.toml", built_in.replacen("id = \"dna_rate\"", "id = \"empty_slots\"", 1));
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    let measures = place.path("measures").display().to_string();
    let lines = |args: &[&str]| {
        let done = plumbline(&[&["measures", "list"], args].concat());
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        text(&done.stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let with = lines(&["--measures", &measures]);
    assert_eq!(with.len(), lines(&[]).len() + 1);
    let own: Vec<_> = with.iter().filter(|line| line.contains(&measures)).collect();
    assert!(own.len() == 1 && own[0].starts_with("empty_slots@1"), "{own:?}");
    assert_eq!(lines(&["--measures", &measures, "--built-in-measures", "drop"]).len(), 1);
    place.replay("out", &["surgery"], &["--measures", &measures]);
    let cards = fs::read_to_string(place.path("out/scorecards.ndjson")).unwrap();
    assert!(cards.contains("\"id\":\"empty_slots\"") && cards.contains("\"id\":\"dna_rate\""));
}

#[test]
fn a_pound_that_two_measures_would_count_is_found_by_the_check() {
    let place = Place::new();
    let built_in = include_str!("../../../../measures/desogestrel_branded.toml");
    place.put("measures/pills.toml", built_in.replacen("id = \"desogestrel_branded\"", "id = \"pills\"", 1));
    let measures = place.path("measures").display().to_string();
    let done = plumbline(&["measures", "check", &measures]);
    assert_eq!(done.status.code(), Some(78));
    let said = text(&done.stderr);
    assert!(said.contains("both estimate a saving on 0703021Q0") && said.contains("desogestrel_branded"), "{said}");
    // Alone it counts no pound twice.
    let done = plumbline(&["measures", "check", &measures, "--built-in-measures", "drop"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(text(&done.stdout).contains("  pills: 0703021Q0"), "{}", text(&done.stdout));
}

#[test]
fn a_folder_of_others_ends_with_1_and_is_left_alone() {
    let place = Place::new();
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    place.put("out/thesis.txt", "mine");
    let [surgery, out] = ["surgery", "out"].map(|name| place.path(name).display().to_string());
    let done = plumbline(&["replay", &surgery, "--out", &out]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("thesis.txt"), "{}", text(&done.stderr));
    assert_eq!(place.bytes("out").len(), 1);
}

#[test]
fn a_second_process_is_refused_with_the_first_one_named() {
    let place = Place::new();
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    let _writing = plumbline::history::output_folder::OutputFolder::make(&place.path("out")).unwrap();
    let [surgery, out] = ["surgery", "out"].map(|name| place.path(name).display().to_string());
    let done = plumbline(&["replay", &surgery, "--out", &out]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains(&format!("process {}", std::process::id())), "{}", text(&done.stderr));
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    assert_eq!(plumbline(&["replay"]).status.code(), Some(2));
    assert_eq!(plumbline(&["--version"]).status.code(), Some(0));
}

#[test]
fn simulated_events_go_to_standard_output_and_are_the_same_each_time() {
    let once = plumbline(&["simulate", "--out", "-", "--events", "50", "--seed", "9"]);
    assert_eq!(text(&once.stdout).lines().count(), 50);
    assert_eq!(once.stdout, plumbline(&["simulate", "--out", "-", "--events", "50", "--seed", "9"]).stdout);
    assert!(once.stderr.is_empty());
}

#[test]
fn a_small_demo_shows_a_card_and_says_where_the_rest_is() {
    let place = Place::new();
    let out = place.path("demo").display().to_string();
    let done = plumbline(&["demo", "--clinicians", "12", "--months", "2", "--until", "2026-10-15", "--out", &out]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let card = text(&done.stdout);
    for word in ["CLINICAL", "PERCEPTION", "RESOURCE", "2026-09", "Personal QOF"] {
        assert!(card.contains(word), "{word} is missing:\n{card}");
    }
    assert!(!card.contains('\u{1b}'), "no colours where standard output is no terminal");
    assert_eq!(card, fs::read_to_string(place.path("demo/card.txt")).unwrap());
    let talk = text(&done.stderr);
    assert!(talk.contains(&out) && talk.contains("fixed key"), "{talk}");
    assert!(place.path("demo/summary.json").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_demo_cleanly_with_130() {
    let place = Place::new();
    let out = place.path("demo").display().to_string();
    let child = Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(["demo", "--clinicians", "2000", "--months", "60", "--out", &out])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It listens before it makes its folder.
    let begun = Instant::now();
    while !place.path("demo/.plumbline").exists() {
        assert!(begun.elapsed() < Duration::from_secs(600), "it never makes its folder");
        std::thread::yield_now();
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(130), "{}", text(&done.stderr));
    assert!(text(&done.stderr).contains("interrupted"), "{}", text(&done.stderr));
    assert!(done.stdout.is_empty());
    assert!(!place.path("demo/summary.json").exists() && !place.path("demo/log").exists());
}

//! Exit codes, streams and lines of the binary.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::server::{Server, command};
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
fn a_valid_registry_ends_with_0_and_its_number_of_entries() {
    let place = Place::new();
    let file = place.put("registry.ndjson", "{\"type\":\"person\",\"id\":\"dr-who\",\"aliases\":[\"gmc|7012345\"]}\n");
    let done = plumbline(&["registry", "check", &file.display().to_string()]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(text(&done.stdout).contains("1 person, 0 roles, 0 organisations"), "{}", text(&done.stdout));
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
fn an_added_measure_is_in_the_list_with_its_file_and_on_the_cards() {
    let place = Place::new();
    let built_in = include_str!("../../../../measures/dna_rate.toml");
    place.put("measures/empty_slots.toml", built_in.replacen("id = \"dna_rate\"", "id = \"empty_slots\"", 1));
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    let measures = place.path("measures").display().to_string();
    let lines = |args: &[&str]| {
        let done = plumbline(&[&["measures", "list"], args].concat());
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        // A line that starts with a space continues the entry above it.
        let mut entries: Vec<String> = Vec::new();
        for line in text(&done.stdout).lines() {
            match entries.last_mut() {
                Some(entry) if line.starts_with(' ') => entry.push_str(line),
                _ => entries.push(line.to_owned()),
            }
        }
        entries
    };
    let with = lines(&["--measures", &measures]);
    assert_eq!(with.len(), lines(&[]).len() + 1);
    assert!(with.iter().any(|entry| entry.starts_with("empty_slots@1") && entry.contains(&measures)), "{with:?}");
    assert_eq!(with.iter().filter(|entry| entry.contains("file: ")).count(), 1, "a built-in measure has no file");
    assert_eq!(lines(&["--measures", &measures, "--built-in-measures", "drop"]).len(), 1);
    place.replay("out", &["surgery"], &["--measures", &measures]);
    let cards = fs::read_to_string(place.path("out/scorecards.ndjson")).unwrap();
    assert!(cards.contains("\"id\":\"empty_slots\"") && cards.contains("\"id\":\"dna_rate\""));
}

#[test]
fn a_saving_that_two_measures_count_is_found_by_the_check() {
    let place = Place::new();
    let built_in = include_str!("../../../../measures/desogestrel_branded.toml");
    place.put("measures/pills.toml", built_in.replacen("id = \"desogestrel_branded\"", "id = \"pills\"", 1));
    let measures = place.path("measures").display().to_string();
    let done = plumbline(&["measures", "check", &measures]);
    assert_eq!(done.status.code(), Some(78));
    let said = text(&done.stderr);
    assert!(said.contains("both estimate a saving on 0703021Q0") && said.contains("desogestrel_branded"), "{said}");
    // Without the built-in measure no saving is counted twice.
    let done = plumbline(&["measures", "check", &measures, "--built-in-measures", "drop"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(text(&done.stdout).contains("  pills: 0703021Q0"), "{}", text(&done.stdout));
}

#[test]
fn a_folder_with_other_files_ends_with_1_and_is_not_changed() {
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
fn a_small_demo_shows_a_card_and_names_the_folder_of_the_others() {
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
    assert!(talk.contains(&out) && talk.contains("never use `demo` for real data"), "{talk}");
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
    // It handles signals before it creates its folder.
    let begun = Instant::now();
    while !place.path("demo/.plumbline").exists() {
        assert!(begun.elapsed() < Duration::from_secs(600), "it never creates its folder");
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

#[test]
fn a_replay_whose_every_event_was_rejected_ends_with_65_and_says_so_on_its_last_line() {
    let place = Place::new();
    place.put("surgery/events.ndjson", "not json\n{\"id\": \"e1\"}\n");
    let [surgery, out] = ["surgery", "out"].map(|name| place.path(name).display().to_string());
    let done = plumbline(&["replay", &surgery, "--out", &out]);
    assert_eq!(done.status.code(), Some(65), "EX_DATAERR of sysexits.h: {}", text(&done.stderr));
    let talk = text(&done.stderr);
    let last = talk.lines().last().expect("a line");
    assert!(last.starts_with("plumbline: every event was rejected (2 rejects)") && last.contains("rejects.ndjson"), "{talk}");
    assert!(!talk.contains("()") && done.stdout.is_empty(), "{talk}");
    assert_eq!(place.lines("out/rejects.ndjson").len(), 2, "the rejects can be read");
}

#[test]
fn a_replay_with_one_good_event_ends_with_0_shows_its_card_and_the_command_that_shows_others() {
    let place = Place::new();
    let good = encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z");
    place.put("surgery/events.ndjson", format!("{good}\nnot json\n"));
    let [surgery, out] = ["surgery", "out"].map(|name| place.path(name).display().to_string());
    let done = plumbline(&["replay", &surgery, "--out", &out]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(text(&done.stdout).starts_with("gmc|7012345, unknown, practice A81001, 2026-01\n"), "{}", text(&done.stdout));
    let talk = text(&done.stderr);
    assert!(talk.contains("1 event logged") && talk.contains("1 rejected (1 not_json)"), "{talk}");
    let shown: Vec<&str> = talk.lines().rev().take(2).map(str::trim).collect();
    assert_eq!(shown[1], format!("plumbline card 'gmc|7012345' --data {out}"), "{talk}");
    assert!(shown[0].starts_with("plumbline explain 'gmc|7012345' 2026-01 ") && shown[0].ends_with(&out), "{talk}");
    let card = plumbline(&["card", "gmc|7012345", "--data", &out]);
    assert_eq!((card.status.code(), text(&card.stdout)), (Some(0), text(&done.stdout)), "{}", text(&card.stderr));
    let revision = plumbline(&["card", "gmc|7012345", "--data", &out, "--revision", "1", "-o", "ndjson"]);
    assert!(text(&revision.stdout).contains("\"status\":\"provisional\""), "{}", text(&revision.stdout));
    let number = plumbline(&["card", "7012345", "--data", &out]);
    assert_eq!(text(&number.stdout), text(&done.stdout));
    assert_eq!(text(&number.stderr), "7012345 is an alias of gmc|7012345\n");
    let nobody = plumbline(&["card", "gmc|7", "--data", &out]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(text(&nobody.stderr).contains("scorecards.ndjson names the clinicians"), "{}", text(&nobody.stderr));
}

/// The output of a command whose lines may have this many columns.
fn within(columns: usize, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(args).env("NO_COLOR", "1").env("COLUMNS", columns.to_string());
    command.output().expect("the binary runs")
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let place = Place::new();
    let out = place.path("d").display().to_string();
    let commands: [&[&str]; 6] = [
        &["demo", "--clinicians", "12", "--months", "2", "--until", "2026-10-15", "--out", &out],
        &["measures", "list"],
        &["measures", "show", "broad_spectrum"],
        &["measures", "check", concat!(env!("CARGO_MANIFEST_DIR"), "/../../measures")],
        &["replay", "--help"],
        &["run", "--help"],
    ];
    for (columns, args) in [60, 80, 100].into_iter().flat_map(|columns| commands.map(|args| (columns, args))) {
        let done = within(columns, args);
        assert_eq!(done.status.code(), Some(0), "{args:?}: {}", text(&done.stderr));
        for line in text(&done.stdout).lines().chain(text(&done.stderr).lines()) {
            assert!(line.chars().count() <= columns, "{args:?} at {columns} columns: {line}");
        }
    }
    let unlimited = plumbline(&["measures", "show", "broad_spectrum"]);
    assert!(text(&unlimited.stdout).lines().all(|line| line.chars().count() <= 100), "100 columns without a terminal");
}

#[test]
fn help_names_the_exit_codes_and_starts_each_command_with_a_verb() {
    let help = plumbline(&["--help"]);
    let help = text(&help.stdout);
    for code in ["  0 ", "  1 ", "  2 ", "  65 ", "  78 ", "  130 "] {
        assert!(help.contains(&format!("\n{code}")), "exit code{code}is missing:\n{help}");
    }
    assert!(text(&plumbline(&["replay", "--help"]).stdout).contains("65 every event was rejected"));
    // An imperative is no third person: `Show`, not `Shows`.
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = commands.filter_map(|line| line.get(2..)?.split_whitespace().nth(1)).collect();
    assert!(verbs.len() > 15 && verbs.iter().all(|verb| !verb.ends_with('s')), "{verbs:?}");
}

#[test]
fn a_card_is_found_by_an_alias_through_the_service_and_in_its_folder() {
    let place = Place::new();
    place.put("plumbline.toml", "registry = \"registry.ndjson\"\n");
    place.put("registry.ndjson", r#"{"type":"person","id":"dr-who","aliases":["gmc|7012345","gmp|G7012345"]}"#);
    let mut command = command(&place.path("data"));
    let real = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    // 1 February 2026 at noon UTC; ten days pass in a second.
    command.env("PLUMBLINE_TIME_LAPSE", format!("{real},1769947200000,864000"));
    let mut server = Server::start(command);
    server.drain();
    let own = encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z");
    let unregistered = own.replace("7012345", "7000001").replace("\"e1\"", "\"e2\"");
    assert_eq!(server.post("/v1/events?feed=surgery", format!("{own}\n{unregistered}\n").as_bytes()).json()["logged"], 2);
    server.until("/v1/scorecards?month=2026-01", |answered| answered.json().as_array().is_some_and(|cards| cards.len() == 2));
    let card = |clinician: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        command.args(["card", clinician, "--data", "data", "--month", "2026-01", "--revision", "1"]);
        command.current_dir(place.path(".")).output().expect("the binary runs")
    };
    let check = |from: &str| {
        let person = card("dr-who");
        assert_eq!((person.status.code(), text(&person.stderr)), (Some(0), ""), "{from}");
        assert!(text(&person.stdout).starts_with("dr-who, unknown, practice A81001, 2026-01\n"), "{}", text(&person.stdout));
        for alias in ["gmc|7012345", "gmp|G7012345", "7012345", "G7012345"] {
            let found = card(alias);
            assert_eq!(text(&found.stderr), format!("{alias} is an alias of dr-who\n"), "{from}");
            assert_eq!(text(&found.stdout), text(&person.stdout), "{from}: {alias}");
        }
        let found = card("7000001");
        assert_eq!(text(&found.stderr), "7000001 is an alias of gmc|7000001\n", "{from}");
        assert!(text(&found.stdout).starts_with("gmc|7000001, unknown"), "{from}");
        let nobody = card("gmc|9999999");
        assert_eq!(nobody.status.code(), Some(1), "{from}");
        assert!(text(&nobody.stderr).contains("\"gmc|9999999\""), "{from}: {}", text(&nobody.stderr));
    };
    check("the service");
    server.kill();
    check("the folder");
}

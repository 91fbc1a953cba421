//! `migrate`: a folder of an older format is refused with its cure, and its events in a new folder give the cards of a replay.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use crate::server::{Server, command};
use crate::support::{Place, encounter};
use clap::Parser;
use plumbline::cli::{Cli, Command as CliCommand};
use plumbline::command::migrate::migrate;
use plumbline::config::config_file::{self, ConfigSources};
use plumbline::log::local_log::{Durability, LocalLog};
use plumbline::process::clock::Clock;
use plumbline::process::interrupt::{CleanStop, Interrupt};
use scorecard::record::log_record::{Genesis, Record};
use scorecard::time::calendar::Timestamp;
use serde_json::Value;
use stream::log::{Log, Topic};

/// A folder of format 1: 50 events and 9 registry entries over 86 cuts, one a day from 15 January to 10 April. Its README says how it was made.
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/format-1");

/// The folder of format 1 as `data`, with the files of its events.
fn place() -> Place {
    let place = Place::new();
    let archive = format!("{FIXTURE}/data.tar.gz");
    let unpacked = Command::new("tar").args(["-xzf", &archive]).current_dir(place.path(".")).status().expect("tar runs");
    assert!(unpacked.success());
    for file in ["events.ndjson", "registry.ndjson"] {
        place.put(file, fs::read(format!("{FIXTURE}/{file}")).expect("a fixture"));
    }
    place
}

fn plumbline(place: &Place, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(args).env("NO_COLOR", "1").env("COLUMNS", "1000").current_dir(place.path("."));
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// Standard output and standard error of a command that ends with this code.
fn ended(place: &Place, args: &[&str], code: i32) -> (String, String) {
    let done = plumbline(place, args);
    assert_eq!(done.status.code(), Some(code), "{args:?}: {}", text(&done.stderr));
    (text(&done.stdout).to_owned(), text(&done.stderr).to_owned())
}

/// The records of a topic as `peek` shows them.
fn records(place: &Place, topic: &str, data: &str) -> Vec<Value> {
    let (lines, _) = ended(place, &["peek", topic, "--data", data, "-o", "ndjson"], 0);
    lines.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// Every revision of every card by person, practice, month and revision.
fn revisions(cards: impl IntoIterator<Item = Value>) -> BTreeMap<(String, String, String, u64), Value> {
    let key = |card: &Value| {
        let word = |value: &Value| value.as_str().expect("a text").to_owned();
        let subject = &card["subject"];
        let revision = card["revision"].as_u64().expect("a number");
        (word(&subject["clinician"]), word(&subject["practice"]), word(&card["period"]["month"]), revision)
    };
    let without_sums = |mut card: Value| {
        // Old events have signs of their pseudonyms, so signed sums and the fingerprint of all sums differ.
        assert!(card["quality"].as_object_mut().expect("an object").remove("month_sums").is_some());
        card
    };
    cards.into_iter().map(|card| (key(&card), without_sums(card))).collect()
}

/// The sums of a row without the signed ones.
fn unsigned(row: &Value) -> Value {
    let mut sums = row["sums"].clone();
    for measure in sums.as_object_mut().expect("a row has sums").values_mut() {
        measure.as_object_mut().expect("an object").retain(|name, _| !name.ends_with("_signed"));
    }
    sums
}

/// The newest sums of every row, without the fields that name a place in a log.
fn rows(records: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    let mut newest = BTreeMap::new();
    for mut row in records {
        let Some(fields) = row.as_object_mut() else { continue };
        fields.remove("partition");
        fields.remove("position");
        let key = ["feed", "clinician", "practice", "month"].map(|part| row[part].to_string()).join("|");
        newest.insert(key, row);
    }
    newest
}

#[test]
fn an_older_format_is_refused_with_the_command_that_migrates_it() {
    let place = place();
    let commands: [&[&str]; 4] = [
        &["run", "--listen", "127.0.0.1:0"],
        &["card", "dr-lee"],
        &["explain", "dr-lee", "2026-01", "dna_rate"],
        &["rejects", "retry"],
    ];
    for command in commands {
        let (shown, said) = ended(&place, &[command, &["--data", "data"]].concat(), 78);
        assert!(shown.is_empty());
        assert!(said.contains("`plumbline migrate data NEW`") && said.contains("format 1"), "{command:?}: {said}");
        assert!(said.contains("does not read rows, cards and groups"), "{said}");
    }
    assert_eq!(records(&place, "registry", "data")[0]["value"]["format"], 1, "events and registry can be looked at");
}

#[test]
fn a_newer_format_is_refused_with_its_number() {
    let place = Place::new();
    let mut log = LocalLog::open(&place.path("data/log"), Clock::System, Durability::Buffered).unwrap();
    let genesis = Genesis {
        format: 9,
        partitions: 1,
        zone: "Europe/London".to_owned(),
        grid_period_seconds: 86_400,
        grid_offset_seconds: 10_800,
        first: Timestamp(0),
        permanent_key: String::new(),
        patient_keys: Vec::new(),
    };
    log.append(Topic::Registry, 0, "genesis", &Record::Genesis(genesis)).unwrap();
    log.flush().unwrap();
    drop(log);
    for command in [&["card", "dr-lee", "--data", "data"][..], &["migrate", "data", "new"]] {
        let (_, said) = ended(&place, command, 78);
        assert!(said.contains("format 9") && said.contains("or a later one"), "{said}");
    }
    assert!(!place.path("new").exists());
}

#[test]
fn a_migrated_log_has_the_sums_and_cards_of_a_replay_of_its_events() {
    let place = place();
    let (_, said) = ended(&place, &["migrate", "data", "new"], 0);
    assert!(said.starts_with("copied 50 events, 9 registry entries; computed 86 cuts and 9 cards"), "{said}");
    assert!(said.contains("Set the data folder of the service to new"), "{said}");
    ended(&place, &["replay", "events.ndjson", "--registry", "registry.ndjson", "--partitions", "2", "--out", "out"], 0);

    let value = |record: Value| record["value"].clone();
    let migrated = revisions(records(&place, "scorecard-revisions", "new").into_iter().map(value));
    let replayed = revisions(place.lines("out/scorecards.ndjson"));
    assert_eq!(migrated.keys().collect::<Vec<_>>(), replayed.keys().collect::<Vec<_>>());
    assert_eq!(migrated.len(), 21, "9 first, 9 final; a late and an amended event; a retraction restates one card");
    for (key, card) in &migrated {
        assert_eq!(card, &replayed[key], "{key:?}");
    }
    let of_rows = records(&place, "clinician-months", "new").into_iter().filter(|record| record["schema"] != "mark").map(value);
    let (migrated, replayed) = (rows(of_rows), rows(place.lines("out/clinician-months.ndjson")));
    assert_eq!(migrated.len(), replayed.len());
    for (key, row) in &replayed {
        assert_eq!(unsigned(&migrated[key]), unsigned(row), "{key}");
    }
}

#[test]
fn events_and_registry_keep_offsets_and_append_times_and_the_old_folder_stays() {
    let place = place();
    let place_of = |record: &Value| ["partition", "offset", "appended", "key", "value"].map(|part| record[part].clone());
    let of = |topic, data| records(&place, topic, data).iter().map(place_of).collect::<Vec<_>>();
    let (events, registry) = (of("events", "data"), of("registry", "data"));
    ended(&place, &["migrate", "data", "new"], 0);
    let (new_events, new_registry) = (of("events", "new"), of("registry", "new"));
    assert_eq!(new_events.len(), events.len());
    for (new, old) in new_events.iter().zip(&events) {
        // Batches of a newer schema may show more fields, and never another place or time.
        assert_eq!(new[..4], old[..4]);
    }
    assert_eq!(new_registry[1..].len(), registry[1..].len());
    for (new, old) in new_registry.iter().zip(&registry) {
        assert_eq!(new[..4], old[..4]);
    }
    let genesis = |registry: &[[Value; 5]]| registry[0][4].clone();
    let mut old = genesis(&registry);
    old["format"] = stream::deployment::FORMAT.into();
    assert_eq!(genesis(&new_registry), old, "zone, grid, first instant, partitions and keys are the old ones");
    assert_eq!(fs::read(place.path("new/keys.toml")).unwrap(), fs::read(place.path("data/keys.toml")).unwrap());
    assert_eq!(place.bytes("new/refused"), place.bytes("data/refused"));
    assert_eq!(of("events", "data"), events);
}

#[test]
fn a_service_starts_on_a_migrated_folder_and_explains_its_cards() {
    let place = place();
    ended(&place, &["migrate", "data", "new"], 0);
    let (card, note) = ended(&place, &["card", "G7012345", "--data", "new", "--month", "2026-01"], 0);
    assert!(card.contains("dr-lee, gp, practice A81001, 2026-01") && note.contains("is an alias of dr-lee"), "{card}");
    ended(&place, &["explain", "G7012345", "2026-01", "telephone_share", "--practice", "A81001", "--data", "new"], 0);
    place.put("plumbline.toml", "partitions = 2\n");
    let mut command = command(&place.path("new"));
    // The months of the folder are long over.
    command.arg("--accept-clock");
    let mut server = Server::start(command);
    server.drain();
    server.until("/v1/scorecards/dr-lee?month=2026-01", |answered| answered.status == 200);
}

#[test]
fn the_folder_of_a_replay_migrates_to_the_same_files() {
    let place = Place::new();
    let events = [
        encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"),
        encounter("e2", "2026-01-16T09:00:00Z", "2026-04-20T09:00:00Z"),
    ];
    place.put("surgery/events.ndjson", events.join("\n"));
    ended(&place, &["replay", "surgery", "--out", "out"], 0);
    let (_, said) = ended(&place, &["migrate", "out", "again"], 0);
    assert!(said.contains("copied 2 events") && said.contains("--data again"), "{said}");
    assert!(said.contains("0 differ in a number, 0 only in peers"), "{said}");
    for file in ["scorecards.ndjson", "clinician-months.ndjson", "peer-groups.ndjson", "rejects.ndjson", "runs.ndjson"] {
        assert_eq!(place.bytes("again")[file], place.bytes("out")[file], "{file}");
    }
    ended(&place, &["explain", "7012345", "2026-01", "telephone_share", "--data", "again"], 0);
}

#[test]
fn a_folder_that_is_not_empty_is_never_migrated_into() {
    let place = place();
    place.put("thesis/chapter.txt", "mine");
    place.put("surgery/events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"));
    ended(&place, &["replay", "surgery", "--out", "out"], 0);
    let before = (place.bytes("out"), place.bytes("data"));
    for (old, new, named) in
        [("data", "thesis", "chapter.txt"), ("data", "data", "keys.toml"), ("data", "out", "result"), ("out", "out", "result")]
    {
        let (_, said) = ended(&place, &["migrate", old, new], 1);
        assert!(said.contains(named) && said.contains("name an empty or a new folder"), "{old} {new}: {said}");
    }
    assert_eq!((place.bytes("out"), place.bytes("data")), before);
    assert_eq!(place.bytes("thesis").len(), 1);
    let (_, said) = ended(&place, &["migrate", "thesis", "new"], 1);
    assert!(said.contains("has no log") && !place.path("new").exists(), "{said}");
}

#[test]
fn an_interrupted_migration_leaves_nothing_and_can_be_repeated() {
    let place = place();
    let [old, new] = ["data", "new"].map(|name| place.path(name).display().to_string());
    let CliCommand::Migrate(args) = Cli::try_parse_from(["plumbline", "migrate", &old, &new]).expect("it is known").command
    else {
        unreachable!("it says migrate")
    };
    let config = ConfigSources { flags: vec![("data", "OLD", old)], ..ConfigSources::default() };
    let config = config_file::read(&config).expect("defaults are sound");
    let interrupt = Interrupt::default();
    interrupt.ask();
    let error = migrate(&args, &config, &interrupt).unwrap_err();
    assert_eq!(error.downcast_ref::<CleanStop>(), Some(&CleanStop));
    assert_eq!(place.bytes("new").into_keys().collect::<Vec<_>>(), [".plumbline"]);
    assert!(!place.path("new/log").exists());
    let (_, said) = ended(&place, &["card", "dr-lee", "--data", "new"], 1);
    assert!(said.contains("new is unfinished") && said.contains("migrate"), "{said}");
    migrate(&args, &config, &Interrupt::default()).expect("nothing in the way");
    ended(&place, &["card", "dr-lee", "--data", "new"], 0);
    assert!(!place.path("new/.plumbline").exists());
}

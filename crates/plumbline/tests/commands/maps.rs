//! `map`: the shipped maps with their examples, and folders of tables that do not fit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::registry::registry_file::parse_registry;

use crate::support::{Place, now};

fn maps() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps")
}

fn plumbline(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(args)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "200")
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// The outcomes of the intake of these events, by word.
fn decoded(events: &str) -> BTreeMap<String, u64> {
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let position = Position { source: "maps".to_owned(), partition: 0, offset: 0, index: None };
    let feed = Some(std::sync::Arc::new(Feed::undeclared("maps")));
    let context = Context { position: &position, feed, received_at: now(), now: now() };
    let mut found = BTreeMap::new();
    decoder.decode(events.as_bytes(), &context, &mut |item| {
        let word = match item {
            Item::Event(_, event) => format!("{:?}", event.action).to_lowercase(),
            Item::Reject(reject) => format!("{}: {}", reject.reason, reject.detail),
            other => format!("{other:?}"),
        };
        *found.entry(word).or_default() += 1;
    });
    found
}

#[test]
fn every_shipped_map_passes_its_examples_and_maps_its_example_set() {
    // Counted by hand in the files of each example set: records, retractions among the events, and registry entries.
    let expected = BTreeMap::from([
        ("emis", (6, 1, 5)),
        ("tpp", (4, 1, 3)),
        ("omop", (2, 0, 3)),
        ("epact2", (2, 0, 0)),
        ("friends-and-family", (1, 0, 0)),
    ]);
    let mut shipped: Vec<String> = std::fs::read_dir(maps())
        .expect("the folder of maps")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    shipped.sort();
    let mut known: Vec<&str> = expected.keys().copied().collect();
    known.sort_unstable();
    assert_eq!(shipped, known);
    for (name, (events, retracted, entries)) in expected {
        let file = maps().join(format!("{name}.toml")).display().to_string();
        let checked = plumbline(&["map", "check", &file]);
        assert_eq!(checked.status.code(), Some(0), "{name}: {}", text(&checked.stderr));
        assert!(!text(&checked.stderr).contains("without an example"), "{name}: {}", text(&checked.stderr));
        let place = Place::new();
        let registry = place.path("registry.ndjson").display().to_string();
        let folder = maps().join("examples").join(name).display().to_string();
        let made = plumbline(&["map", &file, &folder, "--registry-out", &registry, "--feed", "shipped"]);
        assert_eq!(made.status.code(), Some(0), "{name}: {}", text(&made.stderr));
        let found = decoded(&text(&made.stdout));
        let all = BTreeMap::from([("record".to_owned(), events - retracted), ("retract".to_owned(), retracted)]);
        let all: BTreeMap<String, u64> = all.into_iter().filter(|(_, count)| *count > 0).collect();
        // A retraction of a source without versions counts in a feed that is versioned by arrival.
        let found: BTreeMap<String, u64> = found
            .into_iter()
            .map(|(word, count)| if word.starts_with("missing_version") { ("retract".to_owned(), count) } else { (word, count) })
            .collect();
        assert_eq!(found, all, "{name}:\n{}", text(&made.stdout));
        let registry = std::fs::read_to_string(&registry).expect("the registry file");
        assert_eq!(registry.lines().count(), entries, "{name}: {registry}");
        if entries > 0 {
            parse_registry(&registry).unwrap_or_else(|mistakes| panic!("{name}: {mistakes:?}"));
        }
    }
}

#[test]
fn a_replay_of_mapped_tables_publishes_cards_with_the_roles_of_the_map() {
    let place = Place::new();
    let map = maps().join("emis.toml").display().to_string();
    let folder = maps().join("examples/emis").display().to_string();
    let out = place.path("out").display().to_string();
    let done = plumbline(&["replay", &folder, "--map", &map, "--out", &out]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let cards = place.lines("out/scorecards.ndjson");
    let doctor = cards.iter().find(|card| card["subject"]["clinician"] == "emis|U1").expect("a card of the doctor");
    assert_eq!(doctor["subject"]["practice"], "A81001", "{doctor}");
    assert!(doctor.to_string().contains("\"gp\""), "{doctor}");
    let talk = text(&done.stderr);
    assert!(talk.contains("slots: 4 rows, 2 records (1 of them retractions), 2 skipped, 0 faulty"), "{talk}");
    // Drug record D9 is in no file.
    assert!(talk.contains("look-up drug_record: 1 key not found") && talk.contains("D9"), "{talk}");
}

const MAP: &str = r#"
map = 1
name = "test"
[lookups.drug]
file = "drugs.csv"
key = "code"
columns = ["bnf"]
[[tables]]
name = "issues"
file = "issues.csv"
gives = "prescription"
[tables.fields]
id = "id"
occurred_at = { date = "date", form = "DD/MM/YYYY" }
clinician = { system = { value = "gmc" }, value = "doctor" }
patient = "patient > drug.bnf"
prescription = { code = "drug > drug.bnf", code_system = { value = "bnf" }, quantity = { from = "quantity", decimal = "," } }
"#;

#[test]
fn faulty_rows_and_missed_keys_are_counted_without_a_value_and_end_with_65() {
    let place = Place::new();
    let map = place.put("map.toml", MAP).display().to_string();
    place.put("in/drugs.csv", "code,bnf\n007,0501013B0AAABAB\n");
    place.put(
        "in/issues.csv",
        "id,date,doctor,patient,drug,quantity\r\n\
         1,05/10/2026,7012345,, 007 ,\"1,5\"\r\n\
         2,31/02/2026,7012345,,007,1\r\n\
         3,05/10/2026,7012345,9434765919,7,1\r\n\
         4,05/10/2026,7012345\r\n\
         5,05/10/2026,,,007,1.5\r\n\
         9434765919,05/10/2026,7012345,,007,1.5\r\n",
    );
    let done = plumbline(&["map", &map, &place.path("in").display().to_string()]);
    assert_eq!(done.status.code(), Some(65), "{}", text(&done.stderr));
    let events: Vec<serde_json::Value> =
        text(&done.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!((&events[0]["id"], &events[0]["prescription"]["quantity"]), (&"1".into(), &1.5.into()));
    // A number with the wrong decimal mark is unknown, not 15.
    assert_eq!((&events[1]["id"], events[1]["prescription"].get("quantity")), (&"9434765919".into(), None));
    let talk = text(&done.stderr);
    for words in [
        "issues: 6 rows, 2 records, 0 skipped, 4 faulty",
        "issues: column date is no date or time of the form DD/MM/YYYY; first at issues.csv:3",
        "issues: prescription.code has no value; first at issues.csv:4",
        "issues: a row has 3 cells, and the header 6; first at issues.csv:5",
        "issues: clinician.value has no value; first at issues.csv:6",
        "issues: column quantity is no number with the decimal mark ',', so prescription.quantity is absent; first at issues.csv:7",
        "4 of 6 are faulty",
    ] {
        assert!(talk.contains(words), "{words} is missing in\n{talk}");
    }
    // A look-up that leads to the patient shows no key, in no field.
    assert!(
        talk.contains("look-up drug: 2 keys not found\n          2  others")
            && !talk.contains("9434765919")
            && !talk.contains("31/02"),
        "{talk}"
    );
    // The log never holds the number that an id repeats.
    let decoded = decoded(&text(&done.stdout));
    assert_eq!(decoded, BTreeMap::from([("record".to_owned(), 2)]));
}

#[test]
fn a_map_with_mistakes_names_all_of_them_and_ends_with_78() {
    let place = Place::new();
    let wrong = MAP
        .replace("file = \"issues.csv\"", "file = \"../issues.csv\"")
        .replace("quantity = { from", "quantiy = { from")
        .replace("drug > drug.bnf", "drug > drugs.bnf")
        .replace("form = \"DD/MM/YYYY\"", "form = \"dd/mm/yyyy\"");
    let map = place.put("map.toml", wrong).display().to_string();
    let done = plumbline(&["map", "check", &map]);
    assert_eq!(done.status.code(), Some(78));
    let talk = text(&done.stderr);
    for words in
        ["leads out of the folder", "did you mean \"prescription.quantity\"?", "there is no look-up \"drugs\"", "is no form"]
    {
        assert!(talk.contains(words), "{words} is missing in\n{talk}");
    }
    let map = place
        .put("failing.toml", format!("{MAP}\n[[examples]]\ntable = \"issues\"\nrow = {{ id = \"1\" }}\ngives = \"skipped\"\n"));
    let done = plumbline(&["map", "check", &map.display().to_string()]);
    assert!(
        done.status.code() == Some(78) && text(&done.stderr).contains("clinician.value has no value"),
        "{}",
        text(&done.stderr)
    );
}

#[test]
fn a_folder_that_does_not_fit_is_refused_before_the_first_event() {
    let place = Place::new();
    let map = place.put("map.toml", MAP).display().to_string();
    let folder = place.path("in").display().to_string();
    place.put("in/drugs.csv", "code;bnf\n");
    let refused = |words: &str| {
        let done = plumbline(&["map", &map, &folder]);
        assert!(done.status.code() == Some(1) && done.stdout.is_empty(), "{done:?}");
        assert!(text(&done.stderr).contains(words), "{words} is missing in\n{}", text(&done.stderr));
    };
    refused("issues.csv: no file of this name is in the folder");
    place.put("in/issues.csv", "id,dates,doctor,patient,drug,quantity\n");
    refused("issues.csv:1: the header has no such column: there is no column \"date\"; did you mean \"dates\"?");
    place.put("in/issues.csv", "id,date,doctor,patient,drug,quantity\n");
    refused("drugs.csv:1: the header has no column \"code\"; it has only one, so check separator in the map");
    place.put("in/drugs.csv", "\u{feff}code,bnf\n");
    let done = plumbline(&["map", &map, &folder]);
    assert!(done.status.code() == Some(0) && done.stdout.is_empty(), "{done:?}");
}

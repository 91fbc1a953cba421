//! A released schema never changes, every version can read every other, and today's code decodes the data of each.
//!
//! `schemas/released/NUMBER-NAME.avsc` holds the schema of a number, `SHA256SUMS` the fingerprints of those files. After a change of
//! `schemas/NAME.avsc`, `PLUMBLINE_WRITE_RELEASE=1 cargo test -p codec --test promises the_newest_released` gives the new schema a
//! number: it writes the released file, its line in `SHA256SUMS`, the list in the code and the fixture.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use codec::avro::contract::Contract;
use codec::avro::encoding::{FIRST_ID, Form, encode};
use codec::avro::known_schema::KnownSchema;
use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use scorecard::record::item::{Feed, Item};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::contract::frame;
use crate::decoding::{decode, event};
use crate::fixtures::{path, unhex};
use crate::samples;

fn released_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/released"))
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The number and name of every released schema.
fn names() -> impl Iterator<Item = (u32, String)> {
    let files = std::fs::read_dir(released_folder()).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let schemas = files.filter(|path| path.extension().is_some_and(|extension| extension == "avsc"));
    schemas.map(|path| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name in ASCII").to_owned();
        let (number, name) = stem.split_once('-').unwrap_or_else(|| panic!("{stem} is not NUMBER-NAME"));
        (number.parse().unwrap_or_else(|_| panic!("{stem} does not begin with a number")), name.to_owned())
    })
}

/// Every released schema by its number.
fn released() -> BTreeMap<u32, String> {
    names().map(|(number, name)| (number, read(released_folder().join(format!("{number}-{name}.avsc"))))).collect()
}

fn sum(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A schema without its docs and units, which may change later.
fn without_words(mut schema: Json) -> Json {
    match &mut schema {
        Json::Array(items) => items.iter_mut().for_each(|item| *item = without_words(item.take())),
        Json::Object(object) => {
            object.remove("doc");
            object.remove("unit");
            object.values_mut().for_each(|value| *value = without_words(value.take()));
        }
        _ => {}
    }
    schema
}

/// Whether all data of each of two schemas can be read with the other.
fn fully_compatible(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|text| Schema::parse_str(text).expect("a schema"));
    SchemaCompatibility::mutual_read(&one, &other).is_ok_and(|found| found == Compatibility::Full)
}

#[test]
fn a_released_schema_file_is_never_changed() {
    let sums = read(released_folder().join("SHA256SUMS"));
    let mut listed = BTreeSet::new();
    for line in sums.lines() {
        let (sum, file) = line.split_once("  ").expect("a line of sha256sum");
        let found = self::sum(&read(released_folder().join(file)));
        assert_eq!(found, sum, "{file} was released and must not change; give the changed schema a new number and file");
        listed.insert(file.split_once('-').expect("NUMBER-NAME").0.parse().expect("a number"));
    }
    assert_eq!(listed, released().into_keys().collect(), "SHA256SUMS lists every released file: sha256sum *.avsc > SHA256SUMS");
}

/// Numbers of Plumbline's own records; the input contract has those from 33 on.
const LAST_RECORD: u32 = 32;

#[test]
fn the_newest_released_schema_of_a_record_is_that_of_the_code() {
    let mut released = released();
    let same = |one: &str, other: &str| {
        let [one, other] = [one, other].map(|text| without_words(serde_json::from_str(text).expect("JSON")));
        one == other
    };
    let newest = |form: &Form| released.get(&(form.id() - FIRST_ID)).is_some_and(|text| same(text, form.schema()));
    let changed: Vec<Form> = Form::ALL.into_iter().filter(|form| !newest(form)).collect();
    if std::env::var_os("PLUMBLINE_WRITE_RELEASE").is_some() {
        changed.into_iter().for_each(|form| release(form, &mut released));
        return;
    }
    assert_eq!(
        changed,
        [],
        "these schemas differ from the released ones; if they should, run \
         PLUMBLINE_WRITE_RELEASE=1 cargo test -p codec --test promises the_newest_released"
    );
    let known: BTreeMap<u32, &str> = KnownSchema::all().map(|known| (known.id() - FIRST_ID, known.text())).collect();
    assert_eq!(known.keys().collect::<Vec<_>>(), released.keys().collect::<Vec<_>>());
    for (number, text) in known {
        assert!(same(text, &released[&number]), "schema {number} is not the released one; give the changed schema a new number");
    }
}

/// Gives the schema of a record the next number: its released file, the fingerprints, the list in the code, and a fixture.
fn release(form: Form, released: &mut BTreeMap<u32, String>) {
    let number = released.keys().filter(|number| **number <= LAST_RECORD).max().expect("schemas were released") + 1;
    assert!(number <= LAST_RECORD, "the numbers up to {LAST_RECORD} are used up");
    released.insert(number, form.schema().to_owned());
    write(&released_folder().join(format!("{number}-{}.avsc", form.name())), form.schema());
    let names: BTreeMap<u32, String> = names().collect();
    let sum = |(number, name): (&u32, &String)| format!("{}  {number}-{name}.avsc\n", sum(&released[number]));
    write(&released_folder().join("SHA256SUMS"), &names.iter().map(sum).collect::<String>());
    let list = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/avro/released_list.rs"));
    let text = read(list.clone());
    let (head, _) = text.split_once("    (1, ").expect("the list begins with number 1");
    let line = |(number, name): (&u32, &String)| {
        format!("    ({number}, \"{name}\", include_str!(\"../../../../schemas/released/{number}-{name}.avsc\")),\n")
    };
    let lines: String = names.iter().filter(|(number, _)| **number <= LAST_RECORD).map(line).collect();
    write(&list, &format!("{head}{lines}];\n"));
    let sample =
        samples::records().into_iter().find(|record| Form::of_record(record) == Some(form)).expect("every form has a sample");
    let mut bytes = Vec::new();
    encode(&sample, &mut bytes).expect("the samples can be written");
    bytes[1..5].copy_from_slice(&(FIRST_ID + number).to_be_bytes());
    write(&path(number, form.name()), &hex(&bytes));
}

/// Bytes as lines of hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.chunks(60).map(|line| line.concat() + "\n").collect()
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

#[test]
fn every_released_version_of_a_record_reads_every_other() {
    let mut versions: BTreeMap<String, Vec<(u32, String)>> = BTreeMap::new();
    for (number, text) in released() {
        let Ok(Schema::Record(record)) = Schema::parse_str(&text) else { panic!("schema {number} is no record's") };
        versions.entry(record.name.fullname(None)).or_default().push((number, text));
    }
    for (name, versions) in versions {
        for (one, text) in &versions {
            for (other, other_text) in &versions {
                assert!(fully_compatible(text, other_text), "{name}: versions {one} and {other} are not FULL_TRANSITIVE");
            }
        }
    }
}

#[test]
fn a_change_that_breaks_readers_is_not_fully_compatible() {
    let base = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"long"},
        {"name":"e","type":{"type":"enum","name":"E","symbols":["x","y"],"default":"y"}}]}"#;
    let edit = |from: &str, to: &str| {
        let edited = base.replace(from, to);
        assert_ne!(edited, base, "the edit hits");
        fully_compatible(base, &edited)
    };
    assert!(edit(
        r#"{"name":"a","type":"long"}"#,
        r#"{"name":"a","type":"long"},{"name":"b","type":["null","long"],"default":null}"#
    ));
    assert!(edit(r#"["x","y"]"#, r#"["x","y","z"]"#));
    assert!(!edit(r#"{"name":"a","type":"long"}"#, r#"{"name":"a","type":"long"},{"name":"b","type":"long"}"#));
    assert!(!edit(r#"{"name":"a","type":"long"},"#, ""));
    assert!(!edit("\"long\"", "\"string\""));
    assert!(!edit("\"long\"", "\"int\""));
    assert!(!edit(r#"{"name":"a","type":"long"}"#, r#"{"name":"a","type":["null","long"],"default":null}"#));
}

/// `fixtures.rs` does the same for the records of our own topics.
#[test]
fn todays_code_opens_a_datum_of_every_released_schema_of_the_input_contract() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"));
    let decoder = RecordDecoder::new(DecoderConfig::default());
    for (contract, name) in [
        (Contract::FirstEncounterEvent, "v1/encounter-event"),
        (Contract::FirstPrescriptionEvent, "v1/prescription-event"),
        (Contract::FirstFeedbackEvent, "v1/feedback-event"),
        (Contract::FirstOrderEvent, "v1/order-event"),
        (Contract::EncounterEvent, "37-encounter-event"),
        (Contract::PrescriptionEvent, "38-prescription-event"),
        (Contract::FeedbackEvent, "39-feedback-event"),
        (Contract::OrderEvent, "40-order-event"),
        (Contract::ObservationEvent, "41-observation-event"),
    ] {
        let json = read(folder.join(format!("{name}.json")));
        let file = folder.join(format!("{name}.avro.hex"));
        if std::env::var_os("PLUMBLINE_WRITE_RELEASE").is_some() && !file.exists() {
            write(&file, &hex(&frame(contract, &json)));
        }
        let bytes = unhex(&read(file));
        let expected = event(&json);
        match decode(&decoder, Some(&Feed::undeclared("source")), &bytes).as_slice() {
            [Item::Event(feed, event)] => assert_eq!((&*feed.name, event), ("a81001-emis", &expected), "{contract:?}"),
            other => panic!("{contract:?}: {other:?}"),
        }
    }
}

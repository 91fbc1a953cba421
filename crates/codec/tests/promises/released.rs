//! A released schema stays as it is for ever, every version can read every other, and today's code opens what each wrote.
//!
//! `schemas/released/NUMBER-NAME.avsc` holds the schema that stands for a number, `SHA256SUMS` the fingerprints of those files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use codec::avro::contract::Contract;
use codec::avro::encoding::FIRST_ID;
use codec::avro::known_schema::KnownSchema;
use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use scorecard::record::item::{Feed, Item};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::decoding::{decode, event};
use crate::fixtures::unhex;

fn released_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/released"))
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every released schema by its number.
fn released() -> BTreeMap<u32, String> {
    let files = std::fs::read_dir(released_folder()).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let schemas = files.filter(|path| path.extension().is_some_and(|extension| extension == "avsc"));
    let numbered = schemas.map(|path| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name in ASCII").to_owned();
        let (number, _) = stem.split_once('-').unwrap_or_else(|| panic!("{stem} is not NUMBER-NAME"));
        (number.parse().unwrap_or_else(|_| panic!("{stem} does not begin with a number")), read(path))
    });
    numbered.collect()
}

/// A schema without what may be said better later: docs and units.
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

/// Whether data of each of two schemas can be read with the other, whatever they hold.
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
        let found: String = Sha256::digest(read(released_folder().join(file))).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, sum, "{file} was released and stays as it was; give the changed schema a new number and file");
        listed.insert(file.split_once('-').expect("NUMBER-NAME").0.parse().expect("a number"));
    }
    assert_eq!(
        listed,
        released().into_keys().collect(),
        "every released file stands in SHA256SUMS: sha256sum *.avsc > SHA256SUMS"
    );
}

#[test]
fn every_number_stands_for_the_schema_that_was_released_under_it() {
    let released = released();
    let known: BTreeMap<u32, &str> = KnownSchema::all().map(|known| (known.id() - FIRST_ID, known.text())).collect();
    assert_eq!(known.keys().collect::<Vec<_>>(), released.keys().collect::<Vec<_>>());
    for (number, text) in known {
        let [now, then] = [text, &released[&number]].map(|text| without_words(serde_json::from_str(text).expect("JSON")));
        assert_eq!(now, then, "schema {number} is no longer the released one; give the changed schema a new number");
    }
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
fn what_breaks_readers_is_not_fully_compatible() {
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

/// The records of our own topics have theirs in `fixtures.rs`.
#[test]
fn todays_code_opens_a_datum_of_every_released_schema_of_the_input_contract() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/v1"));
    let decoder = RecordDecoder::new(DecoderConfig::default());
    for (contract, name) in [
        (Contract::EncounterEvent, "encounter-event"),
        (Contract::PrescriptionEvent, "prescription-event"),
        (Contract::FeedbackEvent, "feedback-event"),
        (Contract::OrderEvent, "order-event"),
    ] {
        let bytes = unhex(&read(folder.join(format!("{name}.avro.hex"))));
        let expected = event(&read(folder.join(format!("{name}.json"))));
        match decode(&decoder, Some(&Feed::undeclared("source")), &bytes).as_slice() {
            [Item::Event(feed, event)] => assert_eq!((&*feed.name, event), ("a81001-emis", &expected), "{contract:?}"),
            other => panic!("{contract:?}: {other:?}"),
        }
    }
}

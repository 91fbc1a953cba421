//! Today's code decodes every format that was ever written. `fixtures/` holds one record for each released schema, in hexadecimal
//! digits: `v1/NAME.avro.hex` for the first version of a record, `NUMBER-NAME.avro.hex` for a later one.
//!
//! A fixture never changes. [`crate::released`] writes the fixture of a new schema.

use std::path::PathBuf;

use codec::avro::encoding::{FIRST_ID, Form, decode, encode};
use codec::avro::released_schema::ReleasedSchema;
use scorecard::record::log_record::Record;

use crate::samples;

/// The file of the record that was written with a schema of this number and name.
pub fn path(number: u32, name: &str) -> PathBuf {
    let first = Form::ALL.iter().position(|form| form.name() == name).map(|at| at + 1);
    let file = if first == usize::try_from(number).ok() { format!("v1/{name}") } else { format!("{number}-{name}") };
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).join(format!("{file}.avro.hex"))
}

fn fixture(number: u32, name: &str) -> Vec<u8> {
    let path = path(number, name);
    unhex(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The bytes that a text of hexadecimal digits names.
pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("two hexadecimal digits")).collect()
}

#[test]
fn todays_code_opens_the_fixture_of_every_released_schema() {
    for record in samples::records() {
        let form = Form::of_record(&record).expect("the samples open");
        let newest = form.id() - FIRST_ID;
        assert_eq!(decode(&fixture(newest, form.name())), record, "{form:?}, schema {newest}");
        let older = ReleasedSchema::older().filter(|released| released.name == form.name()).map(|released| released.number);
        for number in older.filter(|number| !OF_FORMAT_1.contains(number)) {
            let expected = if number == 1 { samples::first_batch() } else { samples::as_first_written(record.clone()) };
            assert_eq!(decode(&fixture(number, form.name())), expected, "{form:?}, schema {number}");
        }
    }
}

/// Numbers of the rows, cards, groups and snapshots of format 1.
const OF_FORMAT_1: [u32; 4] = [3, 9, 10, 11];

#[test]
fn what_a_log_of_format_1_computed_is_not_read_and_names_the_cure() {
    for (number, name) in OF_FORMAT_1.into_iter().zip(["clinician-month", "scorecard", "peer-group", "peer-snapshot"]) {
        let Record::Undecodable(why) = decode(&fixture(number, name)) else { panic!("schema {number} opens") };
        let cure = "which this version does not read; make a new log with `plumbline migrate OLD NEW`";
        assert_eq!(why, format!("the {name} is of a log of format 1, {cure}"));
    }
}

#[test]
fn todays_code_writes_the_bytes_of_the_newest_schema() {
    for record in samples::records() {
        let form = Form::of_record(&record).expect("the samples open");
        let mut bytes = Vec::new();
        encode(&record, &mut bytes).expect("the samples can be written");
        assert_eq!(bytes, fixture(form.id() - FIRST_ID, form.name()), "{form:?}");
    }
}

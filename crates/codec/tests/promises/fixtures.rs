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
        let older = ReleasedSchema::older().filter(|released| released.name == form.name()).map(|released| released.number);
        for number in older.chain([form.id() - FIRST_ID]).filter(|number| *number != FIRST_ROW) {
            assert_eq!(decode(&fixture(number, form.name())), record, "{form:?}, schema {number}");
        }
    }
}

/// The number of rows of format 1, which this version does not read.
const FIRST_ROW: u32 = 3;

#[test]
fn a_row_of_format_1_names_the_command_that_makes_a_new_log() {
    let fixture = fixture(FIRST_ROW, "clinician-month");
    let Record::Undecodable(why) = decode(&fixture) else { panic!("rows of format 1 are not read") };
    assert!(why.contains("format 1") && why.contains("plumbline migrate"), "{why}");
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

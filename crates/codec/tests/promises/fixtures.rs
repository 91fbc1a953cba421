//! Every format that was ever written is opened by today's code: `fixtures/v1` holds one record of each kind, in hexadecimal digits.
//! A fixture is never written over; a changed schema gets a new number, a new folder and samples of its own.

use std::path::PathBuf;

use codec::avro::encoding::{Form, decode, encode};

use crate::samples;

fn path(form: Form) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/v1")).join(format!("{}.avro.hex", form.name()))
}

fn fixture(form: Form) -> Vec<u8> {
    unhex(&std::fs::read_to_string(path(form)).expect("every form has a fixture"))
}

/// The bytes that a text of hexadecimal digits names.
pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("two hexadecimal digits")).collect()
}

#[test]
fn todays_code_opens_every_fixture_of_version_1() {
    for record in samples::records() {
        let form = Form::of_record(&record).expect("the samples open");
        assert_eq!(decode(&fixture(form)), record, "{form:?}");
    }
}

#[test]
fn todays_code_writes_the_bytes_of_version_1() {
    for record in samples::records() {
        let form = Form::of_record(&record).expect("the samples open");
        let mut bytes = Vec::new();
        encode(&record, &mut bytes).expect("the samples can be written");
        assert_eq!(bytes, fixture(form), "{form:?}");
    }
}

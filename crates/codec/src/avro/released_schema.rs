//! The schemas that were ever released, by number, and the reading of data of older versions.

use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;

use crate::avro::released_list::RELEASED;

/// The first id of our own range; the id of a released schema is this plus its number.
pub const FIRST_ID: u32 = 0x504C_0000;

/// A schema of one of Plumbline's own records, as it was released: `schemas/released/NUMBER-NAME.avsc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleasedSchema {
    /// Its number, given once.
    pub number: u32,
    /// The record's name, such as `clinician-month`.
    pub name: &'static str,
    /// The schema, JSON.
    pub text: &'static str,
}

fn all() -> impl Iterator<Item = ReleasedSchema> {
    RELEASED.iter().map(|(number, name, text)| ReleasedSchema { number: *number, name, text })
}

/// The names of the records in order of their first numbers, with the number of the newest version of each.
static RECORDS: LazyLock<Vec<(&'static str, u32)>> = LazyLock::new(|| {
    let mut records: Vec<(&str, u32)> = Vec::new();
    for released in all() {
        match records.iter_mut().find(|(name, _)| *name == released.name) {
            Some((_, newest)) => *newest = released.number,
            None => records.push((released.name, released.number)),
        }
    }
    records
});

/// The index of the record of each number, from number 0.
static INDEXES: LazyLock<Vec<Option<usize>>> = LazyLock::new(|| {
    let index = |number| {
        let released = all().find(|released| released.number == number)?;
        RECORDS.iter().position(|(name, _)| *name == released.name)
    };
    let last = all().map(|released| released.number).max().unwrap_or(0);
    (0..=last).map(index).collect()
});

/// The id of the newest version of a record's schema, by the record's index.
pub(crate) fn newest_id(record: usize) -> u32 {
    FIRST_ID + RECORDS[record].1
}

/// The index of the record that has a schema of this id.
pub(crate) fn record_of_id(id: u32) -> Option<usize> {
    let number = usize::try_from(id.checked_sub(FIRST_ID)?).ok()?;
    INDEXES.get(number).copied().flatten()
}

impl ReleasedSchema {
    /// The released schema with this id.
    #[must_use]
    pub fn of_id(id: u32) -> Option<ReleasedSchema> {
        all().find(|released| released.id() == id)
    }

    /// The schemas that a newer version of the same record replaced.
    pub fn older() -> impl Iterator<Item = ReleasedSchema> {
        all().filter(|released| record_of_id(released.id()).is_some_and(|at| newest_id(at) != released.id()))
    }

    /// The id in Confluent framing.
    #[must_use]
    pub fn id(self) -> u32 {
        FIRST_ID + self.number
    }

    /// A datum of this schema as the bytes of another version of it. New fields get their defaults.
    ///
    /// # Errors
    /// The message of Avro's library when the datum does not open.
    pub(crate) fn resolve(self, datum: &[u8], version: &str) -> Result<Vec<u8>, apache_avro::Error> {
        let [written, wanted] = [self.text, version].map(|text| Schema::parse_str(text).expect("a test parses all schemas"));
        let reader = GenericDatumReader::builder(&written).reader_schema(&wanted).build()?;
        let mut left = datum;
        let value = reader.read_value(&mut left)?;
        let mut resolved = GenericDatumWriter::builder(&wanted).build()?.write_value_to_vec(value)?;
        // Bytes that are left over stay left over: the reading of the result reports them.
        resolved.extend_from_slice(left);
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_every_one_is_found() {
        assert!(RELEASED.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for released in all() {
            assert_eq!(ReleasedSchema::of_id(released.id()), Some(released));
            assert_eq!(record_of_id(released.id()).map(|at| RECORDS[at].0), Some(released.name));
        }
        assert_eq!(record_of_id(FIRST_ID), None);
        assert_eq!(record_of_id(7), None);
    }

    #[test]
    fn a_datum_of_an_older_version_gets_the_default_of_a_newer_field() {
        let older = ReleasedSchema {
            number: 0,
            name: "r",
            text: r#"{"type":"record","name":"R","fields":[{"name":"a","type":"long"}]}"#,
        };
        let newer = r#"{"type":"record","name":"R","fields":[{"name":"b","type":["null","long"],"default":null},
            {"name":"a","type":"long"}]}"#;
        assert_eq!(older.resolve(&[10], newer).expect("a datum"), [0, 10]);
        assert_eq!(older.resolve(&[10, 3], newer).expect("a datum and a byte"), [0, 10, 3]);
        assert!(older.resolve(&[], newer).is_err());
    }
}

//! The schemas whose data this version opens, and which of them a text is that somebody else keeps: a schema registry, say.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::schema::{InnerDecimalSchema, Name, RecordSchema};

use crate::avro::contract::Contract;
use crate::avro::encoding::Form;

/// A schema whose data this version opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KnownSchema {
    /// Of a record of Plumbline's own topics.
    Record(Form),
    /// Of what practice systems send.
    Event(Contract),
}

/// Every known schema by its meaning.
static BY_MEANING: LazyLock<HashMap<String, KnownSchema>> =
    LazyLock::new(|| KnownSchema::all().map(|known| (meaning(&parsed(known)), known)).collect());

impl KnownSchema {
    /// All of them, in order of their ids.
    pub fn all() -> impl Iterator<Item = KnownSchema> {
        Form::ALL.into_iter().map(KnownSchema::Record).chain(Contract::ALL.into_iter().map(KnownSchema::Event))
    }

    /// The id in Confluent's framing where no registry gives another.
    #[must_use]
    pub fn id(self) -> u32 {
        match self {
            KnownSchema::Record(form) => form.id(),
            KnownSchema::Event(contract) => contract.id(),
        }
    }

    /// The schema that stands for one of our own ids.
    #[must_use]
    pub fn of_id(id: u32) -> Option<KnownSchema> {
        KnownSchema::all().find(|known| known.id() == id)
    }

    /// The text of the schema, JSON.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            KnownSchema::Record(form) => form.schema(),
            KnownSchema::Event(contract) => contract.schema(),
        }
    }

    /// The full name of its record, such as `plumbline.v1.Batch`.
    #[must_use]
    pub fn record_name(self) -> String {
        match parsed(self) {
            Schema::Record(record) => full_name(&record.name),
            _ => unreachable!("every schema of ours is a record's, a test reads them all"),
        }
    }

    /// Which of the known schemas a text says; none when it says another one, or is no Avro schema at all.
    ///
    /// Two texts say the same when their data are the same bytes with the same meaning: Avro's parsing canonical form with the
    /// logical types in it, for milliseconds are not to be read as microseconds. Docs, aliases and defaults do not count.
    #[must_use]
    pub fn of_text(text: &str) -> Option<KnownSchema> {
        let schema = Schema::parse_str(text).ok()?;
        BY_MEANING.get(&meaning(&schema)).copied()
    }
}

fn parsed(known: KnownSchema) -> Schema {
    Schema::parse_str(known.text()).expect("schemas/ holds schemas, a test reads them all")
}

fn full_name(name: &Name) -> String {
    name.fullname(None)
}

/// What the bytes of a schema's data are and mean.
fn meaning(schema: &Schema) -> String {
    let mut text = String::new();
    write_meaning(schema, &mut text).expect("a String takes everything");
    text
}

fn write_meaning(schema: &Schema, to: &mut String) -> std::fmt::Result {
    match schema {
        Schema::Record(record) => write_record(record, to),
        Schema::Enum(schema) => write!(to, "enum {} {:?}", full_name(&schema.name), schema.symbols),
        Schema::Fixed(schema) => write!(to, "fixed {} {}", full_name(&schema.name), schema.size),
        Schema::Duration(schema) => write!(to, "duration {} {}", full_name(&schema.name), schema.size),
        Schema::Ref { name } => write!(to, "ref {}", full_name(name)),
        Schema::Array(array) => {
            to.push_str("array of ");
            write_meaning(&array.items, to)
        }
        Schema::Map(map) => {
            to.push_str("map of ");
            write_meaning(&map.types, to)
        }
        Schema::Union(union) => {
            to.push('[');
            for variant in union.variants() {
                write_meaning(variant, to)?;
                to.push(',');
            }
            to.push(']');
            Ok(())
        }
        Schema::Decimal(decimal) => {
            write!(to, "decimal {} {} in ", decimal.precision, decimal.scale)?;
            match &decimal.inner {
                InnerDecimalSchema::Bytes => write!(to, "bytes"),
                InnerDecimalSchema::Fixed(schema) => write!(to, "fixed {} {}", full_name(&schema.name), schema.size),
            }
        }
        // What is left has no parts: its name in the library is its meaning.
        other => write!(to, "{other:?}"),
    }
}

fn write_record(record: &RecordSchema, to: &mut String) -> std::fmt::Result {
    write!(to, "record {} {{", full_name(&record.name))?;
    for field in &record.fields {
        write!(to, "{:?}: ", field.name)?;
        write_meaning(&field.schema, to)?;
        to.push(';');
    }
    to.push('}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_schema_is_found_by_its_text_and_by_its_id() {
        for known in KnownSchema::all() {
            assert_eq!(KnownSchema::of_text(known.text()), Some(known));
            assert_eq!(KnownSchema::of_id(known.id()), Some(known));
        }
        assert_eq!(KnownSchema::of_id(1), None);
    }

    #[test]
    fn record_names_are_full() {
        assert_eq!(KnownSchema::Record(Form::ClinicianMonth).record_name(), "plumbline.v1.ClinicianMonth");
        assert_eq!(KnownSchema::Event(Contract::OrderEvent).record_name(), "plumbline.v1.OrderEvent");
    }

    /// What Java's tools and a registry make of a schema: other white space, order of keys, docs, and attributes of their own.
    #[test]
    fn a_schema_that_was_written_anew_by_other_tools_is_found() {
        let text = r#"{"fields":[{"default":0,"type":{"logicalType":"timestamp-millis","type":"long"},"name":"at","doc":"other"}],
            "name":"plumbline.v1.Tick","aliases":["Old"],"connect.version":2,"type":"record"}"#;
        assert_eq!(KnownSchema::of_text(text), Some(KnownSchema::Record(Form::Tick)));
        let java = Form::Role.schema().replace("\"string\"", r#"{"type":"string","avro.java.string":"String"}"#);
        assert_ne!(java, Form::Role.schema());
        assert_eq!(KnownSchema::of_text(&java), Some(KnownSchema::Record(Form::Role)));
    }

    #[test]
    fn what_means_something_else_is_not_found() {
        let tick = Form::Tick.schema();
        let prescription = Contract::PrescriptionEvent.schema();
        for (text, other) in [
            (tick, tick.replace("timestamp-millis", "timestamp-micros")),
            (tick, tick.replace("\"at\"", "\"cut\"")),
            (tick, tick.replace("plumbline.v1", "elsewhere")),
            (tick, tick.replace(r#""type": "long""#, r#""type": "int""#)),
            (prescription, prescription.replace("\"scale\": 3", "\"scale\": 2")),
            (prescription, prescription.replace(r#""record", "retract""#, r#""retract", "record""#)),
        ] {
            assert_ne!(text, other, "the edit hits");
            assert_eq!(KnownSchema::of_text(&other), None, "{other}");
        }
        for text in ["", "{", "\"string\"", r#"{"type":"record"}"#] {
            assert_eq!(KnownSchema::of_text(text), None, "{text}");
        }
    }
}

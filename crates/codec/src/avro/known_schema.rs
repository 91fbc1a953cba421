//! The schemas whose data this version decodes, and the recognition of a schema text from elsewhere, such as a schema registry.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::schema::{InnerDecimalSchema, Name, RecordSchema};

use crate::avro::contract::Contract;
use crate::avro::encoding::Form;
use crate::avro::released_schema::ReleasedSchema;

/// A schema whose data this version decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KnownSchema {
    /// The newest schema of a record of Plumbline's own topics.
    Record(Form),
    /// An older schema of such a record, by its id.
    Older(u32),
    /// A schema of the input contract, which practice systems write with.
    Event(Contract),
}

/// Every known schema by its meaning.
static BY_MEANING: LazyLock<HashMap<String, KnownSchema>> =
    LazyLock::new(|| KnownSchema::all().map(|known| (meaning(&parsed(known)), known)).collect());

impl KnownSchema {
    /// All of them: the newest of each record, older ones, the input contract's.
    pub fn all() -> impl Iterator<Item = KnownSchema> {
        let older = ReleasedSchema::older().map(|released| KnownSchema::Older(released.id()));
        Form::ALL.into_iter().map(KnownSchema::Record).chain(older).chain(Contract::ALL.into_iter().map(KnownSchema::Event))
    }

    /// The id in Confluent framing, unless a schema registry gives another.
    #[must_use]
    pub fn id(self) -> u32 {
        match self {
            KnownSchema::Record(form) => form.id(),
            KnownSchema::Older(id) => id,
            KnownSchema::Event(contract) => contract.id(),
        }
    }

    /// The schema of one of our own ids.
    #[must_use]
    pub fn of_id(id: u32) -> Option<KnownSchema> {
        KnownSchema::all().find(|known| known.id() == id)
    }

    /// The text of the schema, JSON.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            KnownSchema::Record(form) => form.schema(),
            KnownSchema::Older(id) => ReleasedSchema::of_id(id).expect("older schemas are made from the list").text,
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

    /// The known schema that a text describes; `None` for any other schema and for text that is not Avro.
    ///
    /// Two texts describe the same schema when their data are the same bytes with the same meaning. The comparison is Avro's
    /// parsing canonical form plus the logical types, so that milliseconds are never read as microseconds. Docs, aliases and
    /// defaults do not count.
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

/// The layout and meaning of a schema's data, as text to compare.
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
        // The other types have no parts: the name in the library is the meaning.
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
        assert_eq!(KnownSchema::Record(Form::ClinicianMonth).record_name(), "plumbline.v2.ClinicianMonth");
        assert_eq!(KnownSchema::Event(Contract::OrderEvent).record_name(), "plumbline.v1.OrderEvent");
        assert_eq!(KnownSchema::Event(Contract::PrescriptionEvent).record_name(), "plumbline.v2.PrescriptionEvent");
    }

    /// Java's tools and registries change white space, the order of keys and docs, and add attributes.
    #[test]
    fn a_schema_that_other_tools_rewrote_is_found() {
        let text = r#"{"fields":[{"default":0,"type":{"logicalType":"timestamp-millis","type":"long"},"name":"at","doc":"other"}],
            "name":"plumbline.v1.Tick","aliases":["Old"],"connect.version":2,"type":"record"}"#;
        assert_eq!(KnownSchema::of_text(text), Some(KnownSchema::Record(Form::Tick)));
        let java = Form::Role.schema().replace("\"string\"", r#"{"type":"string","avro.java.string":"String"}"#);
        assert_ne!(java, Form::Role.schema());
        assert_eq!(KnownSchema::of_text(&java), Some(KnownSchema::Record(Form::Role)));
    }

    #[test]
    fn a_schema_with_another_meaning_is_not_found() {
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

//! Any record of Plumbline's topics as one line of JSON, for people who inspect a topic.
//!
//! Public records look as [`record_lines`] writes them. Internal records follow their schema, with instants and days as text and
//! bytes in hexadecimal.

use std::fmt::Write;
use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::{Day, Timestamp};

use crate::avro::encoding::{self, Form};
use crate::json::record_lines;

/// Bytes of the framing before a datum: the magic byte and the schema's id.
const FRAME_BYTES: usize = 5;

static SCHEMAS: LazyLock<Vec<Schema>> = LazyLock::new(|| {
    let parsed = |form: &Form| Schema::parse_str(form.schema()).expect("schemas/ holds schemas, a test reads them all");
    Form::ALL.iter().map(parsed).collect()
});

/// A record as a JSON object; `None` for [`Record::Undecodable`]. Units of sums come from the measures.
#[must_use]
pub fn record(record: &Record<'_>, measures: &MeasureSet) -> Option<String> {
    let form = Form::of_record(record)?;
    Some(match record {
        Record::Scorecard(card) => record_lines::scorecard(card),
        Record::PeerGroup(group) => record_lines::peer_group(group),
        Record::Run(run) => record_lines::run(run),
        Record::ClinicianMonth(row) => record_lines::clinician_month(row, measures),
        Record::Reject(reject) => record_lines::reject(reject),
        internal => as_laid_out(internal, form),
    })
}

/// Goes through the Avro bytes, because the schema names every field: no field is forgotten.
fn as_laid_out(record: &Record<'_>, form: Form) -> String {
    let mut bytes = Vec::new();
    encoding::encode(record, &mut bytes).expect("a record that was read from a topic can be encoded");
    let reader = GenericDatumReader::builder(&SCHEMAS[form as usize]).build().expect("the schema is whole");
    let value = reader.read_value(&mut &bytes[FRAME_BYTES..]).expect("it was just written with this schema");
    let mut out = String::new();
    write(&value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Boolean(yes) => shown(yes, out),
        Value::Int(number) => shown(number, out),
        Value::Long(number) => shown(number, out),
        Value::Double(number) if number.is_finite() => shown(number, out),
        Value::Double(_) => out.push_str("null"),
        Value::String(text) | Value::Enum(_, text) => quoted(text, out),
        Value::Bytes(bytes) | Value::Fixed(_, bytes) => {
            quoted(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), out);
        }
        Value::Date(days) => quoted(&Day(*days).to_string(), out),
        Value::TimestampMillis(at) => quoted(&Timestamp(*at).to_string(), out),
        Value::Union(_, inner) => write(inner, out),
        Value::Array(items) => joined('[', items.iter(), ']', out, write),
        Value::Record(fields) => joined('{', fields.iter(), '}', out, |(name, value), out| {
            quoted(name, out);
            out.push(':');
            write(value, out);
        }),
        other => unreachable!("schemas/ uses no {other:?}"),
    }
}

fn joined<T>(open: char, items: impl Iterator<Item = T>, close: char, out: &mut String, each: impl Fn(T, &mut String)) {
    out.push(open);
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(close);
}

fn shown(value: impl std::fmt::Display, out: &mut String) {
    write!(out, "{value}").expect("a text takes all");
}

fn quoted(text: &str, out: &mut String) {
    out.push_str(&serde_json::to_string(text).expect("a text is JSON"));
}

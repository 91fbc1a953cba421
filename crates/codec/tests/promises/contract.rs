//! The input contract as Avro: data that Avro's own library writes with the contract's schemas decode like the native JSON form.

use apache_avro::rabin::Rabin;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Decimal, Schema, Writer};
use codec::avro::contract::Contract;
use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use scorecard::event::Event;
use scorecard::record::item::{Feed, Item};
use serde_json::Value as Json;

use crate::decoding::{decode, event};

const SAMPLES: [(Contract, &str); 6] = [
    (Contract::EncounterEvent, include_str!("../../../../schemas/examples/encounter.json")),
    (Contract::PrescriptionEvent, include_str!("../../../../schemas/examples/prescription.json")),
    (Contract::FeedbackEvent, include_str!("../../../../schemas/examples/feedback.json")),
    (Contract::OrderEvent, include_str!("../../../../schemas/examples/order.json")),
    (Contract::PrescriptionEvent, include_str!("../../../../schemas/examples/retraction.json")),
    (Contract::ObservationEvent, include_str!("../../../../schemas/examples/observation.json")),
];

fn schema(contract: Contract) -> Schema {
    Schema::parse_str(contract.schema()).expect("schemas/ holds schemas")
}

/// The native form as Avro's values: instants as milliseconds, decimals as decimals, answers as a list.
fn value(name: &str, json: &Json) -> Value {
    match (name, json) {
        ("occurred_at" | "recorded_at" | "booked_at", Json::String(text)) => Value::TimestampMillis(millis(text)),
        ("quantity" | "adq" | "value", Json::Number(number)) => {
            decimal(number.as_i64().expect("the examples have whole numbers") * 1000)
        }
        ("items", Json::Object(answers)) => {
            let pair = |(question, answer): (&String, &Json)| {
                Value::Record(vec![("question".into(), Value::String(question.clone())), ("answer".into(), value("", answer))])
            };
            Value::Array(answers.iter().map(pair).collect())
        }
        (_, Json::Object(fields)) => {
            let known = fields.iter().filter(|(name, _)| *name != "type");
            Value::Record(known.map(|(name, json)| (name.clone(), value(name, json))).collect())
        }
        (_, Json::Array(items)) => Value::Array(items.iter().map(|item| value("", item)).collect()),
        (_, Json::String(text)) => Value::String(text.clone()),
        (_, Json::Bool(b)) => Value::Boolean(*b),
        (_, Json::Number(number)) => Value::Long(number.as_i64().expect("the examples have whole numbers")),
        (_, Json::Null) => Value::Null,
    }
}

fn decimal(thousandths: i64) -> Value {
    Value::Decimal(Decimal::from(thousandths.to_be_bytes()))
}

/// The examples' instants by `date -d ... +%s`.
fn millis(text: &str) -> i64 {
    match text {
        "2026-10-05T09:41:00+01:00" => 1_791_189_660_000,
        "2026-10-05T09:41:07+01:00" => 1_791_189_667_000,
        "2026-10-05T09:30:00+01:00" => 1_791_189_000_000,
        "2026-10-05T09:40:12+01:00" => 1_791_189_612_000,
        "2026-10-01T08:02:00+01:00" => 1_790_838_120_000,
        "2026-10-06T18:20:00+01:00" => 1_791_307_200_000,
        "2026-10-05T09:38:00+01:00" => 1_791_189_480_000,
        "2026-10-05T09:36:00+01:00" => 1_791_189_360_000,
        other => panic!("no milliseconds of {other}"),
    }
}

fn sample(contract: Contract, json: &str) -> Value {
    let json = serde_json::from_str(json).expect("an example");
    value("", &json).resolve(&schema(contract)).expect("the examples fit the schemas")
}

fn datum(contract: Contract, value: Value) -> Vec<u8> {
    let schema = schema(contract);
    let writer = GenericDatumWriter::builder(&schema).build().expect("the schema is whole");
    writer.write_value_to_vec(value).expect("the value fits the schema")
}

/// The native form as Avro's library writes it with the contract's schema, in Confluent framing.
pub fn frame(contract: Contract, json: &str) -> Vec<u8> {
    framed(contract.id(), &datum(contract, sample(contract, json)))
}

fn framed(id: u32, datum: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], datum].concat()
}

fn items(bytes: &[u8]) -> Vec<Item<'static>> {
    decode(&RecordDecoder::new(DecoderConfig::default()), Some(&Feed::undeclared("source")), bytes)
}

fn one(items: &[Item<'static>]) -> Event<'static> {
    match items {
        [Item::Event(feed, event)] if &*feed.name == "a81001-emis" => event.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn framed_data_mean_the_same_as_the_native_form() {
    for (contract, json) in SAMPLES {
        let bytes = framed(contract.id(), &datum(contract, sample(contract, json)));
        assert_eq!(one(&items(&bytes)), event(json), "{contract:?}");
    }
}

#[test]
fn ids_of_a_registry_are_configured() {
    let (contract, json) = SAMPLES[3];
    let bytes = framed(77, &datum(contract, sample(contract, json)));
    assert!(matches!(items(&bytes).as_slice(), [Item::Reject(reject)] if reject.reason == "wrong_format"));
    let decoder = RecordDecoder::new(DecoderConfig { contract_ids: [(77, contract)].into(), ..DecoderConfig::default() });
    assert_eq!(one(&decode(&decoder, None, &bytes)), event(json));
}

#[test]
fn single_objects_mean_the_same_as_the_native_form() {
    for (contract, json) in SAMPLES {
        let fingerprint = schema(contract).fingerprint::<Rabin>().bytes;
        let bytes = [&[0xC3, 0x01], &fingerprint[..], &datum(contract, sample(contract, json))].concat();
        assert_eq!(one(&items(&bytes)), event(json), "{contract:?}");
    }
}

#[test]
fn files_are_read_datum_by_datum_and_a_truncated_one_ends_with_a_reject() {
    let (contract, json) = SAMPLES[1];
    let schema = schema(contract);
    let mut writer = Writer::new(&schema, Vec::new()).expect("a writer into memory");
    for _ in 0..3 {
        writer.append_value(sample(contract, json)).expect("the value fits the schema");
    }
    writer.append_value(sample(contract, SAMPLES[4].1)).expect("the value fits the schema");
    let bytes = writer.into_inner().expect("memory takes everything");
    let read = items(&bytes);
    assert_eq!(read.len(), 4);
    for (n, item) in read.iter().enumerate() {
        assert_eq!(one(std::slice::from_ref(item)), event(if n < 3 { json } else { SAMPLES[4].1 }));
    }
    let broken = items(&bytes[..bytes.len() - 20]);
    assert!(
        matches!(broken.last(), Some(Item::Reject(reject)) if reject.reason == "wrong_format" && reject.position.index.is_some())
    );
}

#[test]
fn a_file_of_an_older_schema_is_resolved() {
    let older = r#"{"type":"record","name":"OrderEvent","namespace":"plumbline.v1","fields":[
        {"name":"id","type":"string"},{"name":"occurred_at","type":{"type":"long","logicalType":"timestamp-millis"}},
        {"name":"clinician","type":["null",{"type":"record","name":"NativeClinician","fields":[
            {"name":"system","type":"string"},{"name":"value","type":"string"}]}]},
        {"name":"order","type":["null",{"type":"record","name":"NativeOrder","fields":[
            {"name":"category","type":{"type":"enum","name":"Category","symbols":["test","referral"]}}]}]}]}"#;
    let older = Schema::parse_str(older).expect("a schema");
    let record =
        |fields: Vec<(&str, Value)>| Value::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let some = |value| Value::Union(1, Box::new(value));
    let text = |text: &str| Value::String(text.to_owned());
    let mut writer = Writer::new(&older, Vec::new()).expect("a writer into memory");
    let sent = record(vec![
        ("id", text("o-5")),
        ("occurred_at", Value::TimestampMillis(1_791_189_480_000)),
        ("clinician", some(record(vec![("system", text("gmc")), ("value", text("7012345"))]))),
        ("order", some(record(vec![("category", Value::Enum(1, "referral".to_owned()))]))),
    ]);
    writer.append_value(sent).expect("the value fits the schema");
    let bytes = writer.into_inner().expect("memory takes everything");
    match items(&bytes).as_slice() {
        [Item::Event(feed, event)] => {
            assert_eq!((&*feed.name, &*event.id, event.clinician.as_deref()), ("source", "o-5", Some("gmc|7012345")));
            assert!(format!("{:?}", event.detail).contains("plumbline|referral"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_datums_faults_are_those_of_the_native_form() {
    let (contract, json) = SAMPLES[1];
    for (field, fault, reason) in [
        ("items", Value::Int(0), "out_of_range"),
        ("code", Value::String("amoxicillin".to_owned()), "malformed_value"),
    ] {
        let mut sent = sample(contract, json);
        let Value::Record(fields) = &mut sent else { panic!("a record") };
        let Some((_, Value::Union(1, payload))) = fields.last_mut() else { panic!("a payload") };
        let Value::Record(payload) = &mut **payload else { panic!("a record") };
        payload.iter_mut().filter(|(name, _)| name == field).for_each(|(_, value)| *value = fault.clone());
        match items(&framed(contract.id(), &datum(contract, sent))).as_slice() {
            [Item::Reject(reject)] => {
                assert_eq!((reject.reason.as_str(), reject.field.as_str()), (reason, format!("prescription.{field}").as_str()));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_word_of_the_schemas_is_the_native_forms() {
    for (n, field, words) in [
        (0, "mode", &["face_to_face", "telephone", "video", "home", "other"][..]),
        (0, "status", &["attended", "noshow", "unknown"]),
        (2, "answer", &["very_good", "good", "neither", "poor", "very_poor", "dont_know"]),
        (3, "category", &["referral", "test", "imaging"]),
        (3, "exclude", &["admin", "test"]),
        (4, "action", &["record", "retract"]),
    ] {
        let (contract, json) = SAMPLES[n];
        for word in words {
            let mut json: Json = serde_json::from_str(json).expect("an example");
            let kind = json["type"].as_str().expect("a type").to_owned();
            match field {
                "exclude" | "action" => json[field] = (*word).into(),
                _ => json[kind.as_str()][field] = (*word).into(),
            }
            let bytes = framed(contract.id(), &datum(contract, sample(contract, &json.to_string())));
            let (avro, native) = (items(&bytes), crate::decoding::plain(&json.to_string()));
            match (avro.as_slice(), native.as_slice()) {
                ([Item::Event(_, avro)], [Item::Event(_, native)]) => assert_eq!(avro, native, "{field} {word}"),
                // A record of a retraction's fields alone lacks its payload in both forms.
                ([Item::Reject(avro)], [Item::Reject(native)]) => assert_eq!(avro.detail, native.detail, "{field} {word}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn cut_and_damaged_avro_is_one_item_and_never_a_panic() {
    for (contract, json) in SAMPLES {
        let whole = framed(contract.id(), &datum(contract, sample(contract, json)));
        for length in 5..whole.len() {
            assert!(matches!(items(&whole[..length]).as_slice(), [Item::Reject(_)]), "{length} bytes of {contract:?}");
        }
        // With another first byte it is not Avro.
        for place in 1..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0xff;
            assert_eq!(items(&damaged).len(), 1, "byte {place} of {contract:?}");
        }
    }
}

#[test]
fn a_file_of_another_schema_or_of_one_that_contains_itself_is_refused() {
    for (schema, said) in [
        (r#"{"type":"record","name":"Tick","fields":[{"name":"at","type":"long"}]}"#, "not one of EncounterEvent"),
        (r#"{"type":"record","name":"OrderEvent","fields":[{"name":"next","type":["null","OrderEvent"]}]}"#, "contains itself"),
        (r#""long""#, "not one of EncounterEvent"),
    ] {
        let schema = Schema::parse_str(schema).expect("a schema");
        let writer = Writer::new(&schema, Vec::new()).expect("a writer into memory");
        let bytes = writer.into_inner().expect("memory takes everything");
        match items(&bytes).as_slice() {
            [Item::Reject(reject)] => assert!(reject.detail.contains(said), "{}", reject.detail),
            other => panic!("{other:?}"),
        }
    }
}

//! Our own reading and writing of Avro against Avro's library and the schemas, for every record of every topic.

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use codec::avro::encoding::{EncodeError, Form, MAGIC, decode, encode, pack};
use codec::json::record_lines;
use scorecard::event::{Event, PackedBatch};
use scorecard::record::log_record::{Record, Tick};
use scorecard::registry::entry::Entry;
use serde_json::{Value as Json, json};

use crate::samples;

fn bytes_of(record: &Record<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(record, &mut bytes).expect("the samples can be written");
    bytes
}

fn schema(form: Form) -> Schema {
    Schema::parse_str(form.schema()).expect("schemas/ holds schemas")
}

fn form_of(record: &Record<'_>) -> Form {
    Form::of_record(record).expect("the samples open")
}

fn read_by_library(record: &Record<'_>) -> Value {
    let bytes = bytes_of(record);
    let mut datum = &bytes[5..];
    let schema = schema(form_of(record));
    let reader = GenericDatumReader::builder(&schema).build().expect("the schema is whole");
    let value = reader.read_value(&mut datum).expect("Avro's library reads what we wrote");
    assert!(datum.is_empty(), "{} bytes are left over", datum.len());
    value
}

/// A value by its fields' names.
fn by_name(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(b) => json!(b),
        Value::Int(n) | Value::Date(n) => json!(n),
        Value::Long(n) | Value::TimestampMillis(n) => json!(n),
        Value::Double(n) => json!(n),
        Value::String(text) | Value::Enum(_, text) => json!(text),
        // The id of a snapshot is bytes, which JSON shows as hexadecimal digits; the other fixed values are text.
        Value::Fixed(16, bytes) if !bytes.is_ascii() => {
            json!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        Value::Fixed(_, bytes) => json!(String::from_utf8_lossy(&bytes)),
        Value::Union(_, inner) => by_name(*inner),
        Value::Array(items) => items.into_iter().map(by_name).collect(),
        Value::Record(fields) => fields.into_iter().map(|(name, value)| (name, by_name(value))).collect(),
        other => panic!("no schema of ours has {other:?}"),
    }
}

fn all() -> Vec<Record<'static>> {
    samples::records().into_iter().chain(samples::sparse_records()).collect()
}

#[test]
fn every_kind_of_record_has_a_sample() {
    let forms: std::collections::BTreeSet<Form> = samples::records().iter().map(form_of).collect();
    assert_eq!(forms.into_iter().collect::<Vec<_>>(), Form::ALL);
}

#[test]
fn every_record_reads_back() {
    for record in all() {
        assert_eq!(decode(&bytes_of(&record)), record);
    }
}

#[test]
fn avros_library_reads_every_record_and_writes_the_same_bytes() {
    for record in all() {
        let form = form_of(&record);
        let schema = schema(form);
        let writer = GenericDatumWriter::builder(&schema).build().expect("the schema is whole");
        let written = writer.write_value_to_vec(read_by_library(&record)).expect("what was read can be written");
        assert_eq!(written, bytes_of(&record)[5..], "{form:?}");
    }
}

#[test]
fn frames_carry_the_documented_ids() {
    for record in samples::records() {
        let form = form_of(&record);
        let number = form.id().to_be_bytes()[3];
        assert_eq!(bytes_of(&record)[..5], [MAGIC, b'P', b'L', 0, number], "{form:?}");
    }
}

#[test]
fn events_have_their_names() {
    let expected = json!({
        "feed": "a81001-emis", "practice": "A81002", "versioning": "updated", "ids": "kind",
        "definitions": [{"reference": "Medication/2", "version": 7, "codes": ["dmd|322236009", "snomed|322236009"]}],
        "events": [event("e-99", "record", "admin", "encounter", json!({
            "source": "slot", "mode": "video", "status": "noshow", "booked_at": 1_790_838_120_000_i64, "booked_day": 20_727,
            "minutes": 9, "planned_minutes": 10, "diagnoses": ["snomed|73211009"],
            "types": ["http://terminology.hl7.org/CodeSystem/v3-ActCode|VR", "snomed|185317003"]
        })), event("rx-71", "hold", "test", "prescription", json!({
            "drug": ["bnf|0501013B0AAABAB", "dmd|322236009"], "reference": "Medication/2", "quantity_milli": 21_000, "items": 2,
            "cost_pence": 143, "adq_milli": 500, "repeat": true
        })), event("fft-12", "record", "test", "feedback", json!({
            "answer": "poor", "items": [{"question": "listened", "answer": "yes_definitely"}]
        })), event("o-5", "record", "test", "order", json!({
            "category": ["snomed|108252007", "http://terminology.hl7.org/CodeSystem/v2-0074|LAB"], "code": ["snomed|306206005"]
        })), event("ob-8", "record", "test", "observation", json!({
            "code": ["snomed|75367002", "loinc|85354-9"],
            "values": [{"code": ["snomed|271649006"], "value_milli": 138_000, "unit": "mm[Hg]"},
                {"code": ["snomed|271650006"], "value_milli": -84_500, "unit": "mm[Hg]"}]
        }))]
    });
    assert_eq!(by_name(read_by_library(&samples::records()[0])), expected);
}

fn event(id: &str, action: &str, exclude: &str, kind: &str, carries: Json) -> Json {
    json!({
        "id": id, "version": 7, "action": action, "day": 20_731, "occurred_at": 1_791_189_660_000_i64,
        "recorded_at": 1_791_189_667_000_i64, "clinician": "gmc|7012345", "practice": "A81001", "patient": "0123456789abcdef",
        "signs": 11, "age_band": 18, "sex": if kind == "observation" { "other" } else { "male" },
        "exclude": exclude, "pca": ["dna_rate", "referral_rate"], "link": "e-99", "kind": kind, "carries": carries
    })
}

#[test]
fn rows_and_marks_have_their_names() {
    let sums = |measure: &str, n: i64| {
        json!({"measure": measure, "facts_n": 1, "facts_d": 2, "n": n, "d": 4, "n_squares": i128::MAX.to_string(), "d_squares": "-6",
            "n_quantity_milli": 7, "n_cost_pence": 8, "d_quantity_milli": 9, "d_cost_pence": 10, "pca": 11, "excluded": 12, "unknown": 13})
    };
    let expected = json!({
        "feed": "a81001-emis", "clinician": "gmc|7012345", "practice": "A81001", "month": "2026-10", "partition": 13, "position": 14,
        "at": 1_794_884_400_000_i64, "measure_set": "0123456789abcdef0011223344556677",
        "base": {"facts": 101, "encounters": 102, "minutes": 103, "items": 104, "unmapped_items": 105, "responses": 106,
            "unknown_status": 107, "noshow_planned_minutes": 108, "items_without_cost": 118, "items_without_adq": 119,
            "items_without_quantity": 120, "answers_very_good": 109, "answers_good": 110, "answers_neither": 111,
            "answers_poor": 112, "answers_very_poor": 113, "answers_dont_know": 114, "recorded": 115, "amended": 116, "retracted": 117},
        "measures": [sums("antibiotics_per_1000@2", 3), sums("dna_rate@1", -5)],
        "signed": [{"side": 0, "first": 1, "second": -2, "third": 3, "fourth": -4},
            {"side": 7, "first": i64::MAX, "second": 0, "third": i64::MIN, "fourth": 64}],
        "cells": [{"side": 7, "cell": 15, "n": -121}]
    });
    assert_eq!(by_name(read_by_library(&samples::records()[2])), expected);
    let expected = json!({
        "partition": 13, "at": 1_794_884_400_000_i64, "position": 14, "digest": "fffffffffffffffffffffffffffffffe", "rows": 15,
        "measure_set": "0123456789abcdef0011223344556677", "open_from": "2025-10",
        "feeds": [{"feed": "a81001-emis", "last_appended": 1_794_884_300_000_i64, "newest_day": 20_772,
            "days": [{"month": "2026-10", "days": 4_294_967_295_i64}, {"month": "2026-11", "days": 7}], "kinds": []}],
        "check": "feedbeef00000001"
    });
    assert_eq!(by_name(read_by_library(&samples::records()[3])), expected);
}

#[test]
fn ticks_genesis_and_snapshots_have_their_names() {
    assert_eq!(by_name(read_by_library(&samples::records()[1])), json!({"at": 1_794_884_400_000_i64}));
    let genesis = json!({
        "format": 1, "partitions": 64, "zone": "Europe/London", "grid_period_seconds": 86_400, "grid_offset_seconds": 10_800,
        "first": 1_794_884_400_000_i64, "permanent_key": "66687aadf862bd77", "patient_keys": ["0011223344556677", "8899aabbccddeeff"]
    });
    assert_eq!(by_name(read_by_library(&samples::records()[4])), genesis);
    let snapshot = json!({
        "key": {"measure": "dna_rate@1", "window": 12, "role": "gp", "month": "2026-10"}, "purpose": "quarter",
        "snapshot_id": "ab".repeat(16), "as_of": 1_794_884_400_000_i64, "frozen": true, "chunk": 0, "chunks": 2,
        "figures": {"members": 21, "numerator": 22, "denominator": 23, "centre": 24.5, "gamma_cautious": 25.5, "gamma": 26.5,
            "phi": 27.5, "mixed": true, "flipped": false, "rare": true, "estimating": 28, "left_out": 29, "event_size": 30.5,
            "relative_variance": 31.5, "typical_mean": 32.5, "numerator_price_pence": 33.5, "other_price_pence": 34.5,
            "standardisation": "practices", "practice_centre": 35.5, "reference": "north",
            "season": [{"numerator": 36, "denominator": 37}, {"numerator": 38, "denominator": 39}],
            "cells": [{"cell": 15, "rate": 40.5}]},
        "places": [{"level": "pcn", "code": "U12345", "members": 41, "facts": 42, "n": 43, "d": 44, "expected": 45}],
        "values": [{"numerator": 1, "denominator": 20}, {"numerator": -3, "denominator": 40}]
    });
    assert_eq!(by_name(read_by_library(&samples::records()[10])), snapshot);
}

/// Removes the fields of all objects that hold nothing.
fn without_absent(value: &mut Json) {
    match value {
        Json::Array(items) => items.iter_mut().for_each(without_absent),
        Json::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_absent);
        }
        _ => {}
    }
}

/// Names that derive from the types, and names of the JSON lines, are the names in Avro.
#[test]
fn avro_and_json_have_the_same_names() {
    for record in all() {
        let mut expected: Json = match &record {
            Record::Registry(Entry::Person(r)) => serde_json::to_value(r).unwrap(),
            Record::Registry(Entry::Role(r)) => serde_json::to_value(r).unwrap(),
            Record::Registry(Entry::Organisation(r)) => serde_json::to_value(r).unwrap(),
            Record::Registry(Entry::Lead(r)) => serde_json::to_value(r).unwrap(),
            Record::Registry(Entry::Feed(r)) => serde_json::to_value(r).unwrap(),
            Record::Registry(Entry::Withdrawal(r)) => serde_json::to_value(r).unwrap(),
            Record::Registry(Entry::Sends(r)) => serde_json::to_value(r).unwrap(),
            Record::Registry(Entry::Fence(r)) => serde_json::to_value(r).unwrap(),
            Record::PersonDetails(r) => serde_json::to_value(r).unwrap(),
            Record::Access(r) => serde_json::to_value(r).unwrap(),
            Record::Scorecard(card) => serde_json::from_str(&record_lines::scorecard(card)).unwrap(),
            Record::PeerGroup(group) => serde_json::from_str(&record_lines::peer_group(group)).unwrap(),
            Record::Run(run) => serde_json::from_str(&record_lines::run(run)).unwrap(),
            Record::Reject(reject) => serde_json::from_str(&record_lines::reject(reject)).unwrap(),
            _ => continue,
        };
        // JSON writes instants as text.
        match &record {
            Record::Scorecard(card) => {
                expected["cut"] = json!(card.cut.0);
                expected["period"]["start"] = json!(card.content.period.start.0);
                expected["period"]["end"] = json!(card.content.period.end.0);
                for (feed, shown) in card.quality.feeds.iter().zip(expected["quality"]["feeds"].as_array_mut().unwrap()) {
                    shown["newest_day"] = json!(feed.newest_day.map(|day| day.0));
                }
            }
            Record::PeerGroup(group) => expected["as_of"] = json!(group.as_of.0),
            Record::Run(run) => expected["at"] = json!(run.at.0),
            _ => {}
        }
        let mut found = by_name(read_by_library(&record));
        // The types leave absent texts out.
        if matches!(record, Record::Registry(_) | Record::PersonDetails(_)) {
            found.as_object_mut().expect("a record is an object").retain(|_, value| !value.is_null());
        }
        // The JSON of cards and groups leaves absent fields out.
        if matches!(record, Record::Scorecard(_) | Record::PeerGroup(_)) {
            without_absent(&mut found);
            without_absent(&mut expected);
        }
        assert_eq!(found, expected, "{:?}", form_of(&record));
    }
}

#[test]
fn every_field_of_every_schema_has_a_doc_and_a_unit_and_every_enum_a_default() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "avsc") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        Schema::parse_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let schema: Json = serde_json::from_str(&text).unwrap();
        // A new namespace marks a layout that older readers cannot read.
        let of_second = [
            "batch.avsc",
            "clinician-month.avsc",
            "definition.avsc",
            "prescription-event.avsc",
            "scorecard.avsc",
            "peer-group.avsc",
            "peer-snapshot.avsc",
        ];
        let second = of_second.iter().any(|name| path.ends_with(name));
        assert_eq!(schema["namespace"], if second { "plumbline.v2" } else { "plumbline.v1" }, "{}", path.display());
        check(&schema, &path.display().to_string());
        seen += 1;
    }
    // Those of our own records and the five of the input contract.
    assert_eq!(seen, Form::ALL.len() + 5);
}

fn check(schema: &Json, place: &str) {
    match schema {
        Json::Array(branches) => branches.iter().for_each(|branch| check(branch, place)),
        Json::Object(object) => {
            assert_ne!(object["type"], "map", "{place}");
            if object.get("name").is_some_and(|name| name == "EventKind") {
                // An unknown kind is an error, never another kind.
                assert!(object.get("default").is_none(), "{place}");
            } else if object["type"] == "enum" {
                assert!(object["symbols"].as_array().expect("symbols are a list").contains(&object["default"]), "{place}");
            }
            for field in object.get("fields").and_then(Json::as_array).into_iter().flatten() {
                let place = format!("{place}: {}", field["name"]);
                assert!(field["doc"].as_str().is_some_and(|doc| doc.ends_with('.')), "{place}");
                assert!(field["unit"].as_str().is_some_and(|unit| !unit.is_empty()), "{place}");
                let optional = field["type"].as_array().is_some_and(|branches| branches[0] == "null");
                assert_eq!(optional, field.get("default").is_some_and(Json::is_null), "{place}");
                check(&field["type"], &place);
            }
            if let Some(items) = object.get("items") {
                check(items, place);
            }
        }
        _ => {}
    }
}

#[test]
fn an_undecodable_record_and_a_number_beyond_avros_are_refused_and_write_nothing() {
    let mut out = b"before".to_vec();
    let refused = encode(&Record::Undecodable("why".into()), &mut out);
    assert_eq!(refused, Err(EncodeError::Undecodable("why".into())));
    let mut row = samples::clinician_month();
    row.position = u64::MAX;
    assert_eq!(encode(&Record::ClinicianMonth(row), &mut out), Err(EncodeError::TooLarge(u64::MAX)));
    assert_eq!(out, b"before");
}

#[test]
fn a_tombstone_is_a_record_without_bytes() {
    let mut out = Vec::new();
    encode(&Record::Tombstone, &mut out).expect("a tombstone needs no schema");
    assert_eq!((out.as_slice(), decode(&[])), (&[][..], Record::Tombstone));
}

#[test]
fn bytes_that_do_not_decode_give_the_reason() {
    let tick = bytes_of(&Record::Tick(Tick { at: scorecard::time::calendar::Timestamp(5) }));
    for (bytes, why) in [
        (vec![0, 1, 2], "3 bytes are too few"),
        ([&[7], &tick[1..]].concat(), "0x07"),
        (vec![0, 0, 0, 0, 9, 1], "0x00000009"),
        ([0, b'P', b'L', 0, 99, 1].into(), "a newer version may have written"),
        (tick[..5].to_vec(), "the bytes end too early"),
        ([&tick[..], &[1]].concat(), "1 bytes are left over"),
    ] {
        match decode(&bytes) {
            Record::Undecodable(text) => assert!(text.contains(why), "{text:?} does not say {why:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_unknown_kind_of_event_is_an_error_and_never_another_kind() {
    let Record::Batch(mut batch) = samples::records().remove(0) else { panic!("the first sample is a batch") };
    batch.events = vec![Event::new("o", scorecard::event::Detail::Observation(None))];
    let mut bytes = bytes_of(&Record::Batch(batch));
    // The kind, no fields, and the end of the list of events. 10 is the fifth number from 0, 8 the last known one.
    let end = bytes.len() - 3;
    assert_eq!(bytes[end..], [8, 0, 0]);
    bytes[end] = 10;
    assert!(matches!(decode(&bytes), Record::Undecodable(why) if why.contains("no branch")));
}

#[test]
fn cut_and_damaged_records_are_undecodable_or_another_record_and_never_a_panic() {
    for record in all() {
        let whole = bytes_of(&record);
        for length in 1..whole.len() {
            assert!(matches!(decode(&whole[..length]), Record::Undecodable(_)), "{length} of {} bytes", whole.len());
        }
        for place in 0..whole.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[place] ^= flip;
                if let Record::Batch(batch) = decode(&damaged) {
                    // A batch that decodes can be encoded again.
                    let _ = encode(&Record::Batch(batch), &mut Vec::new());
                }
            }
        }
    }
}

#[test]
fn a_packed_batch_is_written_as_the_batch_of_its_events() {
    let mut batches = 0;
    for record in all() {
        let Record::Batch(batch) = &record else { continue };
        let mut bytes = Vec::new();
        batch.events.iter().for_each(|event| pack(event, &mut bytes).expect("the samples can be written"));
        let packed = PackedBatch {
            feed: batch.feed.clone(),
            practice: batch.practice.clone(),
            versioning: batch.versioning,
            ids: batch.ids,
            definitions: batch.definitions.clone(),
            events: batch.events.len(),
            bytes: bytes.into(),
        };
        assert_eq!(bytes_of(&Record::Packed(packed)), bytes_of(&record));
        batches += 1;
    }
    assert_eq!(batches, 4);
}

#[test]
fn an_event_that_cannot_be_written_leaves_those_before_it() {
    let Record::Batch(batch) = samples::records().remove(0) else { panic!("the first sample is a batch") };
    let too_large = Event { version: Some(u64::MAX), ..batch.events[0].clone() };
    let mut bytes = Vec::new();
    pack(&batch.events[0], &mut bytes).expect("the sample can be written");
    let before = bytes.clone();
    assert_eq!(pack(&too_large, &mut bytes), Err(EncodeError::TooLarge(u64::MAX)));
    assert_eq!(bytes, before);
}

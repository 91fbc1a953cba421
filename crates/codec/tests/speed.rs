//! Decoding and encoding speed. The build does not check it: `cargo test --release -p codec --test speed -- --ignored --nocapture` prints it.

use std::hint::black_box;
use std::time::Instant;

use codec::avro::encoding;
use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::event::{Batch, IdScope, Versioning};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Record};
use scorecard::time::calendar::Timestamp;

const EVENTS: u32 = 10_000;

/// The least of twenty measurements, in microseconds an event.
fn measured(what: &str, bytes: usize, mut events: impl FnMut()) {
    let seconds = |()| {
        let begun = Instant::now();
        events();
        begun.elapsed().as_secs_f64()
    };
    let least = std::iter::repeat_n((), 20).map(seconds).fold(f64::INFINITY, f64::min);
    println!("{:>5.2} us {what}, {bytes} bytes", least * 1e6 / f64::from(EVENTS));
}

fn texts() -> [(&'static str, String); 6] {
    let line = |text: &str| text.replace('\n', "");
    let bundle = include_str!("../../../schemas/examples/bundle.json");
    let resource = |id: &str| {
        let bundle: serde_json::Value = serde_json::from_str(bundle).expect("an example");
        let entries = bundle["entry"].as_array().expect("entries").iter();
        entries.map(|entry| &entry["resource"]).find(|resource| resource["id"] == id).expect("an entry").to_string()
    };
    [
        ("a native prescription in", line(include_str!("../../../schemas/examples/prescription.json"))),
        ("a native encounter in", line(include_str!("../../../schemas/examples/encounter.json"))),
        ("a native feedback in", line(include_str!("../../../schemas/examples/feedback.json"))),
        ("a native order in", line(include_str!("../../../schemas/examples/order.json"))),
        ("a FHIR Encounter in", resource("e1")),
        ("a FHIR MedicationRequest in", resource("m1")),
    ]
}

#[test]
#[ignore = "measures, does not check"]
fn events_in_and_batches_out_and_in() {
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let position = Position { source: "x".to_owned(), partition: 0, offset: 0, index: None };
    let now = Timestamp(1_800_000_000_000);
    let context = Context { position: &position, feed: Some(Feed::undeclared("f").into()), received_at: now, now };
    let mut all = Vec::new();
    for (what, text) in &texts() {
        measured(what, text.len(), || {
            for _ in 0..EVENTS {
                decoder.decode(black_box(text.as_bytes()), &context, &mut |item| {
                    black_box(&item);
                });
            }
        });
        decoder.decode(text.as_bytes(), &context, &mut |item| {
            let Item::Event(_, event) = item else { panic!("{item:?}") };
            all.push(event.into_owned());
        });
    }
    let events: Vec<_> = (0..100).map(|n| all[n % 4].clone()).collect();
    let batch = Record::Batch(Batch {
        feed: "a81001-emis".into(),
        practice: None,
        versioning: Versioning::Id,
        ids: IdScope::Feed,
        definitions: vec![],
        events,
    });
    let mut bytes = Vec::new();
    encoding::encode(&batch, &mut bytes).expect("a batch can be written");
    let size = bytes.len() / 100;
    measured("an event to Avro", size, || {
        for _ in 0..EVENTS / 100 {
            bytes.clear();
            encoding::encode(black_box(&batch), &mut bytes).expect("a batch can be written");
        }
    });
    measured("an event from Avro", size, || {
        for _ in 0..EVENTS / 100 {
            black_box(encoding::decode(black_box(&bytes)));
        }
    });
    assert_eq!(encoding::decode(&bytes), batch);
}

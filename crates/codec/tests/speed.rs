//! How fast. Not a promise of the build: `cargo test --release -p codec --test speed -- --ignored --nocapture` prints it.

use std::hint::black_box;
use std::time::Instant;

use codec::avro;
use codec::decoder::{Context, Decoder, DecoderConfig};
use scorecard::calendar::Timestamp;
use scorecard::event::{Batch, Versioning};
use scorecard::item::Item;
use scorecard::record::{Position, Record};

const ROUNDS: u32 = 200_000;

fn events() -> [String; 4] {
    [
        include_str!("../../../schemas/examples/prescription.json"),
        include_str!("../../../schemas/examples/encounter.json"),
        include_str!("../../../schemas/examples/feedback.json"),
        include_str!("../../../schemas/examples/order.json"),
    ]
    .map(|text| text.replace('\n', ""))
}

#[test]
#[ignore = "measures, does not check"]
fn native_events_in_and_batches_out_and_in() {
    let decoder = Decoder::new(DecoderConfig::default());
    let position = Position { source: "x".to_owned(), partition: 0, offset: 0, index: None };
    let now = Timestamp(1_800_000_000_000);
    let context = Context { position: &position, feed: None, received_at: now, now };
    let texts = events();
    let mut all = Vec::new();
    for text in &texts {
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            decoder.decode(black_box(text.as_bytes()), &context, &mut |item| {
                black_box(&item);
            });
        }
        println!("{:>5.2} us an event in: {} bytes", begun.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS), text.len());
        decoder.decode(text.as_bytes(), &context, &mut |item| {
            let Item::Event(_, event) = item else { panic!("{item:?}") };
            all.push(event.into_owned());
        });
    }
    let events: Vec<_> = (0..100).map(|n| all[n % all.len()].clone()).collect();
    let batch = Record::Batch(Batch { feed: "a81001-emis".into(), practice: None, versioning: Versioning::Id, events });
    let mut bytes = Vec::new();
    let begun = Instant::now();
    for _ in 0..ROUNDS / 100 {
        bytes.clear();
        avro::encode(black_box(&batch), &mut bytes).unwrap();
    }
    println!("{:>5.2} us an event to Avro, {} bytes", begun.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS), bytes.len() / 100);
    let begun = Instant::now();
    for _ in 0..ROUNDS / 100 {
        black_box(avro::decode(black_box(&bytes)));
    }
    println!("{:>5.2} us an event from Avro", begun.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
    assert_eq!(avro::decode(&bytes), batch);
}

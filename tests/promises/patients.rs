//! No patient's number passes intake: planted in every text of every input format, it is in no record of any topic.

use std::collections::BTreeSet;

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use codec::identity::keys::Keys;
use promises::patient_planter::{Planter, specimens};
use promises::world::{World, deployment, utc};
use scorecard::record::item::Feed;
use scorecard::record::log_record::Position;
use std::sync::Arc;
use stream::log::Topic;

/// The result of a play.
struct Outcome {
    /// Planted numbers that a record contains.
    leaked: BTreeSet<String>,
    planted: usize,
    logged: u64,
    rejected: u64,
    registered: u64,
    cards: usize,
}

/// Plays all specimens with planted numbers, publishes, and searches every record.
fn play(keys: Keys) -> Outcome {
    let mut planter = Planter::default();
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for specimen in specimens() {
        // The unchanged specimen ensures that there are cards, whatever happens to the planted copies.
        inputs.push(specimen.to_string().into_bytes());
        inputs.extend(planter.each_text(&specimen).into_iter().map(String::into_bytes));
        inputs.extend(planter.broken(&specimen));
    }
    let decoder = RecordDecoder::new(DecoderConfig { keys, ..DecoderConfig::default() });
    let mut world = World::new(deployment(2, utc(2026, 10, 1, 3)));
    world.run_until(utc(2026, 11, 1, 3));
    let mut log = world.log.handle();
    let sources = ["export.ndjson".to_owned(), format!("export-{}.ndjson", planter.number())];
    for (n, input) in inputs.iter().enumerate() {
        let source = sources[n % 2].clone();
        let position = Position { source, partition: 0, offset: n as u64 + 1, index: None };
        let now = utc(2026, 11, 1, 3);
        let feed = Some(Arc::new(Feed::undeclared("fhir")));
        let context = Context { position: &position, feed, received_at: now, now };
        decoder.decode(input, &context, &mut |item| world.intake.take(&mut log, item).expect("a log without faults"));
    }
    world.intake.flush(&mut log).expect("a log without faults");
    world.run_until(utc(2026, 12, 20, 3));
    let mut leaked = BTreeSet::new();
    for topic in Topic::ALL {
        for partition in 0..6 {
            for stored in world.log.stored(topic, partition) {
                leaked.extend(planter.found(stored.key.as_bytes()));
                leaked.extend(planter.found(&stored.bytes));
                let record = codec::avro::encoding::decode(&stored.bytes);
                leaked.extend(planter.found(format!("{record:?}").as_bytes()));
            }
        }
    }
    let counts = world.intake.counts();
    Outcome {
        leaked,
        planted: planter.planted.len(),
        logged: counts.logged,
        rejected: counts.rejected.values().sum(),
        registered: counts.registered,
        cards: world.cards().len(),
    }
}

#[test]
fn no_record_of_any_topic_contains_a_planted_number() {
    let outcome = play(Keys::fixed());
    assert_eq!(outcome.leaked, BTreeSet::new(), "of {} planted", outcome.planted);
    assert!(outcome.planted > 800, "{} planted", outcome.planted);
    assert!(outcome.logged > 200, "{} logged", outcome.logged);
    assert!(outcome.rejected > 200, "{} rejected", outcome.rejected);
    assert!(outcome.registered > 20, "{} registered", outcome.registered);
    assert!(outcome.cards > 3, "{} cards", outcome.cards);
}

#[test]
fn without_pseudonyms_the_search_finds_planted_numbers() {
    let outcome = play(Keys::without_pseudonyms());
    assert!(outcome.leaked.len() > 100, "only {} of {} found", outcome.leaked.len(), outcome.planted);
}

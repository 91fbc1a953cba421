//! Decoding for tests: all items of a record, in order.

use std::sync::Arc;

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::event::Event;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Reject};
use scorecard::time::calendar::Timestamp;

/// 2026-11-24T12:00:00Z.
pub const NOW: Timestamp = Timestamp(1_795_521_600_000);

/// The position of the tests' records.
pub fn position() -> Position {
    Position { source: "inbox".to_owned(), partition: 3, offset: 17, index: None }
}

/// The items of a record from a source of this feed.
pub fn decode(decoder: &RecordDecoder, feed: Option<&Feed>, bytes: &[u8]) -> Vec<Item<'static>> {
    let position = position();
    let feed = feed.map(|feed| Arc::new(feed.clone()));
    let context = Context { position: &position, feed, received_at: Timestamp(1_795_500_000_000), now: NOW };
    let mut items = Vec::new();
    let done = decoder.decode(bytes, &context, &mut |item| {
        items.push(match item {
            Item::Event(feed, event) => Item::Event(feed, event.into_owned()),
            Item::Definition(feed, definition) => Item::Definition(feed, definition.into_owned()),
            Item::Registry(entry) => Item::Registry(entry),
            Item::Skipped(kind) => Item::Skipped(kind),
            Item::Reject(reject) => Item::Reject(reject),
        });
    });
    assert_eq!(done.items, items.len() as u64);
    items
}

/// The items of a record of the feed `f` under the default configuration.
pub fn plain(text: &str) -> Vec<Item<'static>> {
    decode(&RecordDecoder::new(DecoderConfig::default()), Some(&Feed::undeclared("f")), text.as_bytes())
}

/// The event that a record becomes.
pub fn event(text: &str) -> Event<'static> {
    match plain(text).as_slice() {
        [Item::Event(_, event)] => event.clone(),
        other => panic!("{other:?} of {text}"),
    }
}

/// The reject that a record becomes.
pub fn reject(text: &str) -> Reject {
    match plain(text).as_slice() {
        [Item::Reject(reject)] => reject.clone(),
        other => panic!("{other:?} of {text}"),
    }
}

//! Events in memory, sorted by arrival and encoded as bytes.
//!
//! One event takes 100 to 150 Avro bytes and 24 bytes of index: a million events need about 150 MB. Values in memory would need
//! three times as much. Files cannot be read again in this order, because gzip has no random access.

use std::collections::BTreeMap;
use std::sync::Arc;

use codec::avro::encoding::{self, EncodeError};
use scorecard::event::{Batch, Event};
use scorecard::record::item::Feed;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;

use crate::process::limits::ARRIVAL_BLOCK_BYTES;

/// Events that were pushed.
#[derive(Debug, Default)]
pub struct ArrivalQueue {
    feeds: Vec<Arc<Feed>>,
    by_name: BTreeMap<Arc<str>, u32>,
    blocks: Vec<Vec<u8>>,
    events: Vec<QueuedEvent>,
}

#[derive(Clone, Copy, Debug)]
struct QueuedEvent {
    arrival: Timestamp,
    feed: u32,
    block: u32,
    start: u32,
    length: u32,
}

impl ArrivalQueue {
    /// Adds an event. Events with equal arrivals keep the order of their pushes.
    ///
    /// # Errors
    /// [`EncodeError`] when a number of the event exceeds what the log can hold.
    pub fn push(&mut self, arrival: Timestamp, feed: &Arc<Feed>, event: Event<'_>) -> Result<(), EncodeError> {
        let batch = Batch {
            feed: "".into(),
            practice: None,
            versioning: feed.versioning,
            ids: feed.ids,
            definitions: Vec::new(),
            events: vec![event],
        };
        let full = self.blocks.last().is_none_or(|block| block.len() >= ARRIVAL_BLOCK_BYTES);
        if full {
            self.blocks.push(Vec::with_capacity(ARRIVAL_BLOCK_BYTES));
        }
        let place = index(self.blocks.len() - 1);
        let block = self.blocks.last_mut().expect("one was just made");
        let start = block.len();
        encoding::encode(&Record::Batch(batch), block)?;
        let length = index(block.len() - start);
        let feed = self.number_of(feed);
        self.events.push(QueuedEvent { arrival, feed, block: place, start: index(start), length });
        Ok(())
    }

    fn number_of(&mut self, feed: &Arc<Feed>) -> u32 {
        if let Some(number) = self.by_name.get(&feed.name) {
            return *number;
        }
        let number = index(self.feeds.len());
        self.feeds.push(feed.clone());
        self.by_name.insert(feed.name.clone(), number);
        number
    }

    /// Number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The earliest arrival.
    #[must_use]
    pub fn earliest(&self) -> Option<Timestamp> {
        self.events.iter().map(|event| event.arrival).min()
    }

    /// Sorts the events, to be read in order of arrival.
    #[must_use]
    pub fn into_queue(mut self) -> Queue {
        self.events.sort_by_key(|event| event.arrival);
        Queue { arrivals: self, next: 0 }
    }
}

/// Events in order of their arrival.
#[derive(Debug)]
pub struct Queue {
    arrivals: ArrivalQueue,
    next: usize,
}

impl Queue {
    /// The next event that arrives before this instant, with its feed.
    pub fn next_before(&mut self, instant: Timestamp) -> Option<(Arc<Feed>, Event<'_>)> {
        let queued = *self.arrivals.events.get(self.next).filter(|event| event.arrival < instant)?;
        self.next += 1;
        let feed = self.arrivals.feeds[queued.feed as usize].clone();
        let start = queued.start as usize;
        let bytes = &self.arrivals.blocks[queued.block as usize][start..start + queued.length as usize];
        let Record::Batch(batch) = encoding::decode(bytes) else { unreachable!("only batches are kept") };
        let event = batch.events.into_iter().next().expect("each batch was made of one event");
        Some((feed, event))
    }

    /// Number of events that were read, and number of all events.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.next, self.arrivals.events.len())
    }

    /// Whether all events were read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.next == self.arrivals.events.len()
    }
}

fn index(size: usize) -> u32 {
    u32::try_from(size).expect("blocks are small and fewer than 2^32 of anything fits into memory")
}

#[cfg(test)]
mod tests {
    use super::*;
    use scorecard::event::{Action, Detail};

    fn event(id: &str) -> Event<'_> {
        Event { action: Action::Retract, ..Event::new(id, Detail::Order(None)) }
    }

    #[test]
    fn events_are_sorted_by_arrival_and_equal_ones_keep_the_order_of_pushes() {
        let mut arrivals = ArrivalQueue::default();
        let north = Arc::new(Feed::undeclared("north"));
        let south = Arc::new(Feed::undeclared("south"));
        for (at, feed, id) in [(5, &north, "c"), (-9, &south, "a"), (5, &south, "d"), (-9, &north, "b"), (7, &north, "e")] {
            arrivals.push(Timestamp(at), feed, event(id)).unwrap();
        }
        assert_eq!(arrivals.earliest(), Some(Timestamp(-9)));
        let mut queue = arrivals.into_queue();
        let mut seen = Vec::new();
        while let Some((feed, event)) = queue.next_before(Timestamp(7)) {
            seen.push((feed.name.to_string(), event.id.into_owned()));
        }
        let expected = [("south", "a"), ("north", "b"), ("north", "c"), ("south", "d")];
        assert_eq!(seen, expected.map(|(feed, id)| (feed.to_owned(), id.to_owned())));
        assert!(!queue.is_done());
        assert!(queue.next_before(Timestamp(8)).is_some_and(|(_, last)| last == event("e")));
        assert!(queue.is_done());
    }
}

//! A batch that intake is still filling.
//!
//! It encodes each event at once. Encoded events take about a third of the memory of decoded ones, and about a hundred batches
//! are open at a time.

use std::sync::Arc;

use scorecard::event::{CodeDefinition, Event, PackedBatch};
use scorecard::record::item::Feed;

use crate::limits::BATCH_BYTES;
use crate::log::{Log, LogError};

/// Encoded events of one feed, in order of arrival.
#[derive(Debug)]
pub(crate) struct OpenBatch {
    feed: Arc<Feed>,
    events: usize,
    bytes: Vec<u8>,
    definitions: Vec<CodeDefinition<'static>>,
}

impl OpenBatch {
    pub(crate) fn new(feed: Arc<Feed>) -> OpenBatch {
        OpenBatch { feed, events: 0, bytes: Vec::new(), definitions: Vec::new() }
    }

    /// Encodes an event into the batch.
    ///
    /// # Errors
    /// [`LogError::Unencodable`] when the event has no stored form. The batch is unchanged then.
    pub(crate) fn push(&mut self, log: &impl Log, event: &Event<'_>) -> Result<(), LogError> {
        log.pack(event, &mut self.bytes)?;
        self.events += 1;
        Ok(())
    }

    /// Adds a definition, unless the batch has it.
    pub(crate) fn define(&mut self, definition: &CodeDefinition<'static>) {
        if !self.definitions.contains(definition) {
            self.definitions.push(definition.clone());
        }
    }

    /// Whether it has neither events nor definitions.
    pub(crate) fn is_empty(&self) -> bool {
        self.events == 0 && self.definitions.is_empty()
    }

    /// Whether it must be appended before it receives more.
    pub(crate) fn is_full(&self, most: usize) -> bool {
        self.events + self.definitions.len() >= most || self.bytes.len() >= BATCH_BYTES
    }

    /// The number of events.
    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// Passes the whole batch to `to` and empties it. It keeps its memory for later events.
    pub(crate) fn lend<T>(&mut self, to: impl FnOnce(PackedBatch<'_>) -> T) -> T {
        let lent = to(PackedBatch {
            feed: self.feed.name.as_ref().into(),
            practice: self.feed.practice.as_deref().map(Into::into),
            versioning: self.feed.versioning,
            ids: self.feed.ids,
            definitions: std::mem::take(&mut self.definitions),
            events: self.events,
            bytes: self.bytes.as_slice().into(),
        });
        self.events = 0;
        self.bytes.clear();
        lent
    }
}

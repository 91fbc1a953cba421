//! A batch that intake is still filling. Its events are written as they come: a hundred batches of some hundred events each are open
//! at once, and what is written takes little more than a third of the memory of what is not, so that more of it stays in the caches.

use std::sync::Arc;

use scorecard::event::{Event, PackedBatch};
use scorecard::record::item::Feed;

use crate::log::{Log, LogError};

/// Events of one feed, in the order in which they came.
#[derive(Debug)]
pub(crate) struct OpenBatch {
    feed: Arc<Feed>,
    events: usize,
    bytes: Vec<u8>,
}

impl OpenBatch {
    /// A batch without events.
    pub(crate) fn new(feed: Arc<Feed>) -> OpenBatch {
        OpenBatch { feed, events: 0, bytes: Vec::new() }
    }

    /// Adds an event.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be written; then it is not in the batch.
    pub(crate) fn push(&mut self, log: &impl Log, event: &Event<'_>) -> Result<(), LogError> {
        log.pack(event, &mut self.bytes)?;
        self.events += 1;
        Ok(())
    }

    /// How many events it holds.
    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// Bytes of all its events.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Lends the whole batch, and is empty afterwards. Memory is kept for the events that follow.
    pub(crate) fn lend<T>(&mut self, to: impl FnOnce(PackedBatch<'_>) -> T) -> T {
        let lent = to(PackedBatch {
            feed: self.feed.name.as_ref().into(),
            practice: self.feed.practice.as_deref().map(Into::into),
            versioning: self.feed.versioning,
            events: self.events,
            bytes: self.bytes.as_slice().into(),
        });
        self.events = 0;
        self.bytes.clear();
        lent
    }
}

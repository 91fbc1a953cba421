//! A batch that intake is still filling. The texts of its events lie in one buffer, one behind the other: to give each text memory of
//! its own, as an event that owns its text has, costs as much as a third of decoding it.

use std::borrow::Cow;
use std::sync::Arc;

use scorecard::event::{Batch, Event};
use scorecard::item::Feed;

/// Events of one feed, in the order in which they came.
#[derive(Debug)]
pub(crate) struct OpenBatch {
    feed: Arc<Feed>,
    /// Their texts are empty here: they stand in `texts`, as many bytes each as `lengths` says.
    events: Vec<Event<'static>>,
    texts: String,
    lengths: Vec<usize>,
}

impl OpenBatch {
    /// A batch without events.
    pub(crate) fn new(feed: Arc<Feed>) -> OpenBatch {
        OpenBatch { feed, events: Vec::new(), texts: String::new(), lengths: Vec::new() }
    }

    /// Adds an event.
    pub(crate) fn push(&mut self, event: Event<'_>) {
        let OpenBatch { texts, lengths, events, .. } = self;
        events.push(event.map_texts(|text| {
            texts.push_str(&text);
            lengths.push(text.len());
            Cow::Borrowed("")
        }));
    }

    /// How many events it holds.
    pub(crate) fn events(&self) -> usize {
        self.events.len()
    }

    /// Bytes of all texts of its events, from which the size of what is written of it follows.
    pub(crate) fn text_bytes(&self) -> usize {
        self.texts.len()
    }

    /// Lends the whole batch, and is empty afterwards. Memory is kept for the events that follow.
    pub(crate) fn lend<T>(&mut self, to: impl FnOnce(Batch<'_>) -> T) -> T {
        let mut rest = self.texts.as_str();
        let mut lengths = self.lengths.iter();
        let mut next = || {
            let (text, behind) = rest.split_at(*lengths.next().expect("every text has left its length"));
            rest = behind;
            Cow::Borrowed(text)
        };
        let events = self.events.drain(..).map(|event| event.map_texts(|_| next())).collect();
        let lent = to(Batch {
            feed: self.feed.name.as_ref().into(),
            practice: self.feed.practice.as_deref().map(Into::into),
            versioning: self.feed.versioning,
            events,
        });
        self.texts.clear();
        self.lengths.clear();
        lent
    }
}

//! The items of one record: every format lends its elements here, and faults become rejects.

use std::sync::Arc;

use scorecard::event::Action;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Reject};

use crate::fault::{Fault, RejectReason, shape};
use crate::formats::decoder_config::{Context, Rules};
use crate::formats::detail_warnings::{DecodeOutcome, DetailWarnings};
use crate::identity::keys::Protection;

/// Receives the elements of one record in their order and lends each to the caller as an item.
pub(crate) struct ItemSink<'r> {
    pub(crate) rules: &'r Rules,
    pub(crate) context: &'r Context<'r>,
    each: &'r mut dyn FnMut(Item<'_>),
    /// Whether the record is known to hold several elements.
    several: bool,
    /// The number of items after which the decoder stops.
    most: u64,
    outcome: DecodeOutcome,
}

impl<'r> ItemSink<'r> {
    pub(crate) fn new(rules: &'r Rules, context: &'r Context<'r>, each: &'r mut dyn FnMut(Item<'_>)) -> ItemSink<'r> {
        ItemSink { rules, context, each, several: false, most: u64::MAX, outcome: DecodeOutcome::default() }
    }

    /// Takes at most this many items.
    pub(crate) fn at_most(self, most: u64) -> ItemSink<'r> {
        ItemSink { most, ..self }
    }

    /// Whether the decoder must stop, because the limit is reached.
    pub(crate) fn is_full(&self) -> bool {
        self.outcome.items >= self.most
    }

    /// The number of items that still fit.
    pub(crate) fn room(&self) -> usize {
        usize::try_from(self.most.saturating_sub(self.outcome.items)).unwrap_or(usize::MAX)
    }

    pub(crate) fn outcome(self) -> DecodeOutcome {
        self.outcome
    }

    /// Marks the record as one of several elements: each gets an index, the first as well.
    pub(crate) fn expect_several(&mut self) {
        self.several = true;
    }

    /// Whether the record is known to hold several elements.
    pub(crate) fn holds_several(&self) -> bool {
        self.several
    }

    /// The index of the next element; `None` for the only element of a record.
    pub(crate) fn index(&mut self, only: bool) -> Option<u32> {
        if only && !self.several && self.outcome.items == 0 {
            return None;
        }
        self.several = true;
        Some(self.outcome.items.try_into().unwrap_or(u32::MAX))
    }

    pub(crate) fn count_unknown_fields(&mut self, fields: u64) {
        self.outcome.unknown_fields += fields;
    }

    /// Counts the warnings of an element that was accepted.
    pub(crate) fn warn(&mut self, warnings: DetailWarnings) {
        warnings.add_to(&mut self.outcome);
    }

    pub(crate) fn lend(&mut self, item: Item<'_>) {
        let item = self.dated(item);
        self.outcome.items += 1;
        (self.each)(item);
    }

    /// The item, or a reject of an event before the first day of the deployment. A retraction of such an event changes nothing.
    fn dated<'i>(&self, item: Item<'i>) -> Item<'i> {
        let (Item::Event(feed, event), Some(first)) = (&item, self.rules.first_day) else { return item };
        if event.action == Action::Retract || event.day.is_none_or(|day| day >= first) {
            return item;
        }
        let index = self.several.then(|| self.outcome.items.try_into().unwrap_or(u32::MAX));
        Item::Reject(Reject {
            position: self.position(index),
            feed: Some(feed.name.to_string()),
            reason: RejectReason::TooOld.as_str().to_owned(),
            field: "occurred_at".to_owned(),
            detail: format!("the event is older than {first}; correct its date, or set an earlier first-day"),
            excerpt: String::new(),
        })
    }

    /// Lends an element as a reject. `text` is the element; the reject shows its shape, or its start where protection is off.
    pub(crate) fn reject(&mut self, text: &str, index: Option<u32>, feed: Option<&Arc<Feed>>, fault: Fault) {
        const EXCERPT: usize = 200;
        let excerpt = match self.rules.pseudonyms.protection() {
            Protection::On => shape(text, EXCERPT),
            Protection::Off => text.chars().take(EXCERPT).collect(),
        };
        self.lend(Item::Reject(Reject {
            position: self.position(index),
            feed: feed.map(|feed| feed.name.to_string()),
            reason: fault.reason.as_str().to_owned(),
            field: fault.field.into_owned(),
            detail: fault.detail,
            excerpt,
        }));
    }

    /// Lends a whole record as one reject. `cure` names the format and says what to send instead.
    pub(crate) fn refuse(&mut self, record: &[u8], reason: RejectReason, cure: impl Into<String>) {
        self.reject(&excerpt_text(record), None, None, Fault::new(reason, "", cure));
    }

    /// The position of an element. The name of the source is protected, because a file may be named after a patient.
    fn position(&self, index: Option<u32>) -> Position {
        let Position { source, partition, offset, .. } = self.context.position.clone();
        let source = self.rules.pseudonyms.protect(source.into()).into_owned();
        Position { source, partition, offset, index }
    }
}

/// The first bytes of a record as text: as many as an excerpt of 200 characters may need.
pub(crate) fn excerpt_text(record: &[u8]) -> std::borrow::Cow<'_, str> {
    const MOST_BYTES: usize = 800;
    String::from_utf8_lossy(record.get(..MOST_BYTES).unwrap_or(record))
}

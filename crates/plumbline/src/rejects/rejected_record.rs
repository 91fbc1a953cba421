//! A raw record of which something was refused, as it waits for a repair: its bytes as they came, and which of its elements were
//! refused and why.
//!
//! The bytes name patients. They exist in memory and inside the sealed files of [`crate::rejects::reject_store`], nowhere else.

use codec::formats::record_decoder::{Context, RecordDecoder};
use scorecard::record::item::Item;
use scorecard::record::log_record::Reject;
use scorecard::time::calendar::Timestamp;
use serde::{Deserialize, Serialize};

/// One element that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedElement {
    /// Its place among the elements of the record, counted from 0.
    pub ordinal: u32,
    /// The feed, where it is known.
    pub feed: Option<String>,
    /// A word from a closed list.
    pub reason: String,
    /// Path of the field, empty when it is the whole element.
    pub field: String,
    /// What was found, what was expected and the cure; never the value itself.
    pub detail: String,
    /// The element's shape.
    pub excerpt: String,
}

impl RejectedElement {
    /// The element at a place, refused so.
    #[must_use]
    pub fn new(ordinal: u32, reject: &Reject) -> RejectedElement {
        let Reject { feed, reason, field, detail, excerpt, .. } = reject.clone();
        RejectedElement { ordinal, feed, reason, field, detail, excerpt }
    }

    /// Whether it was refused for the same reason as another.
    #[must_use]
    pub fn is_refused_as(&self, other: &RejectedElement) -> bool {
        (&self.reason, &self.field) == (&other.reason, &other.field)
    }
}

/// A raw record that waits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRecord {
    /// Its number, as rejects name it: microseconds since 1970 at which it came in.
    pub position: u64,
    /// When it came in, milliseconds since 1970: versions of feeds that number them by arrival are those of the first time.
    pub received_at: i64,
    /// The feed that the request named.
    pub feed: Option<String>,
    /// How many elements the record holds.
    pub items: u32,
    /// Those that were refused, in their order.
    pub elements: Vec<RejectedElement>,
    /// The bytes as they came.
    #[serde(skip)]
    pub body: Vec<u8>,
}

impl RejectedRecord {
    /// When it came in.
    #[must_use]
    pub fn received(&self) -> Timestamp {
        Timestamp(self.received_at)
    }

    /// The same record without the lines that were taken, where it consists of lines that mean the same alone; else as it is. A
    /// large upload with a few bad lines so needs room for these only.
    #[must_use]
    pub fn reduced(self, decoder: &RecordDecoder, context: &Context<'_>) -> RejectedRecord {
        let Some(lines) = self.lines() else { return self };
        let kept: Option<Vec<&str>> = self.elements.iter().map(|element| lines.get(element.ordinal as usize).copied()).collect();
        let Some(kept) = kept else { return self };
        let body = kept.join("\n").into_bytes();
        let (items, elements) = refused(decoder, &body, context);
        let alike = items as usize == self.elements.len()
            && elements.len() == self.elements.len()
            && elements.iter().zip(&self.elements).all(|(new, old)| new.is_refused_as(old));
        if alike { RejectedRecord { items, elements, body, ..self } } else { self }
    }

    /// The record's lines, where each is one element.
    fn lines(&self) -> Option<Vec<&str>> {
        let text = std::str::from_utf8(&self.body).ok()?;
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        (lines.len() == self.items as usize).then_some(lines)
    }

    /// The bytes of one element where it is a line of its own, else of the whole record. They may name patients.
    #[must_use]
    pub fn raw(&self, element: &RejectedElement) -> String {
        let line = self.lines().and_then(|lines| lines.get(element.ordinal as usize).map(|line| (*line).to_owned()));
        line.unwrap_or_else(|| String::from_utf8_lossy(&self.body).into_owned())
    }
}

/// Tells no byte of what it holds.
impl std::fmt::Debug for RejectedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.body.len();
        f.debug_struct("RefusedRecord")
            .field("position", &self.position)
            .field("elements", &self.elements)
            .field("bytes", &bytes)
            .finish()
    }
}

/// How many elements a record holds, and those that are refused.
fn refused(decoder: &RecordDecoder, body: &[u8], context: &Context<'_>) -> (u32, Vec<RejectedElement>) {
    let (mut items, mut elements) = (0, Vec::new());
    decoder.decode(body, context, &mut |item| {
        if let Item::Reject(reject) = &item {
            elements.push(RejectedElement::new(items, reject));
        }
        items += 1;
    });
    (items, elements)
}

/// Which of the refused are meant; what is not said is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Refused for this reason.
    pub reason: Option<String>,
    /// Of this feed.
    pub feed: Option<String>,
    /// Because of this field.
    pub field: Option<String>,
}

impl Which {
    /// Whether this element of this record is meant.
    #[must_use]
    pub fn holds(&self, record: &RejectedRecord, element: &RejectedElement) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| found == Some(wanted));
        let feed = element.feed.as_deref().or(record.feed.as_deref());
        is(&self.reason, Some(&element.reason)) && is(&self.field, Some(&element.field)) && is(&self.feed, feed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::formats::record_decoder::DecoderConfig;
    use scorecard::record::log_record::Position;

    fn record(body: &str) -> (RejectedRecord, RecordDecoder) {
        let decoder = RecordDecoder::new(DecoderConfig::default());
        let (items, elements) = with_context(|context| refused(&decoder, body.as_bytes(), context));
        (RejectedRecord { position: 1, received_at: 0, feed: None, items, elements, body: body.into() }, decoder)
    }

    fn with_context<T>(then: impl FnOnce(&Context<'_>) -> T) -> T {
        let position = Position { source: "http".to_owned(), partition: 0, offset: 1, index: None };
        then(&Context { position: &position, feed: None, received_at: Timestamp(0), now: Timestamp(0) })
    }

    const BAD: &str = "{\"feed\":\"a\",\"id\":\"x\",\"type\":\"robot\"}";
    const GOOD: &str = "{\"feed\":\"a\",\"id\":\"y\",\"version\":2,\"type\":\"encounter\",\"action\":\"retract\"}";

    #[test]
    fn of_lines_only_those_that_were_refused_are_kept() {
        let (whole, decoder) = record(&format!("{GOOD}\n{BAD}\n\n{GOOD}\n{{\"no\":1}}\n"));
        assert_eq!((whole.items, whole.elements.len()), (4, 2));
        let reduced = with_context(|context| whole.clone().reduced(&decoder, context));
        assert_eq!(std::str::from_utf8(&reduced.body).unwrap(), format!("{BAD}\n{{\"no\":1}}"));
        assert_eq!((reduced.items, reduced.elements[1].ordinal), (2, 1));
        assert_eq!(reduced.raw(&reduced.elements[0]), BAD);
        assert_eq!(reduced.elements[1].reason, whole.elements[1].reason);
    }

    #[test]
    fn a_list_is_kept_whole_for_its_elements_mean_something_else_alone() {
        let (whole, decoder) = record(&format!("[{GOOD},{BAD}]"));
        assert_eq!((whole.items, whole.elements[0].ordinal), (2, 1));
        assert_eq!(with_context(|context| whole.clone().reduced(&decoder, context)), whole);
    }

    #[test]
    fn what_is_meant_is_told_by_reason_feed_and_field() {
        let (record, _) = record(BAD);
        let element = &record.elements[0];
        assert!(Which::default().holds(&record, element));
        let which = |reason: &str, feed: &str| Which { reason: Some(reason.into()), feed: Some(feed.into()), field: None };
        assert!(which(&element.reason, "a").holds(&record, element));
        assert!(!which("not_json", "a").holds(&record, element) && !which(&element.reason, "b").holds(&record, element));
    }

    #[test]
    fn debug_output_tells_no_byte() {
        let (record, _) = record("{\"patient\":\"9434765919\"}");
        assert!(!format!("{record:?}").contains("943"));
    }
}

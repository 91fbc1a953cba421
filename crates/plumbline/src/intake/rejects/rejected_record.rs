//! A raw record with rejected elements, stored for a retry: its bytes, and the reason of each reject.
//!
//! The bytes name patients. They exist only in memory and in the encrypted files of [`crate::intake::rejects::reject_store`].

use codec::formats::record_decoder::{Context, RecordDecoder};
use scorecard::record::item::Item;
use scorecard::record::log_record::Reject;
use scorecard::time::calendar::Timestamp;
use serde::{Deserialize, Serialize};

/// One rejected element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedElement {
    /// Its index among the elements of the record, from 0.
    pub ordinal: u32,
    /// The feed, if known.
    pub feed: Option<String>,
    /// The reason: a word from a closed list, such as `not_json`.
    pub reason: String,
    /// Path of the field; empty for the whole element.
    pub field: String,
    /// The fault, the expected form and the cure; never the value itself.
    pub detail: String,
    /// The element's shape.
    pub excerpt: String,
}

impl RejectedElement {
    /// The element at this index, with its reject.
    #[must_use]
    pub fn new(ordinal: u32, reject: &Reject) -> RejectedElement {
        let Reject { feed, reason, field, detail, excerpt, .. } = reject.clone();
        RejectedElement { ordinal, feed, reason, field, detail, excerpt }
    }

    /// Whether it has the same reason and field as another.
    #[must_use]
    pub fn has_same_fault(&self, other: &RejectedElement) -> bool {
        (&self.reason, &self.field) == (&other.reason, &other.field)
    }
}

/// Rejects of one kind that are counted and not kept: a request keeps the first of each kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedRejects {
    /// The feed, if known.
    pub feed: Option<String>,
    /// The reason.
    pub reason: String,
    /// Path of the field.
    pub field: String,
    /// Their number.
    pub count: u64,
}

impl CountedRejects {
    /// Counts a reject. The feed of a kind is that of its first reject.
    pub fn add(counted: &mut Vec<CountedRejects>, reject: &Reject) {
        match counted.iter_mut().find(|kind| kind.reason == reject.reason && kind.field == reject.field) {
            Some(kind) => kind.count += 1,
            None => {
                let Reject { feed, reason, field, .. } = reject.clone();
                counted.push(CountedRejects { feed, reason, field, count: 1 });
            }
        }
    }
}

/// A raw record with rejected elements.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRecord {
    /// Its number in `rejects`: time of arrival, microseconds since 1970.
    pub position: u64,
    /// Time of arrival, milliseconds since 1970. A retry keeps it, because some feeds take it as the version.
    pub received_at: i64,
    /// The feed that the request named.
    pub feed: Option<String>,
    /// Number of elements of the record.
    pub items: u32,
    /// The rejected elements that are kept, in order.
    pub elements: Vec<RejectedElement>,
    /// The words of the source's rights, because a retry has these and no others. None for every right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Further rejects of the same kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<CountedRejects>,
    /// The raw bytes.
    #[serde(skip)]
    pub body: Vec<u8>,
}

impl RejectedRecord {
    /// Time of arrival.
    #[must_use]
    pub fn received(&self) -> Timestamp {
        Timestamp(self.received_at)
    }

    /// The record without its accepted lines, if each line is an element that decodes alone; else unchanged. A large upload with a
    /// few bad lines then stores only these.
    #[must_use]
    pub fn reduced(self, decoder: &RecordDecoder, context: &Context<'_>) -> RejectedRecord {
        let Some(lines) = self.lines() else { return self };
        let kept: Option<Vec<&str>> = self.elements.iter().map(|element| lines.get(element.ordinal as usize).copied()).collect();
        let Some(kept) = kept else { return self };
        let body = kept.join("\n").into_bytes();
        let (items, elements) = rejected(decoder, &body, context);
        let alike = items as usize == self.elements.len()
            && elements.len() == self.elements.len()
            && elements.iter().zip(&self.elements).all(|(new, old)| new.has_same_fault(old));
        if alike { RejectedRecord { items, elements, body, ..self } } else { self }
    }

    /// The record's lines, if each is one element.
    fn lines(&self) -> Option<Vec<&str>> {
        let text = std::str::from_utf8(&self.body).ok()?;
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        (lines.len() == self.items as usize).then_some(lines)
    }

    /// The bytes of one element if it is a line, else of the whole record. They may name patients.
    #[must_use]
    pub fn raw(&self, element: &RejectedElement) -> String {
        let line = self.lines().and_then(|lines| lines.get(element.ordinal as usize).map(|line| (*line).to_owned()));
        line.unwrap_or_else(|| String::from_utf8_lossy(&self.body).into_owned())
    }
}

/// Shows no byte of the body.
impl std::fmt::Debug for RejectedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.body.len();
        f.debug_struct("RejectedRecord")
            .field("position", &self.position)
            .field("elements", &self.elements)
            .field("bytes", &bytes)
            .finish()
    }
}

/// The number of elements of a record, and the rejected ones.
fn rejected(decoder: &RecordDecoder, body: &[u8], context: &Context<'_>) -> (u32, Vec<RejectedElement>) {
    let (mut items, mut elements) = (0, Vec::new());
    decoder.decode(body, context, &mut |item| {
        if let Item::Reject(reject) = &item {
            elements.push(RejectedElement::new(items, reject));
        }
        items += 1;
    });
    (items, elements)
}

/// A filter of rejected elements; `None` matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectFilter {
    /// The reason.
    pub reason: Option<String>,
    /// The feed.
    pub feed: Option<String>,
    /// The field.
    pub field: Option<String>,
}

impl RejectFilter {
    /// Whether the filter selects rejects of this reason, feed and field; the feed may be empty.
    #[must_use]
    pub fn selects(&self, reason: &str, feed: &str, field: &str) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| found == wanted);
        is(&self.reason, reason) && is(&self.field, field) && is(&self.feed, feed)
    }

    /// Whether the filter selects this element of this record.
    #[must_use]
    pub fn matches(&self, record: &RejectedRecord, element: &RejectedElement) -> bool {
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
        let (items, elements) = with_context(|context| rejected(&decoder, body.as_bytes(), context));
        (
            RejectedRecord {
                position: 1,
                received_at: 0,
                feed: None,
                items,
                elements,
                scopes: None,
                counted: Vec::new(),
                body: body.into(),
            },
            decoder,
        )
    }

    fn with_context<T>(then: impl FnOnce(&Context<'_>) -> T) -> T {
        let position = Position { source: "http".to_owned(), partition: 0, offset: 1, index: None };
        then(&Context { position: &position, feed: None, received_at: Timestamp(0), now: Timestamp(0) })
    }

    const BAD: &str = "{\"feed\":\"a\",\"id\":\"x\",\"type\":\"robot\"}";
    const GOOD: &str = "{\"feed\":\"a\",\"id\":\"y\",\"version\":2,\"type\":\"encounter\",\"action\":\"retract\"}";

    #[test]
    fn only_rejected_lines_are_stored() {
        let (whole, decoder) = record(&format!("{GOOD}\n{BAD}\n\n{GOOD}\n{{\"no\":1}}\n"));
        assert_eq!((whole.items, whole.elements.len()), (4, 2));
        let reduced = with_context(|context| whole.clone().reduced(&decoder, context));
        assert_eq!(std::str::from_utf8(&reduced.body).unwrap(), format!("{BAD}\n{{\"no\":1}}"));
        assert_eq!((reduced.items, reduced.elements[1].ordinal), (2, 1));
        assert_eq!(reduced.raw(&reduced.elements[0]), BAD);
        assert_eq!(reduced.elements[1].reason, whole.elements[1].reason);
    }

    #[test]
    fn a_list_is_stored_whole_because_its_elements_do_not_decode_alone() {
        let (whole, decoder) = record(&format!("[{GOOD},{BAD}]"));
        assert_eq!((whole.items, whole.elements[0].ordinal), (2, 1));
        assert_eq!(with_context(|context| whole.clone().reduced(&decoder, context)), whole);
    }

    #[test]
    fn a_filter_selects_by_reason_feed_and_field() {
        let (record, _) = record(BAD);
        let element = &record.elements[0];
        assert!(RejectFilter::default().matches(&record, element));
        let filter =
            |reason: &str, feed: &str| RejectFilter { reason: Some(reason.into()), feed: Some(feed.into()), field: None };
        assert!(filter(&element.reason, "a").matches(&record, element));
        assert!(!filter("not_json", "a").matches(&record, element) && !filter(&element.reason, "b").matches(&record, element));
    }

    #[test]
    fn debug_output_shows_no_byte() {
        let (record, _) = record("{\"patient\":\"9434765919\"}");
        assert!(!format!("{record:?}").contains("943"));
    }
}

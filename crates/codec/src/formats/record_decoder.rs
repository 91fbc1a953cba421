//! Raw records in, items out: the first step of an event's way. Every element of a record becomes exactly one item, whatever its bytes.

use std::sync::Arc;

use scorecard::event::Versioning;
use scorecard::record::item::{Feed, Item};

pub use crate::fault::RejectReason;
use crate::formats::decoder_config::Rules;
pub use crate::formats::decoder_config::{Context, DecoderConfig};
pub use crate::formats::detail_warnings::{DecodeOutcome, DetailCounts};
use crate::formats::format_list::Format;
pub use crate::formats::input_format::RecordFormat;
use crate::formats::item_sink::{ItemSink, excerpt_text};
use crate::formats::tombstone::retraction;

/// Reads the records of practice systems: native JSON, FHIR R4 and the input contract's Avro. The bytes decide which format it is.
///
/// A JSON record holds one object, a list, or objects one a line. A byte order mark and white space around them are ignored.
/// [`crate::avro::contract`] shows the native form. FHIR R4 resources arrive alone or in Bundles:
///
/// ```json
#[doc = include_str!("../../../../schemas/examples/bundle.json")]
/// ```
#[derive(Debug)]
pub struct RecordDecoder {
    rules: Rules,
}

impl RecordDecoder {
    /// A decoder with the keys, feeds and systems of `config`.
    #[must_use]
    pub fn new(config: DecoderConfig) -> RecordDecoder {
        RecordDecoder { rules: Rules::new(config) }
    }

    /// An id as the log holds it: a hash instead of an id that may name a patient.
    #[must_use]
    pub fn protected_id(&self, id: &str) -> String {
        self.rules.pseudonyms.protect(id.into()).into_owned()
    }

    /// Fixes the versioning of a feed that the configuration leaves open. The first call of a feed counts: call it with the rule of the
    /// registry, else at the first event that is accepted.
    pub fn fix_versioning(&self, feed: &str, versioning: Versioning) {
        self.rules.feeds.fix(feed, versioning);
    }

    /// The feed of this protected name with its versioning, as far as it is known.
    #[must_use]
    pub fn feed(&self, name: &str) -> Arc<Feed> {
        self.rules.feeds.named(name)
    }

    /// Lends every element of a record as one item, in their order. An element that cannot be read becomes a reject.
    pub fn decode(&self, record: &[u8], context: &Context<'_>, each: &mut dyn FnMut(Item<'_>)) -> DecodeOutcome {
        let mut items = ItemSink::new(&self.rules, context, each);
        Format::of(record).decode(record, &mut items);
        items.outcome()
    }

    /// Lends the elements of a record as [`RecordDecoder::decode`] does, and stops behind `most` of them. A record with more lends
    /// one more, so that its sender can be refused.
    pub fn decode_at_most(
        &self,
        record: &[u8],
        most: usize,
        context: &Context<'_>,
        each: &mut dyn FnMut(Item<'_>),
    ) -> DecodeOutcome {
        let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut items = ItemSink::new(&self.rules, context, each).at_most(most);
        Format::of(record).decode(record, &mut items);
        items.outcome()
    }

    /// Lends a whole record as one reject: its format is not the one that its source is configured for. `cure` says what to do.
    pub fn refuse(&self, record: &[u8], cure: &str, context: &Context<'_>, each: &mut dyn FnMut(Item<'_>)) -> DecodeOutcome {
        let mut items = ItemSink::new(&self.rules, context, each);
        items.refuse(record, RejectReason::WrongFormat, cure);
        items.outcome()
    }

    /// Lends the retraction that a record without a value, a tombstone, means.
    ///
    /// Its key names the event as `feed|id`, or as the id alone where the source has a feed. Where ids are unique for each kind only,
    /// the kind comes before the id: `feed|prescription|71`. The retraction ranks above the version that it finds.
    pub fn tombstone(&self, key: Option<&[u8]>, context: &Context<'_>, each: &mut dyn FnMut(Item<'_>)) -> DecodeOutcome {
        let mut items = ItemSink::new(&self.rules, context, each);
        match retraction(key, &self.rules, context) {
            Ok(item) => items.lend(item),
            Err(fault) => items.reject(&excerpt_text(key.unwrap_or_default()), None, None, fault),
        }
        items.outcome()
    }
}

//! A record without a value, a tombstone: its key names an event, and the event is retracted.

use std::sync::Arc;

use scorecard::event::Event;
use scorecard::record::item::Feed;

use crate::fault::{Fault, RejectReason};
use crate::formats::decoder_config::{Context, Rules};
use crate::formats::fhir::resource::retraction_of;
use crate::json::object::Scalar;
use crate::json::text::{ID_BYTES, text};

/// The retraction that a tombstone with this key means.
///
/// # Errors
/// A [`Fault`] when the key is absent, is not UTF-8, has no id, or names no feed where the source has none either.
pub(crate) fn retraction(key: Option<&[u8]>, rules: &Rules, context: &Context<'_>) -> Result<(Arc<Feed>, Event<'static>), Fault> {
    const CURE: &str = "send the event's id as the key, or feed|id where the topic holds several feeds";
    let key = key.ok_or_else(|| Fault::missing("key", CURE))?;
    let key =
        std::str::from_utf8(key).map_err(|_| Fault::new(RejectReason::NotUtf8, "key", "the key is not UTF-8; send UTF-8"))?;
    let (feed, id) = match (rules.feed_of(context), key.split_once('|')) {
        (Some(feed), _) => (feed, key),
        (None, Some((feed, id))) => (rules.feeds.named(&rules.pseudonyms.protect(feed.into())), id),
        (None, None) => return Err(Fault::new(RejectReason::MissingFeed, "key", format!("the key names no feed; {CURE}"))),
    };
    let id = text("key", &Scalar::Text(id.into()), ID_BYTES, &rules.pseudonyms)?;
    let id = id.filter(|id| !id.is_empty()).ok_or_else(|| Fault::missing("key", CURE))?;
    Ok((feed.clone(), retraction_of(&feed, id.into_owned().into(), context)))
}

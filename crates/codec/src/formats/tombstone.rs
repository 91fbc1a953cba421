//! A record without a value, a tombstone: its key names an event, and the event is retracted.

use std::borrow::Cow;
use std::sync::Arc;

use scorecard::event::{CodeDefinition, Codes, Detail, Event, IdScope};
use scorecard::record::item::{Feed, Item};

use crate::fault::{Fault, RejectReason};
use crate::formats::decoder_config::{Context, Rules};
use crate::formats::fhir::header::arrival;
use crate::formats::fhir::references::type_and_id;
use crate::formats::fhir::resource::{detail_of, retraction_of};
use crate::formats::native_kinds::nothing;
use crate::json::native_event::KINDS;
use crate::json::object::Scalar;
use crate::json::text::{ID_BYTES, text};

const CURE: &str = "send the event's id as the key, or feed|id where the topic holds several feeds";
const KIND_CURE: &str = "ids of this feed are unique for each kind only; send the kind before the id, such as prescription|71";

/// The item that a tombstone with this key means: the retraction of an event, or a definition without codes.
///
/// # Errors
/// A [`Fault`] when the key is absent, is not UTF-8, has no id, names no feed where the source has none either, or names no kind
/// where ids are unique for each kind only.
pub(crate) fn retraction(key: Option<&[u8]>, rules: &Rules, context: &Context<'_>) -> Result<Item<'static>, Fault> {
    let key = key.ok_or_else(|| Fault::missing("key", CURE))?;
    let key =
        std::str::from_utf8(key).map_err(|_| Fault::new(RejectReason::NotUtf8, "key", "the key is not UTF-8; send UTF-8"))?;
    let (feed, name) = match (rules.feed_of(context), key.split_once('|')) {
        (Some(feed), _) => (feed, key),
        (None, Some((feed, name))) => (rules.feeds.named(&rules.pseudonyms.protect(feed.into())), name),
        (None, None) => return Err(Fault::new(RejectReason::MissingFeed, "key", format!("the key names no feed; {CURE}"))),
    };
    let (detail, id) = kind_and_id(&feed, name)?;
    let id = text("key", &Scalar::Text(id.into()), ID_BYTES, &rules.pseudonyms)?;
    let id: Cow<'static, str> = match id {
        Some(id) if !id.is_empty() => id.into_owned().into(),
        _ => return Err(Fault::missing("key", CURE)),
    };
    if matches!(type_and_id(name), Some(("Medication", _))) {
        return Ok(deleted_definition(feed, id, context));
    }
    let event: Event<'static> = retraction_of(&feed, id, detail, context);
    Ok(Item::Event(feed, event))
}

/// A definition without codes, which ranks by its time of arrival.
fn deleted_definition(feed: Arc<Feed>, reference: Cow<'static, str>, context: &Context<'_>) -> Item<'static> {
    Item::Definition(feed, CodeDefinition { reference, version: arrival(context), codes: Codes::default() })
}

/// The kind and the id in the rest of a key. The kind matters only where ids are unique for each kind; a FHIR id names its type.
fn kind_and_id<'k>(feed: &Feed, name: &'k str) -> Result<(Detail<'static>, &'k str), Fault> {
    if feed.ids == IdScope::Feed {
        return Ok((Detail::Encounter(None), name));
    }
    if let Some((word, id)) = name.split_once('|')
        && let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == word)
    {
        return Ok((nothing(*kind), id));
    }
    let of_type = type_and_id(name).and_then(|(kind, _)| match kind {
        "Medication" => Some(Detail::Prescription(None)),
        kind => detail_of(kind, feed),
    });
    match of_type {
        Some(detail) => Ok((detail, name)),
        None => Err(Fault::new(RejectReason::MissingField, "key", format!("the key names no kind; {KIND_CURE}"))),
    }
}

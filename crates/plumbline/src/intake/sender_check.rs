//! The check of one element against the rights of its sender.

use codec::formats::record_decoder::RejectReason;
use scorecard::record::item::Item;
use scorecard::record::log_record::{Position, Reject};

use crate::config::authorizer::SenderRights;
use crate::config::scope::Scope;

/// The reason of a reject of a registry entry whose sender may not write the registry.
pub(crate) const REGISTRY_NOT_ALLOWED: &str = "registry_not_allowed";

/// Whether this is the reason of a reject whose sender lacks a right. No repair of the record grants one.
pub(crate) fn is_refused_sender(reason: &str) -> bool {
    reason == RejectReason::FeedNotAllowed.as_str() || reason == REGISTRY_NOT_ALLOWED
}

/// The item, or a reject if the sender may not write it.
pub(crate) fn allowed<'a>(item: Item<'a>, rights: &SenderRights, position: &Position, ordinal: u32) -> Item<'a> {
    let feed = match &item {
        Item::Event(feed, _) | Item::Definition(feed, _) if !rights.write(&feed.name) => Some(feed.name.to_string()),
        // A reject of another feed is not kept either: its retry would write that feed.
        Item::Reject(Reject { feed: Some(feed), .. }) if !rights.write(feed) => Some(feed.clone()),
        Item::Registry(_) if !rights.include(&Scope::Registry) => None,
        _ => return item,
    };
    let (reason, field, detail) = match feed {
        Some(_) => (
            RejectReason::FeedNotAllowed.as_str(),
            "feed",
            "the token of this request does not belong to this feed; send its events with the feed's own token",
        ),
        None => (
            REGISTRY_NOT_ALLOWED,
            "",
            "the token of this request may not write registry entries; send them with a token that has the scope registry",
        ),
    };
    Item::Reject(Reject {
        position: Position { index: Some(ordinal), ..position.clone() },
        feed,
        reason: reason.to_owned(),
        field: field.to_owned(),
        detail: detail.to_owned(),
        excerpt: String::new(),
    })
}

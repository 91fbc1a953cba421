//! One FHIR element of a record: a resource becomes one item, a Bundle one item for each entry.

use std::cell::Cell;
use std::sync::Arc;

use crate::fault::{Fault, RejectReason};
use crate::formats::detail_warnings::DetailWarnings;
use crate::formats::fhir::bundle::{Bundle, bundle};
use crate::formats::fhir::bundle_entry::{BundleEntry, EntryContent};
use crate::formats::fhir::header::{EntryMeta, observed_versioning, versioning_of};
use crate::formats::fhir::references::{Index, Scope};
use crate::formats::fhir::resource::{self, ResourceOutcome};
use crate::formats::fhir::resources::{Head, parse};
use crate::formats::fhir::versions::check_head;
use crate::formats::item_sink::ItemSink;
use crate::json::object::Scalar;
use scorecard::event::Versioning;
use scorecard::record::item::{Feed, Item};

/// Lends the items of a FHIR element. `text` is the whole element, `head` the fields that every resource has.
pub(crate) fn decode(items: &mut ItemSink<'_>, text: &str, index: Option<u32>, head: &Head<'_>) {
    if !is_bundle(head) {
        let alone = Index::default();
        let versioning = || observed_versioning(head, &EntryMeta::default());
        let read = |scope: &Scope<'_, '_>| resource::resource(scope, text, head, &EntryMeta::default());
        return lend(items, (text, index), &alone, None, versioning, read);
    }
    match check_head("Bundle", head).and_then(|()| bundle(text, items.room())) {
        Ok(bundle) => decode_bundle(items, bundle, BundleLevel::Outer),
        Err(fault) => items.reject(text, index, None, fault),
    }
}

/// Whether a Bundle may hold another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BundleLevel {
    Outer,
    Inner,
}

fn is_bundle(head: &Head<'_>) -> bool {
    head.resource_type == Scalar::Text("Bundle".into())
}

fn decode_bundle(items: &mut ItemSink<'_>, bundle: Bundle<'_>, nesting: BundleLevel) {
    items.expect_several();
    for entry in bundle.entries {
        if items.is_full() {
            return;
        }
        if let Some(inner) = inner_bundle(&entry, nesting, items.room()) {
            match inner {
                Ok(inner) => decode_bundle(items, inner, BundleLevel::Inner),
                Err(fault) => {
                    let index = items.index(false);
                    items.reject(&entry.text, index, None, fault);
                }
            }
            continue;
        }
        decode_entry(items, &entry, &bundle.index);
    }
}

/// The Bundle that an entry holds: the hits of a search in a batch, or a document in a search. `None` for any other entry.
fn inner_bundle<'a>(entry: &BundleEntry<'a>, nesting: BundleLevel, most: usize) -> Option<Result<Bundle<'a>, Fault>> {
    let Ok(EntryContent::Resource { text, .. }) = &entry.content else { return None };
    let text = text.lent()?;
    let head: Box<Head<'_>> = parse(text).ok()?;
    (nesting == BundleLevel::Outer && is_bundle(&head)).then(|| bundle(text, most))
}

fn decode_entry<'b>(items: &mut ItemSink<'_>, entry: &BundleEntry<'b>, bundle: &Index<'b>) {
    let index = items.index(false);
    let base = match &entry.content {
        Ok(EntryContent::Resource { entry_meta, .. } | EntryContent::Delete { entry_meta, .. }) => entry_meta.base.as_deref(),
        Ok(EntryContent::NoContent { .. }) | Err(_) => None,
    };
    lend(
        items,
        (&entry.text, index),
        bundle,
        base,
        || versioning_of_entry(entry),
        |scope| match &entry.content {
            Ok(EntryContent::Resource { text, entry_meta }) => {
                let text = text.lent().expect("an entry's resource is lent from the Bundle's text");
                let head: Box<Head<'_>> = parse(text)?;
                if resource::is_replaced(entry, &head, entry_meta, scope.feed) {
                    return Ok(ResourceOutcome::Skipped(resource::resource_type(&head)?));
                }
                resource::resource(scope, text, &head, entry_meta)
            }
            Ok(EntryContent::Delete { kind, entry_meta, .. })
                if resource::is_unordered(entry, entry_meta.version, scope.feed) =>
            {
                Ok(ResourceOutcome::Skipped(resource::shown_type(kind)))
            }
            Ok(EntryContent::Delete { kind, id, entry_meta }) => Ok(resource::delete(scope, kind, id, entry_meta)),
            Ok(EntryContent::NoContent { kind }) => {
                let kind = kind.as_deref().map_or("Bundle.entry".to_owned(), resource::shown_type);
                Ok(ResourceOutcome::Skipped(format!("{kind} without content")))
            }
            Err(fault) => Err(fault.clone()),
        },
    );
}

/// The versioning that a feed has if the resource of this entry is its first one.
fn versioning_of_entry(entry: &BundleEntry<'_>) -> Versioning {
    match &entry.content {
        Ok(EntryContent::Resource { text, entry_meta }) => {
            let head = text.lent().and_then(|text| parse::<Box<Head<'_>>>(text).ok());
            head.map_or(Versioning::Arrival, |head| observed_versioning(&head, entry_meta))
        }
        Ok(EntryContent::Delete { entry_meta, .. }) => versioning_of(entry_meta.version.is_some(), entry_meta.modified.is_some()),
        Ok(EntryContent::NoContent { .. }) | Err(_) => Versioning::Arrival,
    }
}

/// Reads a resource under the feed of the source and lends the result.
fn lend<'b>(
    items: &mut ItemSink<'_>,
    (text, index): (&str, Option<u32>),
    bundle: &Index<'b>,
    base: Option<&str>,
    versioning: impl FnOnce() -> Versioning,
    read: impl FnOnce(&Scope<'_, 'b>) -> Result<ResourceOutcome, Fault>,
) {
    let Some(mut feed) = items.rules.feed_of(items.context) else {
        let cure = "the source names no feed; name the system that its FHIR resources come from";
        return items.reject(text, index, None, Fault::new(RejectReason::MissingFeed, "", cure));
    };
    if feed.is_open() {
        feed = Arc::new(Feed { versioning: versioning(), ..Feed::clone(&feed) });
    }
    let warnings = DetailWarnings::default();
    let (rules, context, event_day) = (items.rules, items.context, Cell::new(None));
    let scope = Scope { rules, context, feed: &feed, index: bundle, base, warnings: &warnings, event_day };
    let item = match read(&scope) {
        Ok(ResourceOutcome::Event(event)) => Item::Event(feed, *event),
        Ok(ResourceOutcome::Definition(definition)) => Item::Definition(feed, definition),
        Ok(ResourceOutcome::Registry(entry)) => Item::Registry(entry),
        Ok(ResourceOutcome::Skipped(kind)) => Item::Skipped(kind),
        Err(fault) => return items.reject(text, index, Some(&feed), fault),
    };
    items.warn(warnings);
    items.lend(item);
}

//! One FHIR element of a record: a resource becomes one item, a Bundle one item for each entry.

use crate::fault::{Fault, RejectReason};
use crate::formats::detail_warnings::DetailWarnings;
use crate::formats::fhir::bundle::{EntryContent, bundle};
use crate::formats::fhir::header::EntryMeta;
use crate::formats::fhir::references::{Index, Scope};
use crate::formats::fhir::resource::{self, ResourceOutcome};
use crate::formats::fhir::resources::{Head, parse};
use crate::formats::item_sink::ItemSink;
use crate::json::object::Scalar;
use scorecard::record::item::Item;

/// Lends the items of a FHIR element. `text` is the whole element, `head` the fields that every resource has.
pub(crate) fn decode(items: &mut ItemSink<'_>, text: &str, index: Option<u32>, head: &Head<'_>) {
    if head.resource_type != Scalar::Text("Bundle".into()) {
        let alone = Index::default();
        return lend(items, (text, index), &alone, None, |scope| resource::resource(scope, text, head, &EntryMeta::default()));
    }
    let bundle = match bundle(text) {
        Ok(bundle) => bundle,
        Err(fault) => return items.reject(text, index, None, fault),
    };
    items.expect_several();
    for entry in bundle.entries {
        let index = items.index(false);
        let base = match &entry.content {
            Ok(EntryContent::Resource { entry_meta, .. } | EntryContent::Delete { entry_meta, .. }) => entry_meta.base.as_deref(),
            Err(_) => None,
        };
        lend(items, (&entry.text, index), &bundle.index, base, |scope| match &entry.content {
            Ok(EntryContent::Resource { text, entry_meta }) => {
                let text = text.lent().expect("an entry's resource is lent from the Bundle's text");
                resource::resource(scope, text, &*parse(text)?, entry_meta)
            }
            Ok(EntryContent::Delete { kind, id, entry_meta }) => Ok(resource::delete(scope, kind, id, entry_meta)),
            Err(fault) => Err(fault.clone()),
        });
    }
}

/// Reads a resource under the feed of the source and lends the result.
fn lend<'b>(
    items: &mut ItemSink<'_>,
    (text, index): (&str, Option<u32>),
    bundle: &Index<'b>,
    base: Option<&str>,
    read: impl FnOnce(&Scope<'_, 'b>) -> Result<ResourceOutcome, Fault>,
) {
    let Some(feed) = items.rules.feed_of(items.context) else {
        let cure = "the source names no feed; name the system that its FHIR resources come from";
        return items.reject(text, index, None, Fault::new(RejectReason::MissingFeed, "", cure));
    };
    let warnings = DetailWarnings::default();
    let scope = Scope { rules: items.rules, context: items.context, feed: &feed, index: bundle, base, warnings: &warnings };
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

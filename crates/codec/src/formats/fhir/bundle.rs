//! Bundles: their entries one by one, with the references inside resolved.

use crate::fault::Fault;
use crate::formats::fhir::bundle_entry::{BundleEntry, entry_content};
use crate::formats::fhir::history_order::settle;
use crate::formats::fhir::references::Index;
use crate::formats::fhir::resources::{BundleEntries, BundleHead, parse};
use crate::json::object::List;
use crate::json::text::word;

/// The way in which the entries of a Bundle belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BundleKind {
    /// Resources, each with its content.
    Content,
    /// Answers to requests, or hits of a search. An entry may have no resource.
    Answers,
    /// Versions of resources, newest first. A subscription's notification has the same form.
    History,
}

/// The types of Bundle of R4 and R5.
const TYPES: [(&str, BundleKind); 10] = [
    ("transaction", BundleKind::Content),
    ("batch", BundleKind::Content),
    ("collection", BundleKind::Content),
    ("message", BundleKind::Content),
    ("document", BundleKind::Content),
    ("searchset", BundleKind::Answers),
    ("transaction-response", BundleKind::Answers),
    ("batch-response", BundleKind::Answers),
    ("history", BundleKind::History),
    ("subscription-notification", BundleKind::History),
];

/// A Bundle, split into its entries.
pub(crate) struct Bundle<'a> {
    pub(crate) entries: Vec<BundleEntry<'a>>,
    pub(crate) index: Index<'a>,
}

/// Splits a Bundle into its entries. Entries behind the first `most` are not read.
///
/// # Errors
/// A fault of the Bundle as a whole. An entry holds its own fault.
pub(crate) fn bundle(text: &str, most: usize) -> Result<Bundle<'_>, Fault> {
    let head: Box<BundleHead<'_>> = parse(text)?;
    let Some(kind) = word("Bundle.type", &head.kind, &TYPES)? else {
        return Err(Fault::missing("Bundle.type", "send the Bundle's type, such as transaction or collection"));
    };
    let sent: Box<BundleEntries<'_>> = parse(text)?;
    let mut bundle = Bundle { entries: Vec::new(), index: Index::default() };
    let entries = match sent.entry {
        List::Missing => Vec::new(),
        List::Other(found) => return Err(Fault::wrong_type("Bundle.entry", found, "a list")),
        List::Items(entries) => entries,
    };
    for entry in entries.into_iter().take(most) {
        let text = entry.written().unwrap_or("null").to_owned();
        let content = entry_content(entry, &mut bundle.index, kind != BundleKind::Content);
        bundle.entries.push(BundleEntry { text, content, superseded: false, replaced: false });
    }
    if kind == BundleKind::History {
        settle(&mut bundle.entries);
    }
    Ok(bundle)
}

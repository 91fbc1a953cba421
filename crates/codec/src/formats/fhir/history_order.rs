//! The order of the versions in a history: which one is the newest, and the version of a deletion that names none.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use scorecard::time::calendar::Timestamp;

use crate::formats::fhir::bundle_entry::{BundleEntry, EntryContent, with_meta};
use crate::formats::fhir::header::EntryMeta;
use crate::formats::fhir::references::type_and_id;
use crate::formats::fhir::resources::{Head, parse};
use crate::json::object::Scalar;

/// One version of a resource.
#[derive(Clone, Copy, Debug)]
struct Revision {
    /// The place of its entry in the Bundle.
    place: usize,
    version: Option<u64>,
    modified: Option<Timestamp>,
}

/// Marks superseded versions, and gives a deletion without a version one behind the version that it deletes.
pub(crate) fn settle(entries: &mut [BundleEntry<'_>]) {
    let mut resources: BTreeMap<String, Vec<Revision>> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Ok(content) = &entry.content
            && let Some((name, EntryMeta { version, modified, .. })) = revision(content)
        {
            resources.entry(name).or_default().push(Revision { place, version, modified });
        }
    }
    for mut revisions in resources.into_values().filter(|revisions| revisions.len() > 1) {
        sort_newest_first(&mut revisions);
        let mut replaced = false;
        for at in 0..revisions.len() {
            let entry = &mut entries[revisions[at].place];
            (entry.superseded, entry.replaced) = (at > 0, replaced);
            replaced |= matches!(entry.content, Ok(EntryContent::Resource { .. }));
            if let Ok(EntryContent::Delete { entry_meta, .. }) = &mut entry.content {
                place_between(entry_meta, &revisions[..at], &revisions[at + 1..]);
            }
        }
    }
}

/// The name of an entry's resource with its version and time. `None` for an entry without a resource.
fn revision(content: &EntryContent<'_>) -> Option<(String, EntryMeta)> {
    match content {
        EntryContent::Delete { kind, id, entry_meta } => Some((format!("{kind}/{id}"), entry_meta.clone())),
        EntryContent::Resource { text, entry_meta } => {
            let head: Box<Head<'_>> = parse(text.lent()?).ok()?;
            let Scalar::Text(kind) = &head.resource_type else { return None };
            let id = match &head.id {
                Scalar::Text(id) => id.trim().to_owned(),
                _ => entry_meta.id.clone()?,
            };
            let name = format!("{}/{id}", kind.trim());
            type_and_id(&name).is_some().then(|| (name, with_meta(entry_meta.clone(), Some(&head))))
        }
        EntryContent::NoContent { .. } => None,
    }
}

/// By version, else by time. Without either the Bundle's order decides: FHIR puts the newest first.
fn sort_newest_first(revisions: &mut [Revision]) {
    let by_version = revisions.iter().all(|revision| revision.version.is_some());
    let by_time = revisions.iter().all(|revision| revision.modified.is_some());
    if by_version || by_time {
        let order = |one: &Revision, other: &Revision| {
            let newest = if by_version { other.version.cmp(&one.version) } else { other.modified.cmp(&one.modified) };
            newest.then(one.place.cmp(&other.place))
        };
        revisions.sort_by(order);
    } else if is_oldest_first(revisions) {
        revisions.reverse();
    }
}

/// Whether the versions that are known rise with their places.
fn is_oldest_first(revisions: &[Revision]) -> bool {
    let known: Vec<u64> = revisions.iter().filter_map(|revision| revision.version).collect();
    matches!((known.first(), known.last()), (Some(first), Some(last)) if first.cmp(last) == Ordering::Less)
}

/// A version and a time just behind the older version, else just before the newer one.
fn place_between(entry_meta: &mut EntryMeta, newer: &[Revision], older: &[Revision]) {
    let older_version = older.iter().find_map(|revision| revision.version).map(|version| version + 1);
    let newer_version = || newer.iter().rev().find_map(|revision| revision.version).map(|version| version - 1);
    let version = || older_version.or_else(newer_version).filter(|version| *version > 0);
    entry_meta.version = entry_meta.version.or_else(version);
    let older_time = older.iter().find_map(|revision| revision.modified).map(|at| Timestamp(at.0 + 1));
    let newer_time = || newer.iter().rev().find_map(|revision| revision.modified).map(|at| Timestamp(at.0 - 1));
    entry_meta.modified = entry_meta.modified.or_else(|| older_time.or_else(newer_time));
}

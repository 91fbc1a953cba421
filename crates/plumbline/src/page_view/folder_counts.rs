//! The counts of a folder's run, and its rejected records in groups.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use page::pages::operations_page::RejectNote;
use scorecard::record::log_record::{Record, Reject};
use serde_json::Value;
use stream::log::{Log as _, Topic};

use crate::history::output_folder::SUMMARY;
use crate::intake::rejects::reject_groups::{RejectGroup, RejectKind};
use crate::intake::rejects::reject_store::RejectStore;
use crate::intake::rejects::rejected_record::RejectFilter;
use crate::log::local_log::LocalLog;

/// Names of counts on the page, with their pointers in `summary.json`.
const COUNTS: [(&str, &str); 7] = [
    ("events", "/accepted"),
    ("retractions", "/retracted"),
    ("duplicates", "/duplicate"),
    ("stale", "/stale"),
    ("conflicts", "/conflict"),
    ("late_sealed", "/sealed"),
    ("unattributed", "/unattributed"),
];

/// Counts and groups.
#[derive(Debug, Default)]
pub(crate) struct FolderCounts {
    pub(crate) counts: Vec<(&'static str, i64)>,
    pub(crate) unmapped: Vec<(String, i64)>,
    pub(crate) rejects: Vec<RejectNote>,
}

impl FolderCounts {
    /// Reads the summary of the run, if there is one, and the rejects of the log.
    pub(crate) fn read(dir: &Path, log: &mut LocalLog) -> Result<FolderCounts> {
        let summary: Value =
            std::fs::read(dir.join(SUMMARY)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let number = |pointer: &str| summary.pointer(pointer).and_then(Value::as_i64);
        let counts = COUNTS.iter().filter_map(|(name, pointer)| Some((*name, number(pointer)?))).collect();
        let systems = summary.pointer("/prescriptions/unmapped_by_system").and_then(Value::as_object);
        let mut unmapped: Vec<(String, i64)> =
            systems.into_iter().flatten().filter_map(|(system, items)| Some((system.clone(), items.as_i64()?))).collect();
        unmapped.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(FolderCounts { counts, unmapped, rejects: rejects(log)? })
    }
}

/// The groups of the rejected records that a service keeps.
pub(crate) fn reject_notes(store: &RejectStore) -> Result<FolderCounts> {
    let groups = store.groups(&RejectFilter::default())?;
    let note = |(kind, group): (&RejectKind, &RejectGroup)| RejectNote {
        feed: Some(kind.feed.clone()).filter(|feed| !feed.is_empty()),
        reason: kind.reason.clone(),
        field: kind.field.clone(),
        cure: group.detail.clone(),
        records: i64::try_from(group.count).unwrap_or(i64::MAX),
    };
    let mut rejects: Vec<RejectNote> = groups.iter().map(note).collect();
    rejects.sort_by_key(|note| std::cmp::Reverse(note.records));
    Ok(FolderCounts { rejects, ..FolderCounts::default() })
}

/// The rejects by feed, reason and field, most first. The detail never holds a value of a record.
fn rejects(log: &mut LocalLog) -> Result<Vec<RejectNote>> {
    let mut groups: BTreeMap<(Option<String>, String, String), (i64, String)> = BTreeMap::new();
    let mut position = log.bounds(Topic::Rejects, 0)?.start;
    log.read_to_end(Topic::Rejects, 0, &mut position, &mut |entry| {
        if let Record::Reject(Reject { feed, reason, field, detail, .. }) = entry.record {
            groups.entry((feed, reason, field)).or_insert((0, detail)).0 += 1;
        }
    })?;
    let note = |((feed, reason, field), (records, cure))| RejectNote { feed, reason, field, cure, records };
    let mut notes: Vec<RejectNote> = groups.into_iter().map(note).collect();
    notes.sort_by_key(|note| std::cmp::Reverse(note.records));
    Ok(notes)
}

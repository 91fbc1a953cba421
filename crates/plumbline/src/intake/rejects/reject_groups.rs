//! Rejects in groups of the same reason, feed and field: a summary of records, without their bytes.

use std::collections::BTreeMap;

use scorecard::time::calendar::Timestamp;

use crate::intake::rejects::rejected_record::{RejectFilter, RejectedRecord};

/// The reason, the feed and the field that a group shares. Feed and field may be empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RejectKind {
    /// The reason.
    pub reason: String,
    /// The feed.
    pub feed: String,
    /// Path of the field.
    pub field: String,
}

/// The rejects of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectGroup {
    /// Their number, with those that are only counted.
    pub count: u64,
    /// Arrival of the oldest.
    pub first: Timestamp,
    /// Arrival of the newest.
    pub last: Timestamp,
    /// The detail of the newest that is kept.
    pub detail: String,
}

/// Groups by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectGroups(BTreeMap<RejectKind, RejectGroup>);

impl RejectGroups {
    /// The groups of these records.
    #[must_use]
    pub fn of(records: &[RejectedRecord]) -> RejectGroups {
        let mut groups = RejectGroups::default();
        for record in records {
            let kind = |reason: &str, feed: Option<&str>, field: &str| RejectKind {
                reason: reason.to_owned(),
                feed: feed.or(record.feed.as_deref()).unwrap_or_default().to_owned(),
                field: field.to_owned(),
            };
            let group = |count: u64, detail: &str| {
                let at = record.received();
                RejectGroup { count, first: at, last: at, detail: detail.to_owned() }
            };
            for element in &record.elements {
                groups.join(kind(&element.reason, element.feed.as_deref(), &element.field), &group(1, &element.detail));
            }
            for counted in &record.counted {
                groups.join(kind(&counted.reason, counted.feed.as_deref(), &counted.field), &group(counted.count, ""));
            }
        }
        groups
    }

    /// Adds the groups of others that the filter selects.
    pub fn add(&mut self, other: &RejectGroups, filter: &RejectFilter) {
        let selected = other.0.iter().filter(|(kind, _)| filter.selects(&kind.reason, &kind.feed, &kind.field));
        selected.for_each(|(kind, group)| self.join(kind.clone(), group));
    }

    fn join(&mut self, kind: RejectKind, other: &RejectGroup) {
        let group = self.0.entry(kind).or_insert_with(|| RejectGroup { count: 0, detail: String::new(), ..other.clone() });
        group.count += other.count;
        group.first = group.first.min(other.first);
        if other.last >= group.last && !other.detail.is_empty() {
            group.detail.clone_from(&other.detail);
        }
        group.last = group.last.max(other.last);
    }

    /// The groups, in order of their kinds.
    pub fn iter(&self) -> impl Iterator<Item = (&RejectKind, &RejectGroup)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::rejects::rejected_record::{CountedRejects, RejectedElement};

    fn record(second: i64, feed: Option<&str>, detail: &str, counted: u64) -> RejectedRecord {
        let text = |text: &str| text.to_owned();
        let element = RejectedElement {
            ordinal: 0,
            feed: None,
            reason: text("missing_field"),
            field: text("id"),
            detail: text(detail),
            excerpt: String::new(),
        };
        let more = CountedRejects { feed: None, reason: text("missing_field"), field: text("id"), count: counted };
        let counted = if counted > 0 { vec![more] } else { Vec::new() };
        let (position, received_at) = (1, second * 1_000);
        RejectedRecord {
            position,
            received_at,
            feed: feed.map(text),
            items: 1,
            elements: vec![element],
            scopes: None,
            counted,
            body: Vec::new(),
        }
    }

    #[test]
    fn groups_count_kept_and_counted_rejects_and_show_the_newest_detail() {
        let groups =
            RejectGroups::of(&[record(9, Some("a"), "new", 50), record(3, Some("a"), "old", 0), record(5, None, "other", 0)]);
        let shown: Vec<(&str, u64, i64, i64, &str)> =
            groups.iter().map(|(kind, g)| (kind.feed.as_str(), g.count, g.first.0, g.last.0, g.detail.as_str())).collect();
        assert_eq!(shown, [("", 1, 5_000, 5_000, "other"), ("a", 52, 3_000, 9_000, "new")]);
        let mut of_feed = RejectGroups::default();
        of_feed.add(&groups, &RejectFilter { feed: Some("a".to_owned()), ..RejectFilter::default() });
        assert_eq!(of_feed.iter().count(), 1);
    }
}

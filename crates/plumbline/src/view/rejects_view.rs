//! Rejected records as text, JSON or NDJSON: in groups of one reason, feed and field, or one by one.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::Output;
use crate::intake::reject_retrier::RetryOutcome;
use crate::intake::rejects::reject_groups::{RejectGroup, RejectGroups, RejectKind};
use crate::intake::rejects::reject_store::{RejectStore, RejectStoreError};
use crate::intake::rejects::rejected_record::{RejectFilter, RejectedElement, RejectedRecord};
use crate::terminal::count::counted;
use crate::terminal::paint::Paint;

/// Whether raw bytes are shown. They identify patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawBytes {
    /// Shapes only.
    Hidden,
    /// The received bytes.
    Shown,
}

/// All pending rejects that can be decrypted.
#[derive(Debug, Default)]
pub struct PendingRejects {
    /// Oldest first.
    pub records: Vec<RejectedRecord>,
    /// The faults of files that cannot be decrypted.
    pub troubles: Vec<String>,
    /// Elements that were deleted because of the size limit or their age.
    pub dropped: u64,
}

impl PendingRejects {
    /// Reads the store.
    ///
    /// # Errors
    /// [`RejectStoreError::Io`] when its folder cannot be read.
    pub fn read(store: &RejectStore) -> Result<PendingRejects, RejectStoreError> {
        let mut waiting = PendingRejects { dropped: store.dropped().elements, ..PendingRejects::default() };
        for file in store.files()? {
            match store.read(&file) {
                Ok(records) => waiting.records.extend(records),
                Err(error) => waiting.troubles.push(error.to_string()),
            }
        }
        waiting.records.sort_by_key(|record| record.position);
        Ok(waiting)
    }

    /// The selected elements, each with its record, oldest first.
    fn elements<'a>(&'a self, which: &'a RejectFilter) -> impl Iterator<Item = (&'a RejectedRecord, &'a RejectedElement)> {
        let pairs = self.records.iter().flat_map(|record| record.elements.iter().map(move |element| (record, element)));
        pairs.filter(|(record, element)| which.matches(record, element))
    }

    /// The groups, one JSON object each.
    #[must_use]
    pub fn group_lines(&self, which: &RejectFilter) -> Vec<String> {
        self.groups(which).iter().map(|(kind, group)| group_line(kind, group)).collect()
    }

    fn groups(&self, which: &RejectFilter) -> RejectGroups {
        let mut groups = RejectGroups::default();
        groups.add(&RejectGroups::of(&self.records), which);
        groups
    }

    /// The groups in the requested form.
    #[must_use]
    pub fn list(&self, which: &RejectFilter, output: Output, paint: Paint) -> String {
        match output {
            Output::Table => self.table(which, paint),
            Output::Json => format!("[{}]\n", self.group_lines(which).join(",\n")),
            Output::Ndjson => self.group_lines(which).into_iter().map(|line| line + "\n").collect(),
        }
    }

    fn table(&self, which: &RejectFilter, paint: Paint) -> String {
        let mut text = String::new();
        let mut line = |words: String| writeln!(text, "{words}").expect("a String takes all");
        let groups = self.groups(which);
        for (RejectKind { reason, feed, field }, RejectGroup { count, first, last, detail }) in groups.iter() {
            let feed = if feed.is_empty() { "no feed" } else { feed };
            let field = if field.is_empty() { "the whole element" } else { field };
            line(paint.bold(&format!("{count} x {reason}, {field}, {feed}")));
            line(paint.dim(&format!("  {first} to {last}")));
            line(format!("  {detail}"));
        }
        if groups.iter().next().is_none() {
            line("no rejected record is pending".to_owned());
        } else {
            line("`plumbline rejects show` shows each record; after a repair run `plumbline rejects retry`".to_owned());
        }
        self.notes().into_iter().for_each(line);
        text
    }

    /// Further lines: files that cannot be decrypted, and deleted elements.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let gone = || {
            let elements = counted(self.dropped, "more element was", "more elements were");
            format!("{elements} deleted because of the size limit (option `refused`) or after 30 days; send them again")
        };
        self.troubles.iter().cloned().chain((self.dropped > 0).then(gone)).collect()
    }

    /// Single elements, oldest first, at most `most`.
    #[must_use]
    pub fn show(&self, which: &RejectFilter, most: usize, raw: RawBytes, output: Output) -> String {
        let shown: Vec<_> = self.elements(which).take(most).collect();
        let lines = || shown.iter().map(|(record, element)| one(record, element, raw).to_string());
        match output {
            Output::Json => format!("[{}]\n", lines().collect::<Vec<_>>().join(",\n")),
            Output::Ndjson => lines().map(|line| line + "\n").collect(),
            Output::Table => shown.iter().map(|(record, element)| described(record, element, raw)).collect(),
        }
    }
}

/// A group as a JSON object.
#[must_use]
pub fn group_line(kind: &RejectKind, group: &RejectGroup) -> String {
    json!({
        "reason": kind.reason,
        "feed": kind.feed,
        "field": kind.field,
        "count": group.count,
        "first": group.first.to_string(),
        "last": group.last.to_string(),
        "detail": group.detail,
    })
    .to_string()
}

fn feed<'a>(record: &'a RejectedRecord, element: &'a RejectedElement) -> &'a str {
    element.feed.as_deref().or(record.feed.as_deref()).unwrap_or_default()
}

fn one(record: &RejectedRecord, element: &RejectedElement, raw: RawBytes) -> Value {
    let mut value = json!({
        "record": record.position,
        "element": element.ordinal,
        "received": record.received().to_string(),
        "feed": feed(record, element),
        "reason": element.reason,
        "field": element.field,
        "detail": element.detail,
        "shape": element.excerpt,
    });
    if raw == RawBytes::Shown {
        value["raw"] = record.raw(element).into();
    }
    value
}

fn described(record: &RejectedRecord, element: &RejectedElement, raw: RawBytes) -> String {
    let feed = feed(record, element);
    let bytes = if raw == RawBytes::Shown { record.raw(element) } else { element.excerpt.clone() };
    let head = format!("{} {} {}", record.received(), element.reason, element.field);
    format!("{} {feed}\n  {}\n  {bytes}\n", head.trim_end(), element.detail)
}

/// The result of a retry, as text or JSON.
#[must_use]
pub fn retried(retried: &RetryOutcome, output: Output) -> String {
    if output != Output::Table {
        return serde_json::to_string(retried).expect("numbers can be written") + "\n";
    }
    let RetryOutcome { logged, registered, skipped, refused, sealed_files } = retried;
    let mut text = format!("{logged} logged, {registered} registered, {skipped} skipped, {refused} rejected again\n");
    if *sealed_files > 0 {
        let files = counted(*sealed_files, "file", "files");
        writeln!(text, "{files} cannot be decrypted with these keys and did not change").expect("a String takes all");
    }
    text
}

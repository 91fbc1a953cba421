//! The counts of a sender, and the rejects that it has seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::process::limits::{SEND_GAP_TEXTS, SEND_PRINTED_REJECTS};
use crate::send::sent_answer::{AnsweredGaps, SentAnswer};
use crate::terminal::count::{counted, grouped};

/// Counts of elements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SendSummary {
    /// Elements that the target answered.
    pub received: u64,
    /// Events that it logged.
    pub logged: u64,
    /// Registry entries and definitions.
    pub registered: u64,
    /// Resources of kinds that do not count.
    pub skipped: u64,
    /// Elements that it rejected.
    pub rejected: u64,
    /// Records that no request can carry, such as one beyond the service's largest body.
    pub unsent: u64,
    /// Records that a broker acknowledged.
    pub acknowledged: u64,
    /// Rejects by reason and field.
    pub reasons: BTreeMap<String, u64>,
    /// Gaps of a dry run by reason.
    pub gaps: BTreeMap<String, u64>,
    /// Gaps of a dry run by their text, such as a code that no table maps.
    pub gap_texts: BTreeMap<String, u64>,
    /// Faulty, rounded and unknown details of a dry run.
    pub details: BTreeMap<String, u64>,
}

/// A rejected element with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SentReject {
    pub(crate) file: String,
    /// The line of the file, or the first of the lines that may hold it.
    pub(crate) line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    pub(crate) reason: String,
    pub(crate) field: String,
    pub(crate) detail: String,
}

impl SentReject {
    fn text(&self) -> String {
        let SentReject { file, line, last_line, reason, detail, .. } = self;
        let until = last_line.map(|last| format!("-{last}")).unwrap_or_default();
        format!("{file}:{line}{until}: {reason}: {detail}")
    }
}

/// Receives rejects: the first are printed, and all are written to a file if there is one.
pub(crate) struct RejectList {
    pub(crate) file: Option<Box<dyn Write>>,
    pub(crate) printed: Vec<String>,
}

impl RejectList {
    pub(crate) fn add(&mut self, reject: &SentReject) -> std::io::Result<()> {
        if self.printed.len() < SEND_PRINTED_REJECTS {
            self.printed.push(reject.text());
        }
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", serde_json::to_string(reject).expect("texts and numbers serialize"))?;
        }
        Ok(())
    }
}

impl SendSummary {
    /// Adds the answer to a chunk.
    pub(crate) fn add(&mut self, answer: &SentAnswer) {
        self.received += answer.received;
        self.logged += answer.logged;
        self.registered += answer.registered;
        self.skipped += answer.skipped;
        self.rejected += answer.rejected;
        for element in answer.events.iter().filter(|element| element.status == "rejected") {
            let field = if element.field.is_empty() { String::new() } else { format!(" ({})", element.field) };
            *self.reasons.entry(format!("{}{field}", element.reason)).or_default() += 1;
        }
        for gap in answer.events.iter().flat_map(|element| &element.gaps) {
            *self.gaps.entry(gap.reason.clone()).or_default() += 1;
            if self.gap_texts.len() < SEND_GAP_TEXTS || self.gap_texts.contains_key(&gap.detail) {
                *self.gap_texts.entry(gap.detail.clone()).or_default() += 1;
            }
        }
        if let Some(gaps) = &answer.dry_run {
            self.add_details(gaps);
        }
    }

    fn add_details(&mut self, gaps: &AnsweredGaps) {
        let kinds = [
            (&gaps.dropped_details, "is faulty and absent there"),
            (&gaps.rounded_details, "is rounded to thousandths"),
            (&gaps.impossible_numbers, "numbers have not the form of their system"),
        ];
        for (counts, meaning) in kinds {
            counts.iter().for_each(|(field, count)| *self.details.entry(format!("{field} {meaning}")).or_default() += count);
        }
        if gaps.unknown_fields > 0 {
            *self.details.entry("unknown fields are ignored".to_owned()).or_default() += gaps.unknown_fields;
        }
    }

    /// Elements that the target did not take.
    #[must_use]
    pub fn not_taken(&self) -> u64 {
        self.rejected + self.unsent
    }

    /// All elements.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.received + self.unsent + self.acknowledged
    }

    /// The counts for people. `dry_run` says what would happen.
    #[must_use]
    pub fn report(&self, dry_run: bool) -> String {
        let mut text = if self.acknowledged > 0 {
            let records = counted(self.acknowledged, "record", "records");
            format!("{records} acknowledged by the brokers; the service's rejects show what it did not take\n")
        } else {
            let would = if dry_run { "would be " } else { "" };
            let SendSummary { received, logged, registered, skipped, rejected, .. } = self;
            let parts = [(*logged, "logged"), (*registered, "registered"), (*skipped, "skipped"), (*rejected, "rejected")];
            let parts: Vec<String> = parts.iter().map(|(count, word)| format!("{} {would}{word}", number(*count))).collect();
            format!("{}: {}\n", counted(*received, "element", "elements"), parts.join(", "))
        };
        if self.unsent > 0 {
            writeln!(text, "{} not sent, because no request can carry them", counted(self.unsent, "record", "records"))
                .expect("a text takes everything");
        }
        table(&mut text, &self.reasons, usize::MAX);
        if !self.gaps.is_empty() {
            text += "gaps of elements that would be logged:\n";
            table(&mut text, &self.gaps, usize::MAX);
            text += "the commonest:\n";
            table(&mut text, &self.gap_texts, SEND_PRINTED_REJECTS);
        }
        if !self.details.is_empty() {
            text += "details:\n";
            table(&mut text, &self.details, usize::MAX);
        }
        text
    }
}

/// The counts, largest first.
fn table(text: &mut String, counts: &BTreeMap<String, u64>, most: usize) {
    let mut rows: Vec<(&String, u64)> = counts.iter().map(|(word, count)| (word, *count)).collect();
    rows.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    for (word, count) in rows.into_iter().take(most) {
        writeln!(text, "  {:>9}  {word}", number(count)).expect("a text takes everything");
    }
}

fn number(count: u64) -> String {
    grouped(i64::try_from(count).unwrap_or(i64::MAX))
}

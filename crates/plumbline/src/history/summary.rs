//! The counts of a run: items read, events by outcome, cards published. They are the content of `summary.json`.

use std::collections::BTreeMap;
use std::path::Path;

use codec::formats::record_decoder::{DecodeOutcome, DetailCounts};
use scorecard::card::scorecard::Scorecard;
use scorecard::sums::measure_sums::Base;
use scorecard::time::calendar::Timestamp;
use serde::Serialize;
use stream::intake::intake_task::IntakeCounts;
use stream::tally::tally_task::Outcomes;

use crate::history::compared_roles::sentence;
use crate::history::unmapped_items::{PrescriptionSummary, unmapped_sentence};
use crate::terminal::count::counted;

/// `received = logged + registered + rejected + skipped` and `logged = accepted + duplicate + stale + conflict + sealed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Version of the engine that computed the cards.
    pub engine_version: String,
    /// Fingerprint of the measures, 32 hexadecimal digits.
    pub measure_set: String,
    /// IANA name of the zone whose calendar months are used.
    pub zone: String,
    /// The first publication time, RFC 3339.
    pub first_cut: Option<String>,
    /// The last publication time, RFC 3339.
    pub last_cut: Option<String>,
    /// Number of publications.
    pub cuts: u64,
    /// Items decoded from the raw records.
    pub received: u64,
    /// Events written to the log.
    pub logged: u64,
    /// Entries written to the registry.
    pub registered: u64,
    /// Rejected items by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Items of a type that no measure uses, by type.
    pub skipped: BTreeMap<String, u64>,
    /// Unknown fields of native events.
    pub unknown_fields: u64,
    /// Faulty details that are absent from their events, by field.
    pub dropped_details: BTreeMap<String, u64>,
    /// Numbers that were rounded to thousandths, by field.
    pub rounded_details: BTreeMap<String, u64>,
    /// Numbers of persons that cannot be of their system, by system. They count as they were sent.
    pub impossible_numbers: BTreeMap<String, u64>,
    /// Gaps of the prescriptions.
    pub prescriptions: PrescriptionSummary,
    /// The statuses of the encounters.
    pub encounters: StatusSummary,
    /// The order of versions of each feed: `id`, `updated` or `arrival`.
    pub versioning: BTreeMap<String, String>,
    /// Versions newer than every version of the event before them.
    pub accepted: u64,
    /// Versions that were known, with the same content.
    pub duplicate: u64,
    /// Versions lower than the known one.
    pub stale: u64,
    /// Versions that were known, with other content.
    pub conflict: u64,
    /// Newer versions whose month was sealed.
    pub sealed: u64,
    /// Retractions among the accepted events.
    pub retracted: u64,
    /// Facts in no row because they have no clinician.
    pub unattributed: u64,
    /// Orders among the accepted events whose category no code tells. They count nowhere.
    pub uncategorised_orders: u64,
    /// Feedback among the accepted events that answers no known question. It counts nowhere.
    pub unknown_feedback: u64,
    /// Rows that are not zero, including those of sealed months.
    pub rows: u64,
    /// Cards at the end that are not withdrawn.
    pub cards: u64,
    /// Withdrawn cards at the end.
    pub withdrawn: u64,
    /// Revisions of all cards, withdrawn ones included.
    pub revisions: u64,
    /// Revisions by reason. A revision with several reasons counts for each.
    pub revisions_by_reason: BTreeMap<String, u64>,
    /// Cards of the newest month that are compared with nobody, by role, without roll-ups: all of a role without any comparison, and those at
    /// practices out of scope.
    pub not_compared: BTreeMap<String, u64>,
    /// The size of the log. It depends on partitions and batches, so it is not in the file.
    #[serde(skip)]
    pub log: Option<LogBytes>,
}

/// The statuses of encounters in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StatusSummary {
    /// Attended encounters and encounters of unknown status.
    pub encounters: u64,
    /// Encounters of unknown status.
    pub unknown_status: u64,
}

/// The size of a log, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBytes {
    /// All topics, on the disk.
    pub disk: u64,
    /// Batches of events, as the log stores them.
    pub events: u64,
}

impl LogBytes {
    /// The size in a sentence.
    fn sentence(self, events: u64, dir: &Path) -> String {
        let each = match self.events.checked_div(events) {
            Some(each) => format!(": {} an event, and the rest for rows, cards and groups", counted(each, "byte", "bytes")),
            None => String::new(),
        };
        let megabytes = counted(self.disk.div_ceil(1_000_000), "MB", "MB");
        format!("the log in {} takes {megabytes}{each}\n", dir.join("log").display())
    }
}

impl Summary {
    /// Sets the counts of intake.
    pub fn add_intake(&mut self, counts: &IntakeCounts) {
        self.received = counts.received;
        self.logged = counts.logged;
        self.registered = counts.registered;
        self.rejected.clone_from(&counts.rejected);
        self.skipped.clone_from(&counts.skipped);
    }

    /// Sets the counts of the decoder.
    pub fn add_decoder(&mut self, counts: &DecodeOutcome) {
        let by_name = |counts: &DetailCounts| counts.iter().map(|(field, n)| (field.to_string(), *n)).collect();
        self.unknown_fields = counts.unknown_fields;
        self.dropped_details = by_name(&counts.dropped_details);
        self.rounded_details = by_name(&counts.rounded_details);
        self.impossible_numbers = by_name(&counts.impossible_numbers);
    }

    /// Adds the statuses of a row.
    pub fn add_statuses(&mut self, row: &Base) {
        let positive = |count: i64| u64::try_from(count).unwrap_or_default();
        self.encounters.unknown_status += positive(row.unknown_status);
        self.encounters.encounters += positive(row.encounters + row.unknown_status);
    }

    /// Unknown values, one line a kind, for standard error. A kind of which nothing was sent has no line.
    #[must_use]
    pub fn unknowns(&self) -> String {
        let PrescriptionSummary { items, unmapped, unmapped_by_system, without_cost, without_quantity, without_adq } =
            &self.prescriptions;
        let mut lines = Vec::new();
        if *items > 0 {
            let missing = [("cost", without_cost), ("quantity", without_quantity), ("ADQ", without_adq)];
            let missing: Vec<String> =
                missing.iter().map(|(what, n)| format!("{what} of {}", counted(**n, "item", "items"))).collect();
            lines.push(format!("codes: {}", unmapped_sentence(*unmapped, *items, unmapped_by_system)));
            lines.push(format!("missing of {}: {}", counted(*items, "item", "items"), missing.join(", ")));
        }
        let StatusSummary { encounters, unknown_status } = self.encounters;
        if unknown_status > 0 {
            let all = counted(encounters, "encounter", "encounters");
            lines.push(format!("statuses: {} of {all} unknown", counted(unknown_status, "status", "statuses")));
        }
        if !(self.dropped_details.is_empty() && self.rounded_details.is_empty()) {
            let [dropped, rounded] = [listed("dropped", &self.dropped_details), listed("rounded", &self.rounded_details)];
            lines.push(format!("details: {dropped}, {rounded}"));
        }
        if !self.impossible_numbers.is_empty() {
            lines.push(format!("numbers of persons: {}", listed("impossible", &self.impossible_numbers)));
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Adds the counts of a tally.
    pub fn add_outcomes(&mut self, outcomes: Outcomes, unattributed: u64) {
        self.accepted += outcomes.accepted;
        self.duplicate += outcomes.duplicate;
        self.stale += outcomes.stale;
        self.conflict += outcomes.conflict;
        self.sealed += outcomes.sealed;
        self.retracted += outcomes.retracted;
        self.unattributed += unattributed;
        self.uncategorised_orders += outcomes.uncategorised;
        self.unknown_feedback += outcomes.unknown_feedback;
    }

    /// The counts in a few lines, for standard error. `dir` is the folder of the files.
    #[must_use]
    pub fn report(&self, dir: &Path) -> String {
        let items = counted(self.received, "item", "items");
        let events = counted(self.logged, "event", "events");
        let entries = counted(self.registered, "registry entry", "registry entries");
        let [rejected, skipped] = [listed("rejected", &self.rejected), listed("skipped", &self.skipped)];
        format!(
            "read {items}: {events} logged, {entries}, {rejected}, {skipped}\n{}\n{}{}\nfiles are in {}\n{}{}",
            self.outcomes(),
            self.uncounted(),
            self.published(),
            dir.display(),
            self.log.map(|log| log.sentence(self.logged, dir)).unwrap_or_default(),
            sentence(&self.not_compared)
        )
    }

    /// How the tallies counted the logged events.
    fn outcomes(&self) -> String {
        let same = |count, word| counted(count, word, word);
        let retractions = counted(self.retracted, "retraction", "retractions");
        let duplicates = counted(self.duplicate, "duplicate", "duplicates");
        let conflicts = counted(self.conflict, "conflict", "conflicts");
        format!(
            "events: {} ({retractions}, {}), {duplicates}, {}, {conflicts}, {}",
            same(self.accepted, "accepted"),
            same(self.unattributed, "without a clinician"),
            same(self.stale, "stale"),
            same(self.sealed, "in sealed months")
        )
    }

    /// The accepted events that count nowhere because of their codes, a line for each kind.
    fn uncounted(&self) -> String {
        let mut lines = String::new();
        if self.uncategorised_orders > 0 {
            let orders = counted(self.uncategorised_orders, "order counts", "orders count");
            lines +=
                &format!("{orders} nowhere, because no code tells the category; map the codes with a file of the table orders\n");
        }
        if self.unknown_feedback > 0 {
            let answers = counted(self.unknown_feedback, "questionnaire counts", "questionnaires count");
            lines += &format!(
                "{answers} nowhere, because no question is known; map the questions with a file of the table questions\n"
            );
        }
        lines
    }

    fn published(&self) -> String {
        let cuts = counted(self.cuts, "publication", "publications");
        let (cards, revisions) = (counted(self.cards, "card", "cards"), counted(self.revisions, "revision", "revisions"));
        let reasons = if self.revisions == 0 { String::new() } else { format!(" ({})", parts(&self.revisions_by_reason)) };
        format!("{cuts}: {cards} in {revisions}{reasons}")
    }

    /// Whether every event was rejected. The registry entries of a file may have been accepted.
    #[must_use]
    pub fn is_all_rejected(&self) -> bool {
        self.logged == 0 && !self.rejected.is_empty()
    }

    /// Counts a cut.
    pub fn add_cut(&mut self, at: Timestamp) {
        self.first_cut.get_or_insert_with(|| at.to_string());
        self.last_cut = Some(at.to_string());
        self.cuts += 1;
    }

    /// Counts a revision by its reasons.
    pub fn add_revision(&mut self, card: &Scorecard) {
        self.revisions += 1;
        for reason in card.reasons.iter() {
            *self.revisions_by_reason.entry(reason.cause.word().to_owned()).or_default() += 1;
        }
    }
}

/// The sum with its parts: `3 rejected (1 not_json, 2 unknown_type)`.
fn listed(what: &str, counts: &BTreeMap<String, u64>) -> String {
    let sum = counted(counts.values().sum(), what, what);
    if counts.is_empty() { sum } else { format!("{sum} ({})", parts(counts)) }
}

fn parts(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts.iter().map(|(what, n)| counted(*n, what, what)).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_nothing_is_in_empty_brackets() {
        let one = Summary { received: 1, logged: 1, accepted: 1, cuts: 1, cards: 1, revisions: 1, ..Summary::default() };
        let one = Summary { revisions_by_reason: BTreeMap::from([("first".to_owned(), 1)]), ..one };
        let text = one.report(Path::new("out"));
        assert!(text.starts_with("read 1 item: 1 event logged, 0 registry entries, 0 rejected, 0 skipped\n"), "{text}");
        assert!(text.contains("\n1 publication: 1 card in 1 revision (1 first)\nfiles are in out\n"), "{text}");
        let log = Some(LogBytes { disk: 2_000_001, events: 500 });
        let sized = Summary { logged: 4, log, ..Summary::default() }.report(Path::new("out"));
        assert!(sized.ends_with("the log in out/log takes 3 MB: 125 bytes an event, and the rest for rows, cards and groups\n"));
        let uncounted = Summary { uncategorised_orders: 1, unknown_feedback: 2, ..Summary::default() }.report(Path::new("out"));
        assert!(uncounted.contains("\n1 order counts nowhere, ") && uncounted.contains("\n2 questionnaires count nowhere, "));
        let empty = Summary { log, ..Summary::default() }.report(Path::new("out"));
        assert!(empty.ends_with("the log in out/log takes 3 MB\n"), "{empty}");
        let none = Summary::default().report(Path::new("out"));
        assert!(none.contains("0 publications: 0 cards in 0 revisions\n") && !none.contains("()"), "{none}");
    }

    #[test]
    fn every_event_rejected_is_told_from_nothing_read_and_from_some_logged() {
        let rejected = BTreeMap::from([("not_json".to_owned(), 2)]);
        let all = Summary { received: 3, registered: 1, rejected, ..Summary::default() };
        assert!(all.is_all_rejected());
        assert!(!Summary { logged: 1, ..all }.is_all_rejected());
        assert!(!Summary::default().is_all_rejected());
    }
}

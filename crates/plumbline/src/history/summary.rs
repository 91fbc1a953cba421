//! What became of everything that was read, and what was published: `summary.json`.

use std::collections::BTreeMap;
use std::path::Path;

use scorecard::card::scorecard::Scorecard;
use scorecard::time::calendar::Timestamp;
use serde::Serialize;
use stream::intake::intake_task::IntakeCounts;
use stream::tally::tally_task::Outcomes;

use crate::view::terminal_card::grouped;

/// `received = logged + registered + rejected + skipped` and `logged = accepted + duplicate + stale + conflict + sealed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Version of the engine that computed the cards.
    pub engine_version: String,
    /// Fingerprint of the measures, 32 hexadecimal digits.
    pub measure_set: String,
    /// IANA name of the zone whose months were counted.
    pub zone: String,
    /// The first publication instant, RFC 3339.
    pub first_cut: Option<String>,
    /// The last one.
    pub last_cut: Option<String>,
    /// How many there were.
    pub cuts: u64,
    /// Items of raw records.
    pub received: u64,
    /// Events that went into the log.
    pub logged: u64,
    /// Entries that went into the registry.
    pub registered: u64,
    /// Items that were refused, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Items of a kind that is not counted, by type.
    pub skipped: BTreeMap<String, u64>,
    /// Fields of native events that nobody reads.
    pub unknown_fields: u64,
    /// Newest versions that count, hold or take back.
    pub accepted: u64,
    /// Versions that were there already.
    pub duplicate: u64,
    /// Versions lower than the one that was there.
    pub stale: u64,
    /// Versions that were there with other content.
    pub conflict: u64,
    /// Newest versions whose month was sealed.
    pub sealed: u64,
    /// Of the accepted: retractions.
    pub retracted: u64,
    /// Facts that count but stand in no row, for want of a clinician.
    pub unattributed: u64,
    /// Clinician months that are not zero, sealed ones included.
    pub rows: u64,
    /// Cards that stand at the end.
    pub cards: u64,
    /// Cards that were withdrawn.
    pub withdrawn: u64,
    /// Revisions of all cards.
    pub revisions: u64,
    /// Revisions by reason; one with several reasons counts for each.
    pub revisions_by_reason: BTreeMap<String, u64>,
}

impl Summary {
    /// Puts in what intake has done.
    pub fn add_intake(&mut self, counts: &IntakeCounts) {
        self.received = counts.received;
        self.logged = counts.logged;
        self.registered = counts.registered;
        self.rejected.clone_from(&counts.rejected);
        self.skipped.clone_from(&counts.skipped);
    }

    /// Adds what tallies have made of it.
    pub fn add_outcomes(&mut self, outcomes: Outcomes, unattributed: u64) {
        self.accepted += outcomes.accepted;
        self.duplicate += outcomes.duplicate;
        self.stale += outcomes.stale;
        self.conflict += outcomes.conflict;
        self.sealed += outcomes.sealed;
        self.retracted += outcomes.retracted;
        self.unattributed += unattributed;
    }

    /// The counts in a few lines, for standard error. `dir` is where the files lie.
    #[must_use]
    pub fn told(&self, dir: &Path) -> String {
        let mut lines = vec![format!(
            "received {}: logged {}, registered {}, rejected {}, skipped {}",
            count(self.received),
            count(self.logged),
            count(self.registered),
            listed(&self.rejected),
            listed(&self.skipped)
        )];
        lines.push(format!(
            "of the logged: accepted {} (retracted {}, unattributed {}), duplicate {}, stale {}, conflict {}, sealed {}",
            count(self.accepted),
            count(self.retracted),
            count(self.unattributed),
            count(self.duplicate),
            count(self.stale),
            count(self.conflict),
            count(self.sealed)
        ));
        lines.push(format!(
            "published at {} instants: {} cards in {} revisions ({})",
            count(self.cuts),
            count(self.cards),
            count(self.revisions),
            parts(&self.revisions_by_reason)
        ));
        lines.push(format!("in {}", dir.display()));
        lines.join("\n") + "\n"
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
        for reason in &card.reasons {
            *self.revisions_by_reason.entry(reason.cause.word().to_owned()).or_default() += 1;
        }
    }
}

fn count(n: u64) -> String {
    grouped(i64::try_from(n).unwrap_or(i64::MAX))
}

/// The sum, and what it is made of: `3 (not_json 1, unknown_type 2)`.
fn listed(counts: &BTreeMap<String, u64>) -> String {
    let sum = count(counts.values().sum());
    if counts.is_empty() { sum } else { format!("{sum} ({})", parts(counts)) }
}

fn parts(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts.iter().map(|(what, n)| format!("{what} {}", count(*n))).collect();
    parts.join(", ")
}

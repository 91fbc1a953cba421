//! The facts of a card's revisions that decide whether a lead sees the newest one yet.

use std::collections::BTreeMap;

use scorecard::card::scorecard::{Scorecard, Status, VerdictWord};
use scorecard::time::calendar::Timestamp;

/// The state of a card in one revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardPhase {
    /// The month is provisional.
    Provisional,
    /// The month is final.
    Final,
    /// The card is withdrawn.
    Withdrawn,
}

impl CardPhase {
    /// The phase of a card's status.
    #[must_use]
    pub fn of(status: Status) -> CardPhase {
        match status {
            Status::Provisional => CardPhase::Provisional,
            Status::Final | Status::Restated => CardPhase::Final,
            Status::Withdrawn => CardPhase::Withdrawn,
        }
    }
}

/// One revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevisionFacts {
    /// The state of the card.
    pub phase: CardPhase,
    /// The newest instant at which a later revision brought a "please check" that this revision still has. `None` where each was in the
    /// revision that became final, so that the clinician had the provisional weeks to see it.
    pub checks_since: Option<Timestamp>,
}

/// The part of a revision that [`facts_of`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RevisionFindings {
    /// The cut that published it.
    pub(crate) cut: Timestamp,
    /// The status of the card.
    pub(crate) status: Status,
    /// Ids of the measures that ask to be checked.
    pub(crate) checks: Vec<String>,
}

/// The facts of each revision, oldest first, as `revisions` are.
#[must_use]
pub fn revision_facts(revisions: &[Scorecard]) -> Vec<RevisionFacts> {
    let findings = |card: &Scorecard| {
        let checks = card.content.measures.iter().filter(|measure| measure.verdict == Some(VerdictWord::PleaseCheck));
        let checks = checks.map(|measure| measure.id.to_string()).collect();
        RevisionFindings { cut: card.cut, status: card.content.status, checks }
    };
    facts_of(revisions.iter().map(findings))
}

/// A finding keeps the instant at which it appeared for as long as the following revisions have it. A revision without news therefore
/// never shortens the wait of an earlier one. The first revision of a card that is final at once was never provisional, so its findings
/// are new.
fn facts_of(revisions: impl Iterator<Item = RevisionFindings>) -> Vec<RevisionFacts> {
    let mut since: BTreeMap<String, Option<Timestamp>> = BTreeMap::new();
    let mut before: Option<CardPhase> = None;
    let mut facts = Vec::new();
    for RevisionFindings { cut, status, checks } in revisions {
        let phase = CardPhase::of(status);
        // A finding of the last provisional revision, or of the one that became final, is no news.
        let is_news = phase == CardPhase::Final && before != Some(CardPhase::Provisional);
        let fresh = is_news.then_some(cut);
        since = checks.into_iter().map(|id| (since.get(&id).copied().unwrap_or(fresh), id)).map(|(at, id)| (id, at)).collect();
        facts.push(RevisionFacts { phase, checks_since: since.values().copied().flatten().max() });
        before = Some(phase);
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each revision its day, its status and its findings: the days since which the facts have a finding that is news.
    fn days(revisions: &[(i64, Status, &[&str])]) -> Vec<Option<i64>> {
        let findings = revisions.iter().map(|(day, status, checks)| RevisionFindings {
            cut: Timestamp(day * 86_400_000),
            status: *status,
            checks: checks.iter().map(|id| (*id).to_owned()).collect(),
        });
        facts_of(findings).iter().map(|facts| facts.checks_since.map(|at| at.0 / 86_400_000)).collect()
    }

    #[test]
    fn findings_of_the_final_revision_are_no_news_and_later_ones_are() {
        let revisions: [(i64, Status, &[&str]); 4] = [
            (1, Status::Provisional, &[]),
            (30, Status::Final, &["a"]),
            (40, Status::Restated, &["a"]),
            (50, Status::Restated, &["a", "b"]),
        ];
        assert_eq!(days(&revisions), [None, None, None, Some(50)]);
    }

    #[test]
    fn a_further_revision_does_not_shorten_the_wait_and_a_finding_that_returns_waits_again() {
        let revisions: [(i64, Status, &[&str]); 6] = [
            (30, Status::Provisional, &[]),
            (35, Status::Final, &[]),
            (50, Status::Restated, &["b"]),
            (51, Status::Restated, &["b"]),
            (60, Status::Restated, &[]),
            (70, Status::Restated, &["b"]),
        ];
        assert_eq!(days(&revisions), [None, None, Some(50), Some(50), None, Some(70)]);
    }

    #[test]
    fn a_card_that_was_never_provisional_brings_news() {
        assert_eq!(days(&[(40, Status::Restated, &["a"])]), [Some(40)]);
        let returned: [(i64, Status, &[&str]); 3] =
            [(36, Status::Final, &["a"]), (37, Status::Withdrawn, &[]), (40, Status::Restated, &["a"])];
        assert_eq!(days(&returned), [Some(36), None, Some(40)]);
    }
}

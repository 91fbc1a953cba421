//! The one decision about a card: what a reader sees of it now.
//!
//! The table of `docs/operate/security.md` lists every case. A test reads it and asks [`sight`] for each.

use scorecard::scoring::disclosure::Audience;
use scorecard::time::calendar::Timestamp;

use crate::sign_in::access::reader::{Reader, ReaderRole};
use crate::sign_in::access::revision_facts::{CardPhase, RevisionFacts};

/// The part of a card that a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardSight {
    /// The card with its name, as far as this audience sees its numbers.
    Named(Audience),
    /// Rounded figures of groups that contain the card, without a name.
    Disclosed(Audience),
    /// That there is a card, and whether it is ready.
    ReadyOnly,
    /// Nothing.
    Nothing,
}

impl CardSight {
    /// Its word in the table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CardSight::Named(_) => "named",
            CardSight::Disclosed(_) => "disclosed",
            CardSight::ReadyOnly => "ready",
            CardSight::Nothing => "nothing",
        }
    }
}

/// A card in one of its revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardFacts<'a> {
    /// Id of the clinician.
    pub clinician: &'a str,
    /// Code of the practice; empty for the card over all practices.
    pub practice: &'a str,
    /// The revision.
    pub revision: RevisionFacts,
}

/// The decision.
///
/// `wait_seconds` is the time for which the clinician alone sees a "please check" of a later revision. The practices of the reader are
/// those of `now`, so a lead whose role ended sees nothing.
#[must_use]
pub fn sight(reader: &Reader, card: CardFacts<'_>, wait_seconds: u32, now: Timestamp) -> CardSight {
    let RevisionFacts { phase, checks_since } = card.revision;
    let is_own = reader.person.as_deref() == Some(card.clinician);
    let is_theirs = !card.practice.is_empty() && reader.practices.contains(card.practice);
    match (reader.role, phase) {
        (ReaderRole::Own, _) if is_own => CardSight::Named(Audience::Own),
        (ReaderRole::Own | ReaderRole::Administrator | ReaderRole::Auditor, _) => CardSight::Nothing,
        (ReaderRole::Lead, CardPhase::Withdrawn) => CardSight::Nothing,
        // Nobody leads a talk with themselves: another lead of the practice, or nobody, sees the card.
        (ReaderRole::Lead, _) if is_own || !is_theirs => CardSight::Nothing,
        (ReaderRole::Lead, CardPhase::Provisional) => CardSight::ReadyOnly,
        (ReaderRole::Lead, CardPhase::Final) => match checks_since {
            Some(since) if now < since.plus_seconds(wait_seconds.into()) => CardSight::ReadyOnly,
            _ => CardSight::Named(Audience::ClinicalLead),
        },
        (ReaderRole::LocalityLead, CardPhase::Final) if is_theirs => CardSight::Disclosed(Audience::LocalityLead),
        (ReaderRole::Analyst, CardPhase::Final) if !card.practice.is_empty() => CardSight::Disclosed(Audience::Analyst),
        (ReaderRole::LocalityLead | ReaderRole::Analyst, _) => CardSight::Nothing,
    }
}

/// The newest revision that the reader sees by name, as an index of `revisions`, and what they see of it.
///
/// A reader who waits for the newest revision keeps the one before it. A withdrawn card has no earlier revision to show.
#[must_use]
pub fn newest_sight(
    reader: &Reader,
    (clinician, practice): (&str, &str),
    revisions: &[RevisionFacts],
    wait_seconds: u32,
    now: Timestamp,
) -> (CardSight, usize) {
    let of = |revision: RevisionFacts| sight(reader, CardFacts { clinician, practice, revision }, wait_seconds, now);
    let Some(last) = revisions.len().checked_sub(1) else { return (CardSight::Nothing, 0) };
    let newest = of(revisions[last]);
    if newest != CardSight::ReadyOnly {
        return (newest, last);
    }
    let earlier = (0..last).rev().map(|at| (of(revisions[at]), at)).find(|(seen, _)| matches!(seen, CardSight::Named(_)));
    earlier.unwrap_or((newest, last))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sign_in::access::page_access::{PageKind, opens};

    const SECURITY: &str = include_str!("../../../../../docs/operate/security.md");
    const WEEK: u32 = 7 * 86_400;
    const NOW: Timestamp = Timestamp(100 * 86_400_000);

    /// The cells of the table between two markers of the page, without its head.
    fn table(name: &str) -> Vec<Vec<String>> {
        let begin = format!("<!-- {name} -->\n");
        let text = SECURITY.split(&begin).nth(1).expect("the table is marked").split("\n\n").next().expect("it ends");
        let rows = text.lines().skip(2).map(|row| {
            row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "").to_owned()).collect::<Vec<String>>()
        });
        rows.collect()
    }

    fn days_ago(days: i64) -> Option<Timestamp> {
        Some(NOW.plus_seconds(-days * 86_400))
    }

    /// The revisions of a column.
    fn phase(column: &str) -> RevisionFacts {
        let facts = |phase, checks_since| RevisionFacts { phase, checks_since };
        match column {
            "provisional" => facts(CardPhase::Provisional, None),
            "final" => facts(CardPhase::Final, None),
            "new check, day 6" => facts(CardPhase::Final, days_ago(6)),
            "new check, day 7" => facts(CardPhase::Final, days_ago(7)),
            "withdrawn" => facts(CardPhase::Withdrawn, None),
            other => panic!("the table has an unknown column {other:?}"),
        }
    }

    /// A reader of a role, and the clinician and practice of the card that a row names.
    fn case(role: ReaderRole, relation: &str) -> (Reader, &'static str, &'static str) {
        let practices = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<BTreeSet<String>>();
        let reader = |person: &str, codes: &[&str]| Reader { person: Some(person.to_owned()), role, practices: practices(codes) };
        match relation {
            "own card" | "own practice" => (reader("p1", &["A1"]), if role == ReaderRole::Own { "p1" } else { "p2" }, "A1"),
            "own card, other practice" => (reader("p1", &["A1"]), "p1", "A2"),
            "own card as lead" => (reader("p1", &["A1"]), "p1", "A1"),
            "colleague" => (reader("p1", &["A1"]), "p2", "A1"),
            "other practice" => (reader("p1", &["A1"]), "p2", "A2"),
            "all practices" => (reader("p1", &["A1"]), if role == ReaderRole::Own { "p1" } else { "p2" }, ""),
            "role ended" => (reader("p1", &[]), "p2", "A1"),
            other => panic!("the table has an unknown relation {other:?}"),
        }
    }

    #[test]
    fn each_cell_of_the_documented_table_of_cards_is_what_the_code_decides() {
        let columns = ["provisional", "final", "new check, day 6", "new check, day 7", "withdrawn"];
        let rows = table("cards");
        let mut roles = BTreeSet::new();
        for row in &rows {
            let [role, relation, cells @ ..] = row.as_slice() else { panic!("{row:?}") };
            let role = ReaderRole::of_word(role).expect("the table names roles");
            roles.insert(role);
            assert_eq!(cells.len(), columns.len(), "{row:?}");
            for (column, cell) in columns.iter().zip(cells) {
                let (reader, clinician, practice) = case(role, relation);
                let card = CardFacts { clinician, practice, revision: phase(column) };
                assert_eq!(sight(&reader, card, WEEK, NOW).word(), cell, "{} {relation}, {column}", role.word());
            }
        }
        assert_eq!(roles.len(), ReaderRole::ALL.len(), "every role has a row");
        assert!(rows.len() >= 15, "{}", rows.len());
    }

    #[test]
    fn each_cell_of_the_documented_table_of_pages_is_what_the_code_decides() {
        let rows = table("pages");
        assert_eq!(rows.len(), PageKind::ALL.len());
        for row in rows {
            let [page, cells @ ..] = row.as_slice() else { panic!("{row:?}") };
            let kind = PageKind::ALL.into_iter().find(|kind| kind.word() == *page).expect("the table names pages");
            assert_eq!(cells.len(), ReaderRole::ALL.len(), "{row:?}");
            for (role, cell) in ReaderRole::ALL.into_iter().zip(cells) {
                let (reader, ..) = case(role, "own practice");
                let [own, other] = ["A1", "A2"].map(|practice| opens(&reader, kind, practice));
                let word = match (own, other) {
                    (true, true) => "yes",
                    (true, false) => "own",
                    (false, false) => "no",
                    (false, true) => "wrong",
                };
                assert_eq!(word, cell, "{} on {page}", role.word());
            }
        }
    }

    #[test]
    fn a_lead_who_waits_keeps_the_revision_before_and_a_withdrawn_card_has_none() {
        let (lead, clinician, practice) = case(ReaderRole::Lead, "own practice");
        let newest = |columns: &[&str]| {
            let revisions: Vec<RevisionFacts> = columns.iter().map(|column| phase(column)).collect();
            let (seen, at) = newest_sight(&lead, (clinician, practice), &revisions, WEEK, NOW);
            (seen.word(), at)
        };
        assert_eq!(newest(&["provisional", "final", "new check, day 6"]), ("named", 1));
        assert_eq!(newest(&["provisional", "final", "new check, day 7"]), ("named", 2));
        assert_eq!(newest(&["new check, day 6"]), ("ready", 0));
        assert_eq!(newest(&["provisional", "provisional"]), ("ready", 1));
        assert_eq!(newest(&["provisional", "final", "withdrawn"]), ("nothing", 2));
        assert_eq!(newest(&[]), ("nothing", 0));
    }
}

//! The cards of the newest month that are compared with nobody, by role.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::card::scorecard::{Content, Scorecard, Status, VerdictWord};
use scorecard::registry::setting::COMPARED_SETTING;
use scorecard::time::calendar::Month;
use scorecard::verdict::constants::LEAST_NETWORK;

use crate::terminal::count::counted;

/// The newest cards of the newest month, by key.
#[derive(Debug, Default)]
pub struct ComparedRoles {
    month: Option<Month>,
    cards: BTreeMap<String, (String, Comparison)>,
}

/// How far a card is compared with colleagues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    /// A measure has a verdict.
    Verdict,
    /// Nothing has a verdict, because of the values.
    NoVerdict,
    /// It has values, and none of them has colleagues.
    NoColleagues,
}

impl Comparison {
    fn of(content: &Content) -> Comparison {
        let values = || content.measures.iter().filter(|measure| measure.value.is_some());
        if is_compared(content) {
            Comparison::Verdict
        } else if values().count() > 0 && values().all(|measure| measure.comparator.is_none()) {
            Comparison::NoColleagues
        } else {
            Comparison::NoVerdict
        }
    }
}

/// Whether any measure of a card is compared with colleagues.
#[must_use]
pub fn is_compared(content: &Content) -> bool {
    content.measures.iter().any(|measure| measure.verdict.is_some_and(|verdict| verdict != VerdictWord::Mixed))
}

impl ComparedRoles {
    /// Adds a revision. Revisions of one card come in their order. Roll-ups are left out, because few clinicians have one.
    pub fn add(&mut self, card: &Scorecard) {
        let (subject, month) = (&card.content.subject, card.content.period.month);
        if subject.practice.is_empty() || self.month > Some(month) {
            return;
        }
        if self.month < Some(month) {
            *self = ComparedRoles { month: Some(month), cards: BTreeMap::new() };
        }
        if card.content.status == Status::Withdrawn {
            self.cards.remove(&card.key());
        } else {
            self.cards.insert(card.key(), (subject.role.clone(), Comparison::of(&card.content)));
        }
    }

    /// The number of cards of each role that are compared with nobody: all cards of a role without any comparison. In another role those
    /// with values and without colleagues count, such as those at a practice out of scope.
    #[must_use]
    pub fn not_compared(&self) -> BTreeMap<String, u64> {
        let compared: BTreeSet<&str> =
            self.cards.values().filter(|(_, comparison)| *comparison == Comparison::Verdict).map(|(role, _)| &**role).collect();
        let mut roles: BTreeMap<String, u64> = BTreeMap::new();
        for (role, comparison) in self.cards.values() {
            if *comparison == Comparison::NoColleagues || !compared.contains(&**role) {
                *roles.entry(role.clone()).or_default() += 1;
            }
        }
        roles
    }
}

/// The roles in a sentence with its cure; empty without any.
#[must_use]
pub fn sentence(not_compared: &BTreeMap<String, u64>) -> String {
    if not_compared.is_empty() {
        return String::new();
    }
    let roles: Vec<String> =
        not_compared.iter().map(|(role, cards)| format!("{role} ({})", counted(*cards, "card", "cards"))).collect();
    format!(
        "compared with nobody in the newest month: {}. A comparison needs {LEAST_NETWORK} clinicians of the role at \
         practices of the setting {COMPARED_SETTING} with enough data; check roles and settings in the registry\n",
        roles.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_with_cards_compared_with_nobody_is_named() {
        assert_eq!(sentence(&BTreeMap::new()), "");
        let text = sentence(&BTreeMap::from([("gp".to_owned(), 12), ("nurse".to_owned(), 1)]));
        assert!(text.starts_with("compared with nobody in the newest month: gp (12 cards), nurse (1 card). "), "{text}");
        assert!(text.contains("20 clinicians") && text.ends_with("in the registry\n"), "{text}");
    }
}

//! The roles of the newest month in which no card is compared with colleagues, with their numbers of cards.

use std::collections::BTreeMap;

use scorecard::card::scorecard::{Content, Scorecard, Status, VerdictWord};
use scorecard::registry::setting::COMPARED_SETTING;
use scorecard::time::calendar::Month;
use scorecard::verdict::constants::LEAST_NETWORK;

use crate::terminal::count::counted;

/// The newest cards of the newest month, by key.
#[derive(Debug, Default)]
pub struct ComparedRoles {
    month: Option<Month>,
    cards: BTreeMap<String, (String, bool)>,
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
            self.cards.insert(card.key(), (subject.role.clone(), is_compared(&card.content)));
        }
    }

    /// The number of cards of each role in which no card is compared.
    #[must_use]
    pub fn not_compared(&self) -> BTreeMap<String, u64> {
        let mut roles: BTreeMap<&str, (u64, bool)> = BTreeMap::new();
        for (role, compared) in self.cards.values() {
            let of = roles.entry(role).or_default();
            *of = (of.0 + 1, of.1 || *compared);
        }
        let alone = roles.into_iter().filter(|(_, (_, compared))| !compared);
        alone.map(|(role, (cards, _))| (role.to_owned(), cards)).collect()
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
        "nobody is compared in the newest month with the role {}. A comparison needs {LEAST_NETWORK} clinicians of the role at \
         practices of the setting {COMPARED_SETTING} with enough data; check roles and settings in the registry\n",
        roles.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_without_a_comparison_is_named_with_its_cards() {
        assert_eq!(sentence(&BTreeMap::new()), "");
        let text = sentence(&BTreeMap::from([("gp".to_owned(), 12), ("nurse".to_owned(), 1)]));
        assert!(
            text.starts_with("nobody is compared in the newest month with the role gp (12 cards), nurse (1 card). "),
            "{text}"
        );
        assert!(text.contains("20 clinicians") && text.ends_with("in the registry\n"), "{text}");
    }
}

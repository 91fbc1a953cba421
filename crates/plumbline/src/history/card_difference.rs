//! The differences between the published cards and the recomputed ones.

use std::collections::BTreeMap;
use std::fmt;

use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::time::calendar::Month;

/// The compared part of a card. A whole card has several kilobytes, and there may be a million cards.
#[derive(Clone, Debug, PartialEq)]
pub struct CardOutline {
    month: Month,
    status: Status,
    content_hash: String,
    /// By measure and months of the window: numerator, denominator, value.
    values: BTreeMap<(String, u8), Values>,
}

type Values = (i64, i64, Option<f64>);

impl CardOutline {
    /// The outline of a card.
    #[must_use]
    pub fn of(card: &Scorecard) -> CardOutline {
        let values = card.content.measures.iter().map(|one| ((one.id.to_string(), one.window), (one.n, one.d, one.value)));
        CardOutline {
            month: card.content.period.month,
            status: card.content.status,
            content_hash: card.content_hash.clone(),
            values: values.collect(),
        }
    }

    /// The card's month.
    #[must_use]
    pub fn month(&self) -> Month {
        self.month
    }

    /// The card's status.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    fn is_valid(&self) -> bool {
        self.status != Status::Withdrawn
    }
}

/// One difference of a card.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// It was not published.
    Added,
    /// It was published, and was not recomputed.
    Gone,
    /// The headline window of a measure, before and after; `None` if the card lacks the measure.
    Value {
        /// Id of the measure.
        measure: String,
        /// Months of the window.
        window: u8,
        /// The published values.
        before: Option<Values>,
        /// The recomputed values.
        after: Option<Values>,
    },
    /// Every number is the same; definition, peers, points or attribution differ.
    Context,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Added => f.write_str("added"),
            Difference::Gone => f.write_str("gone"),
            Difference::Value { measure, window, before, after } => {
                write!(f, "{measure} of {window}: {} -> {}", described(before.as_ref()), described(after.as_ref()))
            }
            Difference::Context => f.write_str("same numbers, other definition, peers, points or attribution"),
        }
    }
}

fn described(values: Option<&Values>) -> String {
    match values {
        None => "none".to_owned(),
        Some((n, d, None)) => format!("{n}/{d} (not shown)"),
        Some((n, d, Some(value))) => format!("{n}/{d} = {value}"),
    }
}

/// Every difference, sorted by the card's key.
#[must_use]
pub fn differences<'a>(
    before: &'a BTreeMap<String, CardOutline>,
    after: &'a BTreeMap<String, CardOutline>,
) -> Vec<(&'a str, Difference)> {
    let mut found = Vec::new();
    for (key, old) in before.iter().filter(|(_, card)| card.is_valid()) {
        match after.get(key).filter(|card| card.is_valid()) {
            None => found.push((key.as_str(), Difference::Gone)),
            Some(new) => found.extend(of_card(old, new).into_iter().map(|difference| (key.as_str(), difference))),
        }
    }
    let was_valid = |key: &String| before.get(key).is_some_and(CardOutline::is_valid);
    let added = after.iter().filter(|(key, card)| card.is_valid() && !was_valid(key));
    found.extend(added.map(|(key, _)| (key.as_str(), Difference::Added)));
    found.sort_by_key(|(key, _)| *key);
    found
}

fn of_card(old: &CardOutline, new: &CardOutline) -> Vec<Difference> {
    if old.content_hash == new.content_hash {
        return Vec::new();
    }
    let mut found: Vec<Difference> = Vec::new();
    let keys = old.values.keys().chain(new.values.keys().filter(|key| !old.values.contains_key(*key)));
    for key in keys {
        let (before, after) = (old.values.get(key).copied(), new.values.get(key).copied());
        if before != after {
            let (measure, window) = key.clone();
            found.push(Difference::Value { measure, window, before, after });
        }
    }
    if found.is_empty() {
        found.push(Difference::Context);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(status: Status, hash: &str, values: &[(&str, u8, Values)]) -> CardOutline {
        let values = values.iter().map(|(measure, window, values)| (((*measure).to_owned(), *window), *values)).collect();
        CardOutline { month: "2026-10".parse().unwrap(), status, content_hash: hash.to_owned(), values }
    }

    fn found(before: &[(&str, CardOutline)], after: &[(&str, CardOutline)]) -> Vec<String> {
        let map = |cards: &[(&str, CardOutline)]| cards.iter().map(|(key, card)| ((*key).to_owned(), card.clone())).collect();
        let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) = (map(before), map(after));
        differences(&before, &after).iter().map(|(key, difference)| format!("{key} {difference}")).collect()
    }

    #[test]
    fn added_gone_and_changed_cards_have_their_numbers_before_and_after() {
        let same = card(Status::Final, "h", &[("dna_rate", 12, (1, 20, Some(5.0)))]);
        let changed = card(Status::Final, "i", &[("dna_rate", 12, (2, 20, Some(10.0))), ("saba", 3, (1, 4, None))]);
        let before = [("a", same.clone()), ("b", same.clone()), ("c", same.clone())];
        let after = [("a", same.clone()), ("b", changed), ("d", same.clone())];
        assert_eq!(
            found(&before, &after),
            ["b dna_rate of 12: 1/20 = 5 -> 2/20 = 10", "b saba of 3: none -> 1/4 (not shown)", "c gone", "d added",]
        );
        assert!(found(&before, &before).is_empty());
    }

    #[test]
    fn a_withdrawn_card_is_no_card_and_a_change_of_peers_alone_is_named() {
        let valid = |hash: &str| card(Status::Restated, hash, &[("saba", 12, (3, 30, Some(10.0)))]);
        let withdrawn = card(Status::Withdrawn, "w", &[]);
        assert!(found(&[("a", withdrawn.clone())], &[]).is_empty());
        assert_eq!(found(&[("a", valid("h"))], &[("a", withdrawn)]), ["a gone"]);
        assert_eq!(
            found(&[("a", valid("h"))], &[("a", valid("i"))]),
            ["a same numbers, other definition, peers, points or attribution"]
        );
    }
}

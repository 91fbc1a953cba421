//! Gaps of prescriptions: codes that no table maps, and absent costs, quantities and average daily quantities.
//!
//! The newest version of each event counts, as in the fold. References count as the codes that they lead to.

use std::collections::BTreeMap;

use scorecard::event::{Action, Batch, CodeDefinition, Codes, Detail, Event, IdScope, Prescription};
use scorecard::fold::code_counts::{NO_CODE, UNRESOLVED};
use scorecard::fold::fast_map::FastMap;
use scorecard::measure::code_book::{CodeBook, DrugMeaning};
use scorecard::measure::vocabulary::short_system;

use crate::history::unmapped_items::UnmappedItems;

/// Prescriptions of any number of feeds.
#[derive(Debug, Default)]
pub struct PrescriptionCoverage {
    /// The newest version of each event, by feed and id.
    newest: FastMap<Box<str>, Newest>,
    /// Each distinct drug once, with the feed of its reference.
    drugs: Vec<Drug>,
    numbers: FastMap<String, u32>,
    /// Newest definitions, by feed and reference.
    definitions: FastMap<String, (u64, Codes<'static>)>,
}

/// The newest version of an event.
#[derive(Clone, Copy, Debug)]
struct Newest {
    /// Twice the version, so that a delete without a version has a place above the version before it.
    rank: u64,
    /// The drug and the fields of an event that counts.
    content: Option<Content>,
}

#[derive(Clone, Copy, Debug)]
struct Content {
    drug: u32,
    items: u16,
    has_cost: bool,
    has_quantity: bool,
    has_adq: bool,
}

#[derive(Debug)]
struct Drug {
    codes: Codes<'static>,
    /// The key of the definition.
    reference: Option<String>,
}

impl PrescriptionCoverage {
    /// Adds the events and definitions of a batch.
    pub fn batch(&mut self, batch: &Batch<'_>) {
        batch.definitions.iter().for_each(|definition| self.definition(&batch.feed, definition));
        batch.events.iter().for_each(|event| self.event(&batch.feed, batch.ids, event));
    }

    /// Adds a definition. The highest version counts, in any order.
    pub fn definition(&mut self, feed: &str, definition: &CodeDefinition<'_>) {
        let key = reference_key(feed, &definition.reference);
        let held = self.definitions.get(&key).map(|(version, _)| *version);
        if held.is_none_or(|held| held < definition.version) {
            self.definitions.insert(key, (definition.version, owned(&definition.codes)));
        }
    }

    /// Adds a version of an event. Only prescriptions count.
    pub fn event(&mut self, feed: &str, ids: IdScope, event: &Event<'_>) {
        let Detail::Prescription(detail) = &event.detail else {
            // Ids are unique in the feed: another kind under the same id replaces the prescription.
            if ids == IdScope::Feed {
                self.replace(feed, event);
            }
            return;
        };
        let key = event_key(feed, &event.id);
        let before = self.newest.get(key.as_str()).map(|newest| newest.rank);
        let rank = rank_of(event, before);
        if before.is_some_and(|before| before >= rank) {
            return;
        }
        let counts = event.action == Action::Record && event.exclude.is_none();
        let content = detail.as_ref().filter(|_| counts).map(|prescription| self.content(feed, prescription));
        self.newest.insert(key.into(), Newest { rank, content });
    }

    fn replace(&mut self, feed: &str, event: &Event<'_>) {
        if self.newest.is_empty() {
            return;
        }
        if let Some(held) = self.newest.get_mut(event_key(feed, &event.id).as_str()) {
            let rank = rank_of(event, Some(held.rank));
            if rank > held.rank {
                *held = Newest { rank, content: None };
            }
        }
    }

    fn content(&mut self, feed: &str, prescription: &Prescription<'_>) -> Content {
        Content {
            drug: self.number(feed, prescription),
            items: prescription.items,
            has_cost: prescription.cost_pence.is_some(),
            has_quantity: prescription.quantity_milli.is_some(),
            has_adq: prescription.adq_milli.is_some(),
        }
    }

    /// The number of a drug: the same codings and the same reference are the same drug.
    fn number(&mut self, feed: &str, prescription: &Prescription<'_>) -> u32 {
        let reference = prescription.reference.as_deref().map(|name| reference_key(feed, name));
        let codings: Vec<&str> = prescription.drug.iter().map(|coding| &**coding).collect();
        let key = format!("{}\0{}", codings.join("\0"), reference.as_deref().unwrap_or_default());
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.drugs.len()).expect("fewer than 4 billion drugs");
        self.drugs.push(Drug { codes: owned(&prescription.drug), reference });
        self.numbers.insert(key, number);
        number
    }

    /// The items of the newest versions, as this book maps their codes.
    #[must_use]
    pub fn counted(&self, book: &CodeBook) -> UnmappedItems {
        let mut found = UnmappedItems::default();
        let mut by_drug: BTreeMap<u32, u64> = BTreeMap::new();
        for content in self.newest.values().filter_map(|newest| newest.content) {
            let items = u64::from(content.items);
            found.items += items;
            found.without_cost += if content.has_cost { 0 } else { items };
            found.without_quantity += if content.has_quantity { 0 } else { items };
            found.without_adq += if content.has_adq { 0 } else { items };
            *by_drug.entry(content.drug).or_default() += items;
        }
        for (drug, items) in by_drug {
            if let Some((system, code)) = self.unmapped(&self.drugs[drug as usize], book) {
                found.add(system, code, items);
            }
        }
        found
    }

    /// System and code of a drug that the book does not map.
    fn unmapped(&self, drug: &Drug, book: &CodeBook) -> Option<(String, String)> {
        let meaning = book.drug(&drug.codes);
        let defined = drug.reference.as_ref().map(|key| self.definitions.get(key).map(|(_, codes)| codes));
        let known =
            meaning != DrugMeaning::Unmapped || defined.flatten().is_some_and(|codes| book.drug(codes) != DrugMeaning::Unmapped);
        if known {
            return None;
        }
        let first = drug.codes.iter().chain(defined.flatten().into_iter().flat_map(Codes::iter)).next();
        Some(match (first, defined) {
            (Some(coding), _) => {
                let (system, _) = coding.split_once('|').unwrap_or(("", coding));
                (short_system(system).into_owned(), coding.to_string())
            }
            (None, Some(None)) => (UNRESOLVED.to_owned(), UNRESOLVED.to_owned()),
            (None, _) => (NO_CODE.to_owned(), NO_CODE.to_owned()),
        })
    }
}

/// The place of a version among the versions of its event.
fn rank_of(event: &Event<'_>, before: Option<u64>) -> u64 {
    event.version.map_or_else(|| before.unwrap_or_default().saturating_add(1), |version| version.saturating_mul(2))
}

fn event_key(feed: &str, id: &str) -> String {
    format!("{feed}\0{id}")
}

fn reference_key(feed: &str, reference: &str) -> String {
    format!("{feed}\0{reference}")
}

fn owned(codes: &Codes<'_>) -> Codes<'static> {
    codes.iter().map(|coding| coding.to_string().into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prescription(id: &str, version: Option<u64>, drug: &str, items: u16) -> Event<'static> {
        let codes = if drug.is_empty() { Codes::default() } else { Codes::one(drug.to_owned()) };
        let fields = Prescription {
            drug: codes,
            reference: None,
            quantity_milli: None,
            items,
            cost_pence: Some(120),
            adq_milli: None,
            repeat: false,
        };
        Event { version, ..Event::new(id.to_owned(), Detail::Prescription(Some(fields))) }
    }

    fn coverage(events: Vec<Event<'static>>) -> PrescriptionCoverage {
        let mut coverage = PrescriptionCoverage::default();
        coverage.batch(&Batch::new("f", events));
        coverage
    }

    #[test]
    fn the_newest_version_counts_with_its_items_in_any_order() {
        let deleted = Event { action: Action::Retract, ..Event::new("b", Detail::Prescription(None)) };
        let events = vec![
            prescription("a", Some(2), "dmd|1", 3),
            prescription("a", Some(1), "dmd|2", 5),
            prescription("b", Some(1), "dmd|1", 7),
            Event { version: None, ..deleted },
            prescription("c", Some(1), "bnf|0501013B0AAABAB", 1),
        ];
        let found = coverage(events).counted(&CodeBook::default());
        // By hand: a counts 3 items of dmd|1, b is deleted, c is a BNF code.
        assert_eq!((found.items, found.unmapped()), (4, 3));
        assert_eq!(found.by_system(), [("snomed".to_owned(), 3)].into());
        assert_eq!((found.without_cost, found.without_quantity, found.without_adq), (0, 4, 4));
    }

    #[test]
    fn a_reference_is_the_code_of_its_newest_definition() {
        let with = |reference: &'static str| {
            let mut event = prescription(reference, Some(1), "", 1);
            if let Detail::Prescription(Some(fields)) = &mut event.detail {
                fields.reference = Some(reference.into());
            }
            event
        };
        let mut coverage = coverage(vec![with("Medication/1"), with("Medication/2"), prescription("x", Some(1), "", 1)]);
        let define = |version, codes| CodeDefinition { reference: "Medication/1".into(), version, codes };
        coverage.definition("f", &define(2, Codes::one("rxnorm|5")));
        coverage.definition("f", &define(1, Codes::one("bnf|0501013B0AAABAB")));
        let found = coverage.counted(&CodeBook::default());
        let expected = [("no_code", 1), ("rxnorm", 1), ("unresolved_reference", 1)].map(|(system, n)| (system.to_owned(), n));
        assert_eq!(found.by_system(), expected.into());
    }
}

//! Items whose drug no table maps, by system and by code, and items without cost, quantity or average daily quantities.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::json;

use crate::terminal::count::{counted, grouped};

/// Numbers of items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmappedItems {
    /// All items.
    pub items: u64,
    /// Items without a cost.
    pub without_cost: u64,
    /// Items without a quantity.
    pub without_quantity: u64,
    /// Items without average daily quantities.
    pub without_adq: u64,
    /// Items by system and code of their unmapped drug.
    unmapped: BTreeMap<(String, String), u64>,
}

/// The numbers of a summary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PrescriptionSummary {
    /// Items of prescriptions that count.
    pub items: u64,
    /// Items whose code no table maps.
    pub unmapped: u64,
    /// The same by system.
    pub unmapped_by_system: BTreeMap<String, u64>,
    /// Items without a cost.
    pub without_cost: u64,
    /// Items without a quantity.
    pub without_quantity: u64,
    /// Items without average daily quantities.
    pub without_adq: u64,
}

impl UnmappedItems {
    /// Adds items of an unmapped drug.
    pub(crate) fn add(&mut self, system: String, code: String, items: u64) {
        *self.unmapped.entry((system, code)).or_default() += items;
    }

    /// Items of unmapped drugs.
    #[must_use]
    pub fn unmapped(&self) -> u64 {
        self.unmapped.values().sum()
    }

    /// Items of unmapped drugs by system.
    #[must_use]
    pub fn by_system(&self) -> BTreeMap<String, u64> {
        let mut systems = BTreeMap::new();
        self.unmapped.iter().for_each(|((system, _), items)| *systems.entry(system.clone()).or_default() += items);
        systems
    }

    /// The numbers for `summary.json`.
    #[must_use]
    pub fn summary(&self) -> PrescriptionSummary {
        PrescriptionSummary {
            items: self.items,
            unmapped: self.unmapped(),
            unmapped_by_system: self.by_system(),
            without_cost: self.without_cost,
            without_quantity: self.without_quantity,
            without_adq: self.without_adq,
        }
    }

    /// The codes with their items, the commonest first.
    fn commonest(&self) -> Vec<(&str, u64)> {
        let mut codes: Vec<(&str, u64)> = self.unmapped.iter().map(|((_, code), items)| (code.as_str(), *items)).collect();
        codes.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        codes
    }

    /// The commonest unmapped codes for people, at most `most` of them.
    #[must_use]
    pub fn table(&self, most: usize) -> String {
        let mut text = format!("{}\n", self.sentence());
        let codes = self.commonest();
        let width = codes.iter().take(most).map(|(_, items)| grouped_items(*items).len()).max().unwrap_or_default();
        for (code, items) in codes.iter().take(most) {
            writeln!(text, "  {:>width$}  {code}", grouped_items(*items)).expect("a text takes everything");
        }
        if codes.len() > most {
            let more = counted((codes.len() - most) as u64, "more code", "more codes");
            writeln!(text, "  {more}; raise --limit to list them").expect("a text takes everything");
        }
        text
    }

    /// The commonest unmapped codes, one JSON object a line, at most `most` of them.
    #[must_use]
    pub fn ndjson(&self, most: usize) -> String {
        let line = |(code, items): &(&str, u64)| json!({ "code": code, "items": items }).to_string() + "\n";
        self.commonest().iter().take(most).map(line).collect()
    }

    /// All numbers and the commonest unmapped codes as one JSON document.
    #[must_use]
    pub fn json(&self, most: usize) -> String {
        let codes = self.commonest();
        let codes: Vec<_> = codes.iter().take(most).map(|(code, items)| json!({ "code": code, "items": items })).collect();
        let document = json!({ "prescriptions": self.summary(), "codes": codes });
        format!("{document}\n")
    }

    fn sentence(&self) -> String {
        unmapped_sentence(self.unmapped(), self.items, &self.by_system())
    }
}

/// The unmapped items of all items, by system: `12 of 14 items are unmapped (10 snomed, 2 no_code)`.
#[must_use]
pub fn unmapped_sentence(unmapped: u64, items: u64, by_system: &BTreeMap<String, u64>) -> String {
    let verb = if items == 1 { "is" } else { "are" };
    let text = format!("{} of {} {verb} unmapped", grouped_items(unmapped), counted(items, "item", "items"));
    let mut systems: Vec<(&String, &u64)> = by_system.iter().collect();
    systems.sort_by(|one, other| other.1.cmp(one.1).then(one.0.cmp(other.0)));
    let parts: Vec<String> = systems.into_iter().map(|(system, n)| counted(*n, system, system)).collect();
    if parts.is_empty() { text } else { format!("{text} ({})", parts.join(", ")) }
}

fn grouped_items(items: u64) -> String {
    grouped(i64::try_from(items).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_code_comes_first_and_the_rest_is_counted() {
        let mut found = UnmappedItems { items: 2_000, ..UnmappedItems::default() };
        for (system, code, items) in [("snomed", "dmd|1", 3), ("snomed", "dmd|2", 1_200), ("read2", "read2|b", 3)] {
            found.add(system.to_owned(), code.to_owned(), items);
        }
        let expected = "1,206 of 2,000 items are unmapped (1,203 snomed, 3 read2)\n  1,200  dmd|2\n      3  dmd|1\n  1 more code; raise \
                        --limit to list them\n";
        assert_eq!(found.table(2), expected);
        assert_eq!(found.ndjson(1), "{\"code\":\"dmd|2\",\"items\":1200}\n");
        assert_eq!(unmapped_sentence(1, 1, &[("no_code".to_owned(), 1)].into()), "1 of 1 item is unmapped (1 no_code)");
        assert_eq!(unmapped_sentence(0, 0, &BTreeMap::new()), "0 of 0 items are unmapped");
    }
}

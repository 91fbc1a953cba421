//! The account of a map's run: every row is a record, skipped or faulty; and keys that no look-up holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use codec::identity::nhs_number::contains_nhs_number;

use crate::process::limits::{MAP_LISTED_FAULTS, MAP_LISTED_KEYS, MAP_REMEMBERED_KEYS};
use crate::terminal::count::{counted, grouped};

/// The character between the parts of a key of several columns. No table holds it.
pub(crate) const KEY_SEPARATOR: &str = "\u{1f}";

/// Keys that no look-up holds, by look-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissedKeys {
    by_lookup: BTreeMap<String, MissedOfLookup>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct MissedOfLookup {
    /// All misses.
    all: u64,
    /// Misses by key, for as many keys as the limit allows.
    keys: BTreeMap<String, u64>,
    /// Misses whose key may name a patient, or is beyond the limit.
    unlisted: u64,
}

impl MissedKeys {
    /// Counts a key. A private one, or one with an NHS number, is not kept.
    pub(crate) fn add(&mut self, lookup: &str, key: &str, is_private: bool) {
        if !self.by_lookup.contains_key(lookup) {
            self.by_lookup.insert(lookup.to_owned(), MissedOfLookup::default());
        }
        let of_lookup = self.by_lookup.get_mut(lookup).expect("it was just inserted");
        of_lookup.all += 1;
        if let Some(count) = of_lookup.keys.get_mut(key).filter(|_| !is_private) {
            *count += 1;
        } else if is_private || of_lookup.keys.len() >= MAP_REMEMBERED_KEYS || contains_nhs_number(key) {
            of_lookup.unlisted += 1;
        } else {
            of_lookup.keys.insert(key.to_owned(), 1);
        }
    }

    /// Number of misses.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.by_lookup.values().map(|of_lookup| of_lookup.all).sum()
    }

    fn report(&self, text: &mut String) {
        for (lookup, found) in &self.by_lookup {
            line(text, &format!("look-up {lookup}: {} not found", counted(found.all, "key", "keys")));
            let mut keys: Vec<(&String, u64)> = found.keys.iter().map(|(key, count)| (key, *count)).collect();
            keys.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
            let listed = keys.len().min(MAP_LISTED_KEYS);
            for (key, count) in &keys[..listed] {
                let shown = key.replace(KEY_SEPARATOR, " + ");
                line(text, &format!("  {:>9}  {shown}", number(*count)));
            }
            let rest: u64 = keys[listed..].iter().map(|(_, count)| count).sum::<u64>() + found.unlisted;
            if rest > 0 {
                line(text, &format!("  {:>9}  others, which are not listed", number(rest)));
            }
        }
    }
}

/// The rows of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableCounts {
    /// All rows.
    pub rows: u64,
    /// Rows that gave a record; retractions are among them.
    pub records: u64,
    /// Rows that gave a retraction.
    pub retracted: u64,
    /// Rows that a condition skips.
    pub skipped: u64,
    /// Rows that gave no record because of a fault.
    pub faulty: u64,
}

/// A kind of fault with its first place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CountedFault {
    count: u64,
    first: String,
}

/// The account of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapReport {
    /// Counts by table, in the order of the map.
    pub tables: Vec<(String, TableCounts)>,
    /// Keys that were not found.
    pub missed: MissedKeys,
    /// Faults by their text, which names table, column and form, and never a cell.
    faults: BTreeMap<String, CountedFault>,
    /// Local times that exist twice; the first counts.
    pub twice: u64,
    /// Local times that the clocks skipped.
    pub skipped_times: u64,
    /// Rows of look-ups whose key an earlier row has with other values, by look-up.
    pub replaced: BTreeMap<String, u64>,
    /// Files that a table or a look-up may lack, and lacks.
    pub absent: Vec<String>,
}

impl MapReport {
    /// Counts a fault, and keeps the first place of its kind.
    pub(crate) fn fault(&mut self, text: String, place: impl FnOnce() -> String) {
        match self.faults.get_mut(&text) {
            Some(known) => known.count += 1,
            None => drop(self.faults.insert(text, CountedFault { count: 1, first: place() })),
        }
    }

    /// Rows that gave no record because of a fault.
    #[must_use]
    pub fn faulty(&self) -> u64 {
        self.tables.iter().map(|(_, counts)| counts.faulty).sum()
    }

    /// Rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, counts)| counts.rows).sum()
    }

    /// The account for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, counts) in &self.tables {
            let TableCounts { rows, records, retracted, skipped, faulty } = counts;
            let retractions =
                if *retracted > 0 { format!(" ({} of them retractions)", number(*retracted)) } else { String::new() };
            let rows = counted(*rows, "row", "rows");
            line(
                &mut text,
                &format!(
                    "{name}: {rows}, {}{retractions}, {} skipped, {} faulty",
                    counted(*records, "record", "records"),
                    number(*skipped),
                    number(*faulty)
                ),
            );
        }
        let mut faults: Vec<(&String, &CountedFault)> = self.faults.iter().collect();
        faults.sort_by(|one, other| other.1.count.cmp(&one.1.count).then(one.0.cmp(other.0)));
        for (fault, CountedFault { count, first }) in faults.iter().take(MAP_LISTED_FAULTS) {
            line(&mut text, &format!("  {:>9}  {fault}; first at {first}", number(*count)));
        }
        if faults.len() > MAP_LISTED_FAULTS {
            line(&mut text, &format!("  {} kinds of fault are not listed", faults.len() - MAP_LISTED_FAULTS));
        }
        self.missed.report(&mut text);
        for (lookup, rows) in &self.replaced {
            let rows = counted(*rows, "row replaces", "rows replace");
            line(&mut text, &format!("look-up {lookup}: {rows} an earlier row with the same key"));
        }
        if self.twice > 0 {
            let times = counted(self.twice, "local time exists", "local times exist");
            line(&mut text, &format!("{times} twice, because clocks went back; the first is taken"));
        }
        if self.skipped_times > 0 {
            let times = counted(self.skipped_times, "local time does", "local times do");
            line(&mut text, &format!("{times} not exist, because clocks went forward; an hour later is taken"));
        }
        for file in &self.absent {
            line(&mut text, &format!("no file {file}, which the map calls optional"));
        }
        text
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a text takes everything");
}

fn number(count: u64) -> String {
    grouped(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_keys_are_counted_and_those_of_patients_are_not_listed() {
        let mut report = MapReport::default();
        (0..3).for_each(|_| report.missed.add("drug", "007", false));
        report.missed.add("drug", "9434765919", false);
        report.missed.add("patient", "P1", true);
        let text = report.text();
        assert!(text.contains("look-up drug: 4 keys not found\n          3  007\n          1  others"), "{text}");
        assert!(!text.contains("9434765919") && !text.contains("P1") && report.missed.all() == 5, "{text}");
    }

    #[test]
    fn a_fault_is_named_once_with_its_first_place() {
        let mut report = MapReport::default();
        for row in 7..9 {
            report.fault("slots: column Date is no date of the form DD/MM/YYYY".to_owned(), || format!("a.csv:{row}"));
        }
        assert_eq!(report.text(), "          2  slots: column Date is no date of the form DD/MM/YYYY; first at a.csv:7\n");
    }
}

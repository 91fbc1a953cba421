//! The change that a registry file makes to a log: the entries and the details of persons that the log lacks.

use scorecard::record::item::Item;
use scorecard::record::log_record::Record;
use scorecard::registry::entry::Entry;
use scorecard::registry::person_details::PersonDetails;
use scorecard::registry::registry_file::RegistryContent;
use scorecard::registry::registry_update::missing_entries;
use stream::intake::intake_task::Intake;
use stream::log::{Log, LogError, Topic};
use stream::people::People;

/// Entries and details to add, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryChange {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The details of persons that differ.
    pub people: Vec<PersonDetails>,
}

impl RegistryChange {
    /// The change that makes the file the operator's last word in this log.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn of(file: &RegistryContent, log: &mut impl Log) -> Result<RegistryChange, LogError> {
        if file.entries.is_empty() {
            return Ok(RegistryChange::default());
        }
        let mut known = Vec::new();
        // A feed may have sent its entries every day for years.
        entries(log, &mut |_, entry| known.extend(Some(entry).filter(Entry::is_operators)))?;
        let entries = missing_entries(&file.entries, &known);
        if file.people.is_empty() {
            return Ok(RegistryChange { entries, people: Vec::new() });
        }
        let people = People::read(log)?;
        let differs = |one: &&PersonDetails| people.get(&one.person) != Some(one);
        Ok(RegistryChange { entries, people: file.people.iter().filter(differs).cloned().collect() })
    }

    /// Adds the change, and waits until the log has acknowledged it.
    ///
    /// # Errors
    /// [`LogError`] when the log fails; a second attempt adds what is missing.
    pub fn add(&self, log: &mut impl Log, partitions: u32) -> Result<(), LogError> {
        let mut intake = Intake::new(partitions, 1);
        for entry in &self.entries {
            intake.take(log, Item::Registry(entry.clone()))?;
        }
        People::default().update(log, &self.people)?;
        intake.flush(log)
    }

    /// Whether the log lacks nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.people.is_empty()
    }
}

/// Calls `each` with every entry of a log's registry and its offset, in order.
///
/// # Errors
/// [`LogError`] when the registry cannot be read.
pub fn entries(log: &mut impl Log, each: &mut dyn FnMut(u64, Entry)) -> Result<(), LogError> {
    let mut from = log.bounds(Topic::Registry, 0)?.start;
    log.read_to_end(Topic::Registry, 0, &mut from, &mut |record| {
        if let Record::Registry(entry) = record.record {
            each(record.offset, entry);
        }
    })
}

//! The registry of a folder: who leads a practice, and the names of persons and practices.

use std::collections::BTreeMap;

use anyhow::Result;
use scorecard::registry::directory::{Directory, UNKNOWN_ROLE};
use scorecard::registry::entry::Entry;
use scorecard::time::calendar::Month;
use stream::people::People;

use crate::deployment::registry_change::entries;
use crate::log::local_log::LocalLog;

/// The registry as its last entry leaves it.
#[derive(Debug, Default)]
pub(crate) struct FolderRegistry {
    directory: Directory,
    people: People,
    practices: BTreeMap<String, String>,
}

impl FolderRegistry {
    /// Reads the registry and the details of persons.
    pub(crate) fn read(log: &mut LocalLog) -> Result<FolderRegistry> {
        let mut registry = FolderRegistry { people: People::read(log)?, ..FolderRegistry::default() };
        entries(log, &mut |_, entry| {
            registry.directory.apply(&entry);
            if let Entry::Organisation(organisation) = entry {
                registry.practices.insert(organisation.code, organisation.name);
            }
        })?;
        Ok(registry)
    }

    /// The name of a person, if the registry has one.
    pub(crate) fn name(&self, person: &str) -> Option<&str> {
        self.people.get(person)?.name.as_deref().filter(|name| !name.is_empty())
    }

    /// The name of a person, else the id.
    pub(crate) fn shown<'a>(&'a self, person: &'a str) -> &'a str {
        self.name(person).unwrap_or(person)
    }

    /// The name of a practice, if the registry has one.
    pub(crate) fn practice(&self, code: &str) -> Option<&str> {
        self.practices.get(code).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// The role of a person at a practice on the last day of a month; `None` without an entry.
    pub(crate) fn role(&self, person: &str, practice: &str, month: Month) -> Option<String> {
        let role = self.directory.role_at(person, practice, month.last_day()).role;
        (role != UNKNOWN_ROLE).then(|| role.to_owned())
    }

    /// The names of the leads of a practice on the last day of a month.
    pub(crate) fn leads(&self, practice: &str, month: Month) -> Vec<String> {
        let leads = self.directory.leads_at(practice, month.last_day());
        leads.iter().map(|person| self.shown(person).to_owned()).collect()
    }
}

//! The registry as pages need it: who leads a practice, who signs in under a login, and the names of persons and practices.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use scorecard::record::log_record::Record;
use scorecard::registry::directory::{Directory, UNKNOWN_ROLE};
use scorecard::registry::entry::Entry;
use scorecard::time::calendar::{Day, Month};
use stream::log::{Log, LogError, Topic};
use stream::people::People;

/// The registry as its last entry leaves it.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageRegistry {
    directory: Directory,
    people: People,
    practices: BTreeMap<String, String>,
    /// Practices that ever had a lead.
    led: BTreeSet<String>,
    position: Option<u64>,
}

impl PageRegistry {
    /// Reads the registry and the details of persons.
    pub(crate) fn read(log: &mut impl Log) -> Result<PageRegistry> {
        let mut registry = PageRegistry { people: People::read(log)?, ..PageRegistry::default() };
        registry.follow_entries(log)?;
        Ok(registry)
    }

    /// Reads what the log has since the last call. Returns whether there was anything.
    pub(crate) fn follow(&mut self, log: &mut impl Log) -> Result<bool, LogError> {
        let people = self.people.position();
        self.people.follow(log)?;
        Ok(self.follow_entries(log)? || self.people.position() > people)
    }

    fn follow_entries(&mut self, log: &mut impl Log) -> Result<bool, LogError> {
        let mut position = match self.position {
            Some(position) => position,
            None => log.bounds(Topic::Registry, 0)?.start,
        };
        let mut any = false;
        log.read_to_end(Topic::Registry, 0, &mut position, &mut |record| {
            let Record::Registry(entry) = record.record else { return };
            any = true;
            self.directory.apply(&entry);
            match entry {
                Entry::Organisation(organisation) => {
                    self.practices.insert(organisation.code, organisation.name);
                }
                Entry::Lead(lead) => {
                    self.led.insert(lead.practice);
                }
                _ => {}
            }
        })?;
        self.position = Some(position);
        Ok(any)
    }

    /// The name of a person, if the registry has one.
    pub(crate) fn name(&self, person: &str) -> Option<&str> {
        self.people.get(person)?.name.as_deref().filter(|name| !name.is_empty())
    }

    /// The name of a person, else the id.
    pub(crate) fn shown<'a>(&'a self, person: &'a str) -> &'a str {
        self.name(person).unwrap_or(person)
    }

    /// The person who signs in under this subject. `None` where nobody does, and where two persons have the same one.
    pub(crate) fn person_of_login(&self, subject: &str) -> Option<&str> {
        let mut persons = self.people.all().filter(|one| !subject.is_empty() && one.login.as_deref() == Some(subject));
        let found = persons.next()?;
        persons.next().is_none().then_some(found.person.as_str())
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

    /// The leads of a practice on a day, in order of their ids.
    pub(crate) fn leads_at(&self, practice: &str, day: Day) -> BTreeSet<String> {
        self.directory.leads_at(practice, day)
    }

    /// The practices that a person leads on a day.
    pub(crate) fn led_by(&self, person: &str, day: Day) -> BTreeSet<String> {
        self.led.iter().filter(|practice| self.directory.is_lead(person, practice, day)).cloned().collect()
    }

    /// The practices of a locality on a day.
    pub(crate) fn practices_of(&self, locality: &str, day: Day) -> BTreeSet<String> {
        let codes = self.practices.keys();
        codes.filter(|code| self.directory.chain(code, day).locality == Some(locality)).cloned().collect()
    }
}

//! An independent reader of the registry as of a run: the person of each number, their roles, and the parents of each practice.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::record::log_record::Record;
use scorecard::registry::entry::{Entry, OrganisationKind};

use crate::simulation::verifier::evidence::TopicRecord;

/// The subject of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    pub role: String,
    pub locum: bool,
    pub pcn: Option<String>,
    pub locality: Option<String>,
}

/// The entries up to an offset. The simulation's entries have no dates, no chains of aliases and no circles, so the last entry of
/// each person, role and organisation counts. Only withdrawals are the operator's, so they hold against earlier and later claims.
#[derive(Clone, Debug, Default)]
pub(crate) struct RegistryAsOf {
    persons: BTreeMap<String, String>,
    withdrawn: BTreeSet<String>,
    practices: BTreeMap<String, String>,
    roles: BTreeMap<(String, String), (u64, String, bool)>,
    organisations: BTreeMap<String, (OrganisationKind, Option<String>)>,
}

impl RegistryAsOf {
    pub(crate) fn until(registry: &[TopicRecord<Record<'static>>], offset: u64) -> RegistryAsOf {
        let mut book = RegistryAsOf::default();
        for filed in registry.iter().filter(|filed| filed.offset <= offset) {
            match &filed.what {
                Record::Registry(Entry::Person(person)) => {
                    for alias in &person.aliases {
                        book.persons.insert(alias.clone(), person.id.clone());
                    }
                }
                Record::Registry(Entry::Role(role)) => {
                    let at = (role.person.clone(), role.practice.clone());
                    book.roles.insert(at, (filed.offset, role.role.clone(), role.locum));
                }
                Record::Registry(Entry::Withdrawal(one)) => book.withdrawn.extend(one.alias.clone()),
                // The simulation's entries with aliases state nothing else.
                Record::Registry(Entry::Organisation(one)) if !one.aliases.is_empty() => {
                    for alias in &one.aliases {
                        book.practices.insert(alias.clone(), one.code.clone());
                    }
                }
                Record::Registry(Entry::Organisation(one)) => {
                    book.organisations.insert(one.code.clone(), (one.kind, one.parent.clone()));
                }
                _ => {}
            }
        }
        book
    }

    /// The person of a clinician's number.
    pub(crate) fn person<'a>(&'a self, clinician: &'a str) -> &'a str {
        let claim = self.persons.get(clinician).filter(|_| !self.withdrawn.contains(clinician));
        claim.map_or(clinician, String::as_str)
    }

    /// The code of a row's practice.
    pub(crate) fn practice<'a>(&'a self, practice: &'a str) -> &'a str {
        self.practices.get(practice).map_or(practice, String::as_str)
    }

    /// The subject of a person's cards at a practice.
    pub(crate) fn subject(&self, person: &str, practice: &str) -> Subject {
        let here = self.roles.iter().filter(|((who, at), _)| who == person && (practice.is_empty() || at == practice));
        let (role, locum) = here
            .max_by_key(|(_, (place, _, _))| *place)
            .map_or_else(|| ("unknown".to_owned(), false), |(_, (_, role, locum))| (role.clone(), *locum));
        let mut subject = Subject { role, locum, pcn: None, locality: None };
        let mut code = practice.to_owned();
        while let Some(parent) = self.organisations.get(&code).and_then(|(_, parent)| parent.clone()) {
            match self.organisations.get(&parent).map(|(kind, _)| *kind) {
                Some(OrganisationKind::Pcn) => subject.pcn = Some(parent.clone()),
                Some(OrganisationKind::Locality) => subject.locality = Some(parent.clone()),
                _ => {}
            }
            code = parent;
        }
        subject
    }
}

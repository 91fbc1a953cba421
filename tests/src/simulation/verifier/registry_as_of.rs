//! The registry as of a run, read a second time: who is who, and what they are where.

use std::collections::BTreeMap;

use scorecard::record::log_record::Record;
use scorecard::registry::entry::{Entry, OrganisationKind};

use crate::simulation::verifier::evidence::TopicRecord;

/// What a card says of its subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Who {
    pub role: String,
    pub locum: bool,
    pub pcn: Option<String>,
    pub locality: Option<String>,
}

/// The entries up to an offset. The simulation's entries have no dates, no chains of aliases and no circles: of each person,
/// role and organisation the last one holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    persons: BTreeMap<String, String>,
    roles: BTreeMap<(String, String), (u64, String, bool)>,
    organisations: BTreeMap<String, (OrganisationKind, Option<String>)>,
}

impl Book {
    pub(crate) fn until(registry: &[TopicRecord<Record<'static>>], offset: u64) -> Book {
        let mut book = Book::default();
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
        self.persons.get(clinician).map_or(clinician, String::as_str)
    }

    /// What a card of any month says of its subject.
    pub(crate) fn who(&self, person: &str, practice: &str) -> Who {
        let here = self.roles.iter().filter(|((who, at), _)| who == person && (practice.is_empty() || at == practice));
        let (role, locum) = here
            .max_by_key(|(_, (place, _, _))| *place)
            .map_or_else(|| ("unknown".to_owned(), false), |(_, (_, role, locum))| (role.clone(), *locum));
        let mut who = Who { role, locum, pcn: None, locality: None };
        let mut code = practice.to_owned();
        while let Some(parent) = self.organisations.get(&code).and_then(|(_, parent)| parent.clone()) {
            match self.organisations.get(&parent).map(|(kind, _)| *kind) {
                Some(OrganisationKind::Pcn) => who.pcn = Some(parent.clone()),
                Some(OrganisationKind::Locality) => who.locality = Some(parent.clone()),
                _ => {}
            }
            code = parent;
        }
        who
    }
}

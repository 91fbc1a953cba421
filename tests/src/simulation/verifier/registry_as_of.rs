//! An independent reader of the registry as of a run: the person of each number, their roles, and the parents of each practice.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::record::log_record::Record;
use scorecard::registry::entry::{Entry, EntrySource, OrganisationKind};

use crate::simulation::verifier::evidence::TopicRecord;

/// The subject of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    pub role: String,
    pub locum: bool,
    pub pcn: Option<String>,
    pub locality: Option<String>,
}

/// The author of a role. The operator's come first, and equal authors decide by their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Author {
    Feed,
    Trusted,
    Operator,
}

/// The newest role that an author states for a person at a practice.
#[derive(Clone, Debug)]
struct StatedRole {
    person: String,
    practice: String,
    author: Author,
    offset: u64,
    role: String,
    locum: bool,
}

/// The entries up to an offset. The simulation's entries have no dates, no chains of aliases and no circles, so the last entry of
/// each person, role and organisation counts. Some withdrawals and roles are the operator's; no other entry is. A withdrawal
/// holds against earlier and later claims.
#[derive(Clone, Debug, Default)]
pub(crate) struct RegistryAsOf {
    persons: BTreeMap<String, String>,
    withdrawn: BTreeSet<String>,
    practices: BTreeMap<String, String>,
    roles: Vec<StatedRole>,
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
                    book.roles.push(StatedRole {
                        person: role.person.clone(),
                        practice: role.practice.clone(),
                        author: match &role.source {
                            Some(EntrySource::Operator) => Author::Operator,
                            Some(EntrySource::Trusted(_)) | None => Author::Trusted,
                            Some(EntrySource::Feed(_)) => Author::Feed,
                        },
                        offset: filed.offset,
                        role: role.role.clone(),
                        locum: role.locum,
                    });
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

    /// Whether a role counts for roll-ups: the operator's, or a trusted feed's while the operator has stated none.
    fn is_counted(&self, role: &StatedRole) -> bool {
        let operator_speaks = self.roles.iter().any(|role| role.author == Author::Operator);
        role.author == Author::Operator || (role.author == Author::Trusted && !operator_speaks)
    }

    /// Whether a person's roll-up sums a practice.
    pub(crate) fn rolls_up(&self, person: &str, practice: &str) -> bool {
        self.roles.iter().any(|role| role.person == person && role.practice == practice && self.is_counted(role))
    }

    /// The subject of a person's cards at a practice.
    pub(crate) fn subject(&self, person: &str, practice: &str) -> Subject {
        let here = self.roles.iter().filter(|role| role.person == person);
        let here = here.filter(|role| if practice.is_empty() { self.is_counted(role) } else { role.practice == practice });
        let (role, locum) = here
            .max_by_key(|role| (role.author == Author::Operator, role.offset))
            .map_or_else(|| ("unknown".to_owned(), false), |role| (role.role.clone(), role.locum));
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

//! The names that a registry file defines, in their normal form.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::registry::entry::{Entry, Organisation, OrganisationKind, Withdrawal, WithdrawnKind};
use crate::registry::identifier::{organisation_key, person_key};

/// An entry and the line on which it begins.
pub(crate) type LocatedEntry = (usize, Entry);

/// An owner of a name, as the file writes it, and its line.
pub(crate) type LocatedOwner<'a> = (&'a str, usize);

/// The names that a file defines.
#[derive(Debug, Default)]
pub(crate) struct DefinedNames<'a> {
    /// The first person with an alias or id, by alias or id.
    persons: BTreeMap<Cow<'a, str>, LocatedOwner<'a>>,
    /// The first organisation with an alias or code, by alias or code.
    organisations: BTreeMap<Cow<'a, str>, LocatedOwner<'a>>,
    /// The last entry of an organisation, by code.
    last_entries: BTreeMap<Cow<'a, str>, &'a Organisation>,
    /// Aliases of which the file withdraws a claim.
    withdrawn: BTreeSet<Cow<'a, str>>,
}

impl<'a> DefinedNames<'a> {
    pub(crate) fn of(entries: &'a [LocatedEntry]) -> DefinedNames<'a> {
        let mut names = DefinedNames::default();
        for (line, entry) in entries {
            match entry {
                Entry::Person(person) => {
                    names.persons.entry(person_key(&person.id)).or_insert((&person.id, *line));
                }
                Entry::Organisation(organisation) => {
                    let code = organisation_key(&organisation.code);
                    names.organisations.entry(code.clone()).or_insert((&organisation.code, *line));
                    names.last_entries.insert(code, organisation);
                }
                Entry::Withdrawal(Withdrawal { withdraws: WithdrawnKind::Alias, alias: Some(alias), code, .. }) => {
                    names.withdrawn.insert(if code.is_some() { organisation_key(alias) } else { person_key(alias) });
                }
                _ => {}
            }
        }
        entries.iter().for_each(|(line, entry)| names.add_aliases(*line, entry));
        names
    }

    fn add_aliases(&mut self, line: usize, entry: &'a Entry) {
        match entry {
            Entry::Person(person) => person.aliases.iter().for_each(|alias| {
                self.persons.entry(person_key(alias)).or_insert((&person.id, line));
            }),
            Entry::Organisation(organisation) => organisation.aliases.iter().for_each(|alias| {
                self.organisations.entry(organisation_key(alias)).or_insert((&organisation.code, line));
            }),
            _ => {}
        }
    }

    /// The first person with this id or alias.
    pub(crate) fn person(&self, name: &str) -> Option<LocatedOwner<'a>> {
        self.persons.get(&*person_key(name)).copied()
    }

    /// The first organisation with this code or alias.
    pub(crate) fn organisation(&self, name: &str) -> Option<LocatedOwner<'a>> {
        self.organisations.get(&*organisation_key(name)).copied()
    }

    /// The last entry of the organisation with this code or alias.
    pub(crate) fn last_entry(&self, name: &str) -> Option<&'a Organisation> {
        let (code, _) = self.organisation(name)?;
        self.last_entries.get(&*organisation_key(code)).copied()
    }

    /// The kind of the organisation with this code or alias.
    pub(crate) fn kind(&self, name: &str) -> Option<OrganisationKind> {
        self.last_entry(name).map(|organisation| organisation.kind)
    }

    /// Whether the file withdraws a claim of this alias, so that two claims of it can be intended.
    pub(crate) fn is_withdrawn(&self, alias: &str) -> bool {
        self.withdrawn.contains(alias)
    }
}

//! The entries of a registry file before the one that is checked, by the matter on which they could clash.

use std::collections::BTreeMap;

use crate::registry::day_span::DaySpan;
use crate::registry::defined_names::DefinedNames;
use crate::registry::entry::{Entry, FeedRule, Organisation, Role};
use crate::registry::identifier::{organisation_key, person_key};

/// A role with its line and its days.
pub(crate) type LocatedRole<'a> = (usize, &'a Role, DaySpan);

/// A person and a practice of the file, in normal form.
type Post = (String, String);

/// Earlier entries.
#[derive(Debug, Default)]
pub(crate) struct EarlierEntries<'a> {
    roles: BTreeMap<Post, Vec<LocatedRole<'a>>>,
    organisations: BTreeMap<String, Vec<(usize, &'a Organisation)>>,
    feeds: BTreeMap<&'a str, usize>,
}

impl<'a> EarlierEntries<'a> {
    pub(crate) fn add(&mut self, names: &DefinedNames<'_>, line: usize, entry: &'a Entry) {
        match entry {
            Entry::Role(role) => {
                if let Some(days) = DaySpan::read(role.from.as_deref(), role.until.as_deref()) {
                    self.roles.entry(post(names, role)).or_default().push((line, role, days));
                }
            }
            Entry::Organisation(one) => {
                self.organisations.entry(organisation_key(&one.code).into_owned()).or_default().push((line, one));
            }
            Entry::Feed(rule) => {
                self.feeds.entry(&rule.feed).or_insert(line);
            }
            _ => {}
        }
    }

    /// The roles of the same person at the same practice.
    pub(crate) fn roles(&self, names: &DefinedNames<'_>, role: &Role) -> impl Iterator<Item = &LocatedRole<'a>> {
        self.roles.get(&post(names, role)).into_iter().flatten()
    }

    /// The entries of the same organisation.
    pub(crate) fn organisations(&self, code: &str) -> impl Iterator<Item = &(usize, &'a Organisation)> {
        self.organisations.get(&*organisation_key(code)).into_iter().flatten()
    }

    /// The line of the first rule of the same feed.
    pub(crate) fn feed(&self, rule: &FeedRule) -> Option<usize> {
        self.feeds.get(rule.feed.as_str()).copied()
    }
}

fn post(names: &DefinedNames<'_>, role: &Role) -> Post {
    let person = names.person(&role.person).map_or(role.person.as_str(), |(owner, _)| owner);
    let practice = names.organisation(&role.practice).map_or(role.practice.as_str(), |(code, _)| code);
    (person_key(person).into_owned(), organisation_key(practice).into_owned())
}

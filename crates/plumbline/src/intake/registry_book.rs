//! The registry as intake knows it: the practice and the person behind a name, and who else states a name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use scorecard::event::Versioning;
use scorecard::record::log_record::Record;
use scorecard::registry::directory::{Directory, LAST_DAY, UNKNOWN_ROLE};
use scorecard::registry::entry::{Entry, EntrySource};
use scorecard::registry::identifier::person_key;
use scorecard::time::calendar::Day;
use stream::log::{Log, LogError, Topic};

/// The entries of a log's registry, as far as they were read.
#[derive(Debug, Default)]
pub struct RegistryBook {
    directory: Directory,
    /// The authors that state a name of a person, by the name's normal form. Entries of older versions name no author.
    authors: BTreeMap<String, BTreeSet<EntrySource>>,
    /// Offset of the next record of the registry.
    position: u64,
}

impl RegistryBook {
    /// Reads the registry up to its end.
    ///
    /// # Errors
    /// [`LogError`] when the registry cannot be read.
    pub(crate) fn follow(&mut self, log: &mut impl Log) -> Result<(), LogError> {
        if self.position == 0 {
            self.position = log.bounds(Topic::Registry, 0)?.start;
        }
        let mut position = self.position;
        let read = log.read_to_end(Topic::Registry, 0, &mut position, &mut |entry| {
            if let Record::Registry(entry) = entry.record {
                self.apply(&entry);
            }
        });
        self.position = position;
        read
    }

    /// Applies the next entry.
    pub(crate) fn apply(&mut self, entry: &Entry) {
        self.directory.apply(entry);
        let (Some(author), Some((id, aliases))) = (entry.source(), names(entry)) else { return };
        for name in aliases.iter().map(String::as_str).chain([id]) {
            let name = person_key(name);
            match self.authors.get_mut(&*name) {
                Some(known) => drop(known.insert(author.clone())),
                None => drop(self.authors.insert(name.into_owned(), BTreeSet::from([author.clone()]))),
            }
        }
    }

    /// The code of the practice behind a reference on a day.
    pub(crate) fn practice_of<'a>(&'a self, practice: &'a str, day: Option<Day>) -> Cow<'a, str> {
        self.directory.practice_of(practice, day.unwrap_or(LAST_DAY))
    }

    /// Whether somebody states a role of this clinician at a practice on a day; an empty practice means any.
    pub(crate) fn has_role(&self, clinician: &str, practice: &str, day: Day) -> bool {
        let person = self.directory.person_of(clinician, day);
        let practice = self.directory.practice_of(practice, day);
        self.directory.role_at(&person, &practice, day).role != UNKNOWN_ROLE
    }

    /// Whether an entry describes the practice behind this reference, or names it as an alias.
    pub(crate) fn describes(&self, practice: &str, day: Day) -> bool {
        self.directory.describes(&self.directory.practice_of(practice, day))
    }

    /// Whether two names are those of one person.
    pub(crate) fn is_one_person(&self, one: &str, other: &str) -> bool {
        self.directory.person_of(one, LAST_DAY) == self.directory.person_of(other, LAST_DAY)
    }

    /// Whether another author than this feed states a name.
    pub(crate) fn is_stated_by_others(&self, name: &str, feed: &str) -> bool {
        let is_other = |author: &EntrySource| author.feed() != Some(feed);
        self.authors.get(&*person_key(name)).is_some_and(|authors| authors.iter().any(is_other))
    }

    /// The versioning of a feed with events in the log.
    pub(crate) fn versioning_of(&self, feed: &str) -> Option<Versioning> {
        self.directory.feed(feed).map(|rule| rule.versioning)
    }

    /// Whether this is the name of a feed with events in the log.
    pub(crate) fn is_feed(&self, name: &str) -> bool {
        self.directory.feed(name).is_some()
    }
}

/// The id and the further names of a person in an entry.
fn names(entry: &Entry) -> Option<(&str, &[String])> {
    match entry {
        Entry::Person(person) => Some((&person.id, &person.aliases)),
        Entry::Role(role) => Some((&role.person, &role.aliases)),
        _ => None,
    }
}

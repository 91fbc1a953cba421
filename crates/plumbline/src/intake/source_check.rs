//! The check of one item against the rights of its source. Every way in uses it, and every kind of item passes it.
//!
//! The feed comes first. The practice of an event is checked after its reference is resolved, and a registry entry against the
//! claims of others.

use std::collections::BTreeSet;
use std::mem::take;
use std::sync::Arc;

use codec::formats::record_decoder::RejectReason;
use scorecard::event::Event;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Reject};
use scorecard::registry::entry::{Entry, EntrySource, Organisation, OrganisationKind, Person, Role};
use scorecard::registry::identifier::{organisation_key, short_system};
use scorecard::time::calendar::Day;
use stream::log::{Log, LogError};

use crate::config::source_rights::{RegistryRight, SourceRights};
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::registry_book::RegistryBook;

/// The reason of a reject of a registry entry that its source may not write.
pub(crate) const REGISTRY_NOT_ALLOWED: &str = "registry_not_allowed";
/// The reason of a reject of an event at a practice that its source may not write.
pub(crate) const PRACTICE_NOT_ALLOWED: &str = "practice_not_allowed";

/// The type of an organisation that a feed only refers to.
const ORGANIZATION: &str = "Organization";

/// Whether this is the reason of a reject whose source lacks a right that no repair of the record or of the registry grants.
pub(crate) fn is_refused_feed(reason: &str) -> bool {
    reason == RejectReason::FeedNotAllowed.as_str() || reason == REGISTRY_NOT_ALLOWED
}

/// Whether this is the reason of a reject whose source lacks a right.
pub(crate) fn is_refused_source(reason: &str) -> bool {
    is_refused_feed(reason) || reason == PRACTICE_NOT_ALLOWED
}

/// The result of a check.
#[derive(Debug)]
enum Verdict {
    Allowed,
    /// A resource that the feed only refers to.
    Skipped,
    /// The reason, the field and the cure.
    Refused(&'static str, &'static str, &'static str),
}

/// Checks the items of one intake.
#[derive(Debug)]
pub struct SourceCheck {
    feeds: IntakeDecoder,
    book: RegistryBook,
    /// Whether the log may hold entries that the book lacks.
    is_stale: bool,
    /// Names of feeds' own practices in entries that were accepted since the last two calls of [`SourceCheck::expire`]. The log may not
    /// show them yet.
    accepted: [BTreeSet<String>; 2],
}

impl SourceCheck {
    /// A check with the feeds of this decoder.
    #[must_use]
    pub fn new(feeds: &IntakeDecoder) -> SourceCheck {
        SourceCheck { feeds: feeds.clone(), book: RegistryBook::default(), is_stale: true, accepted: Default::default() }
    }

    /// Reads the registry again before the next look-up. Call it once for each group of records.
    pub fn expire(&mut self) {
        self.is_stale = true;
        let [newest, _] = take(&mut self.accepted);
        self.accepted[1] = newest;
    }

    /// The registry of the log, as of now.
    ///
    /// # Errors
    /// [`LogError`] when the registry cannot be read.
    pub(crate) fn registry(&mut self, log: &mut impl Log) -> Result<&RegistryBook, LogError> {
        self.refresh(log)?;
        Ok(&self.book)
    }

    /// Applies an entry that the log will hold, before the first item is checked.
    pub fn apply(&mut self, entry: &Entry) {
        self.book.apply(entry);
    }

    /// Gives a feed whose versioning is open the one that the registry has. Call it before a record of the feed is decoded: another
    /// process may have decided.
    ///
    /// # Errors
    /// [`LogError`] when the registry cannot be read.
    pub fn learn_versioning(&mut self, log: &mut impl Log, feed: Option<&Arc<Feed>>) -> Result<(), LogError> {
        let Some(feed) = feed.filter(|feed| feed.is_open() && self.feeds.records.feed(&feed.name).is_open()) else {
            return Ok(());
        };
        self.refresh(log)?;
        if let Some(versioning) = self.book.versioning_of(&feed.name) {
            self.feeds.records.fix_versioning(&feed.name, versioning);
        }
        Ok(())
    }

    /// The item, or a reject or a skipped resource if its source may not write it. `index` is that of the element in its record.
    ///
    /// The first item of a feed that is accepted fixes the feed's versioning.
    ///
    /// # Errors
    /// [`LogError`] when the registry cannot be read.
    pub fn checked<'a>(
        &mut self,
        log: &mut impl Log,
        item: Item<'a>,
        rights: &SourceRights,
        position: &Position,
        index: Option<u32>,
    ) -> Result<Item<'a>, LogError> {
        let item = self.allowed(log, item, rights, position, index)?;
        if let Item::Event(feed, _) | Item::Definition(feed, _) = &item
            && feed.is_open()
        {
            self.feeds.records.fix_versioning(&feed.name, feed.versioning);
        }
        Ok(item)
    }

    fn allowed<'a>(
        &mut self,
        log: &mut impl Log,
        item: Item<'a>,
        rights: &SourceRights,
        position: &Position,
        index: Option<u32>,
    ) -> Result<Item<'a>, LogError> {
        if rights.is_all() {
            return Ok(as_trusted(item));
        }
        let feed = feed_of(&item);
        let verdict = match feed {
            Some(feed) if !rights.write(feed) => Verdict::Refused(
                RejectReason::FeedNotAllowed.as_str(),
                "feed",
                "the source of this item may not write this feed; send it through the feed's own token or topic",
            ),
            feed => self.verdict(log, &item, rights, feed)?,
        };
        Ok(match verdict {
            Verdict::Allowed => {
                if let (Item::Registry(entry), Some(feed)) = (&item, feed) {
                    self.accept(entry, &self.feeds.feed(feed));
                }
                if rights.registry == RegistryRight::Trusted { as_trusted(item) } else { item }
            }
            Verdict::Skipped => Item::Skipped(ORGANIZATION.to_owned()),
            Verdict::Refused(reason, field, detail) => Item::Reject(Reject {
                position: Position { index, ..position.clone() },
                feed: feed.map(str::to_owned),
                reason: reason.to_owned(),
                field: field.to_owned(),
                detail: detail.to_owned(),
                excerpt: String::new(),
            }),
        })
    }

    fn verdict(
        &mut self,
        log: &mut impl Log,
        item: &Item<'_>,
        rights: &SourceRights,
        feed: Option<&str>,
    ) -> Result<Verdict, LogError> {
        match item {
            Item::Event(feed, event) if rights.practice_only => self.event(log, feed, event),
            Item::Registry(entry) if rights.registry != RegistryRight::Trusted => {
                let (RegistryRight::Own, Some(feed)) = (rights.registry, feed) else { return Ok(no_registry()) };
                self.refresh(log)?;
                Ok(self.entry(entry, &self.feeds.feed(feed)))
            }
            _ => Ok(Verdict::Allowed),
        }
    }

    fn refresh(&mut self, log: &mut impl Log) -> Result<(), LogError> {
        if self.is_stale {
            self.book.follow(log)?;
            self.is_stale = false;
        }
        Ok(())
    }

    /// An event of a feed with a practice counts there alone. An event that names no practice counts there.
    fn event(&mut self, log: &mut impl Log, feed: &Feed, event: &Event<'_>) -> Result<Verdict, LogError> {
        let (Some(own), Some(practice)) = (&feed.practice, &event.practice) else { return Ok(Verdict::Allowed) };
        // Most events: the registry is not needed.
        if organisation_key(own) == organisation_key(practice) {
            return Ok(Verdict::Allowed);
        }
        self.refresh(log)?;
        Ok(if self.is_own(practice, feed, event.day) {
            Verdict::Allowed
        } else {
            Verdict::Refused(
                PRACTICE_NOT_ALLOWED,
                "practice",
                "the practice is not that of the feed; correct it, add its name in this feed to the aliases of the feed's practice in the \
                 registry file, or set practice-only = false for the source",
            )
        })
    }

    fn entry(&self, entry: &Entry, feed: &Feed) -> Verdict {
        match entry {
            Entry::Person(person) => self.person(person, feed),
            Entry::Role(role) => self.role(role, feed),
            Entry::Organisation(organisation) => self.organisation(organisation, feed),
            Entry::Lead(_) | Entry::Feed(_) | Entry::Sends(_) | Entry::Withdrawal(_) | Entry::Fence(_) => no_registry(),
        }
    }

    /// A person may have names of the feed, and one number. Another name must lead to the same person already.
    fn person(&self, person: &Person, feed: &Feed) -> Verdict {
        let is_known = |alias: &String| self.book.is_one_person(alias, &person.id);
        let own = |alias: &String| is_name_of(feed, alias) && !self.is_anothers(alias, &person.id, feed);
        if self.is_name_elsewhere(&person.id, feed) || !person.aliases.iter().all(|alias| own(alias) || is_known(alias)) {
            return Verdict::Refused(
                REGISTRY_NOT_ALLOWED,
                "",
                "the source may give a person names of its own feed and one number, and these names join a person of others; join them in \
                 the registry file, or set registry = \"trusted\" for the source",
            );
        }
        Verdict::Allowed
    }

    /// Whether the operator or another feed says that this name is that of another person.
    fn is_anothers(&self, alias: &str, id: &str, feed: &Feed) -> bool {
        self.book.is_stated_by_others(alias, &feed.name) && !self.book.is_one_person(alias, id)
    }

    /// Whether a name is one that another feed gives.
    fn is_name_elsewhere(&self, name: &str, feed: &Feed) -> bool {
        let Some((system, _)) = name.split_once('|') else { return false };
        !is_name_of(feed, name) && (self.feeds.feeds.contains_key(system) || self.book.is_feed(system))
    }

    fn role(&self, role: &Role, feed: &Feed) -> Verdict {
        let own_names = role.aliases.iter().all(|alias| is_name_of(feed, alias) && !self.is_anothers(alias, &role.person, feed));
        if own_names && self.is_own(&role.practice, feed, None) {
            return Verdict::Allowed;
        }
        Verdict::Refused(
            REGISTRY_NOT_ALLOWED,
            "practice",
            "the source may state roles at the practice of its feed only; declare the practice in [feeds.NAME], send the organisation \
             first, or set registry = \"trusted\" for the source",
        )
    }

    /// An organisation of others is skipped, unless the feed states its place in the network.
    fn organisation(&self, organisation: &Organisation, feed: &Feed) -> Verdict {
        let Organisation { code, aliases, kind, parent, .. } = organisation;
        let is_own = is_unclaimed_name(feed, code, &self.book) || self.is_own(code, feed, None);
        match (is_own && *kind == OrganisationKind::Practice, parent) {
            (true, _) if aliases.iter().all(|alias| is_name_of(feed, alias)) => Verdict::Allowed,
            (false, None) => Verdict::Skipped,
            _ => Verdict::Refused(
                REGISTRY_NOT_ALLOWED,
                "",
                "the source may describe the practice of its feed only; declare the practice in [feeds.NAME], or set \
                 registry = \"trusted\" for the source",
            ),
        }
    }

    /// Whether a practice is that of the feed. A feed without a practice has none of its own.
    fn is_own(&self, practice: &str, feed: &Feed, day: Option<Day>) -> bool {
        let Some(own) = feed.practice.as_deref() else { return false };
        if organisation_key(own) == organisation_key(practice) {
            return true;
        }
        let found = self.book.practice_of(practice, day);
        // The operator's word counts before the feed's.
        found == self.book.practice_of(own, day)
            || found == practice && self.accepted.iter().any(|accepted| accepted.contains(practice))
    }

    /// Remembers the names that an accepted entry gives to the feed's own practice.
    fn accept(&mut self, entry: &Entry, feed: &Feed) {
        let (practice, names) = match entry {
            Entry::Organisation(organisation) => (&organisation.code, &organisation.aliases),
            Entry::Role(role) => (&role.practice, &role.aliases),
            _ => return,
        };
        if self.is_own(practice, feed, None) {
            self.accepted[0].extend(names.iter().filter(|name| is_name_of(feed, name)).cloned());
        }
    }
}

fn no_registry() -> Verdict {
    Verdict::Refused(
        REGISTRY_NOT_ALLOWED,
        "",
        "the source may not write registry entries; send them with a token that has the scope registry",
    )
}

/// The item, with the trust of its source if it is a registry entry. Its roles count for roll-ups until the operator states one.
fn as_trusted(item: Item<'_>) -> Item<'_> {
    match item {
        Item::Registry(entry) => Item::Registry(entry.trusted()),
        item => item,
    }
}

/// The feed that an item names.
fn feed_of<'i>(item: &'i Item<'_>) -> Option<&'i str> {
    match item {
        Item::Event(feed, _) | Item::Definition(feed, _) => Some(&feed.name),
        Item::Registry(entry) => entry.source().and_then(EntrySource::feed),
        // A reject of another feed is not kept either: its retry would write that feed.
        Item::Reject(reject) => reject.feed.as_deref(),
        Item::Skipped(_) => None,
    }
}

/// Whether a name is one that the feed gives, such as `north|Practitioner/1`. Names of a feed that is called like a system of numbers,
/// such as `gmc`, are everybody's.
fn is_name_of(feed: &Feed, name: &str) -> bool {
    let encoded = feed.name.replace('%', "%25").replace('|', "%7C");
    short_system(&feed.name).is_none() && name.split_once('|').is_some_and(|(system, _)| system == encoded)
}

/// Whether a name that the feed gives leads to no practice yet.
fn is_unclaimed_name(feed: &Feed, name: &str, book: &RegistryBook) -> bool {
    is_name_of(feed, name) && book.practice_of(name, None) == name
}

#[cfg(test)]
mod tests;

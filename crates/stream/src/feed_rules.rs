//! The rules of feeds in the registry: each feed gets its rules once, at its first event.

use std::collections::BTreeMap;

use scorecard::event::{IdScope, Versioning};
use scorecard::record::item::Feed;
use scorecard::record::log_record::Record;
use scorecard::registry::entry::{Entry, FeedRule};

use crate::log::{Log, LogError, Topic};

/// The rules that the registry holds, as far as it was read.
#[derive(Clone, Debug, Default)]
pub struct FeedRules {
    rules: BTreeMap<String, FeedRule>,
    /// Offset of the next record of the registry.
    position: u64,
}

impl FeedRules {
    /// The rules that the log holds now.
    ///
    /// # Errors
    /// [`LogError`] when the registry cannot be read.
    pub fn read(log: &mut impl Log) -> Result<FeedRules, LogError> {
        let mut rules = FeedRules { position: log.bounds(Topic::Registry, 0)?.start, ..FeedRules::default() };
        rules.follow(log)?;
        Ok(rules)
    }

    /// The rules of a feed, as far as the registry was read.
    #[must_use]
    pub fn get(&self, feed: &str) -> Option<&FeedRule> {
        self.rules.get(feed)
    }

    /// The rules of all feeds, in order of the names.
    pub fn all(&self) -> impl Iterator<Item = &FeedRule> {
        self.rules.values()
    }

    /// The rules of a feed: those of the registry, or `ours` after appending them.
    ///
    /// Where two processes append rules of a feed at once, both return those that are first in the log. Call it before the first
    /// event of the feed is appended.
    ///
    /// # Errors
    /// [`LogError`] when the log fails; the rules may then be in the log or not.
    pub fn settle(&mut self, log: &mut impl Log, ours: &FeedRule) -> Result<FeedRule, LogError> {
        if !self.rules.contains_key(&ours.feed) {
            self.follow(log)?;
        }
        if !self.rules.contains_key(&ours.feed) {
            let entry = Entry::Feed(ours.clone());
            log.append(Topic::Registry, 0, &entry.log_key(), &Record::Registry(entry))?;
            log.flush()?;
            self.follow(log)?;
        }
        let missing = || LogError::Missing { what: "the rule of a feed that was just written".to_owned() };
        self.rules.get(&ours.feed).cloned().ok_or_else(missing)
    }

    /// Compares the configuration of a feed with its rules in the registry, as far as the registry was read.
    ///
    /// # Errors
    /// [`LogError::FeedRule`] when they differ.
    pub fn check(&self, feed: &Feed) -> Result<(), LogError> {
        let Some(theirs) = self.get(&feed.name) else { return Ok(()) };
        if (feed.ids, feed.versioning) == (theirs.ids, theirs.versioning) {
            return Ok(());
        }
        let (ours, theirs) = (words(feed.ids, feed.versioning), words(theirs.ids, theirs.versioning));
        Err(LogError::FeedRule { feed: feed.name.to_string(), ours, theirs })
    }

    /// Reads the registry up to its end.
    fn follow(&mut self, log: &mut impl Log) -> Result<(), LogError> {
        let FeedRules { rules, position } = self;
        log.read_to_end(Topic::Registry, 0, position, &mut |entry| {
            if let Record::Registry(Entry::Feed(rule)) = entry.record {
                rules.entry(rule.feed.clone()).or_insert(rule);
            }
        })
    }
}

/// The rules of a feed in the words of the configuration.
fn words(ids: IdScope, versioning: Versioning) -> String {
    format!("ids = \"{}\" and versioning = \"{}\"", ids.word(), versioning.word())
}

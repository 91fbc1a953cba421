//! The rights of a source: what its items may change. Every way in carries them: a token, an input topic, a replayed file, and the
//! retry of a reject.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::scope::Scope;

/// The word of a stored right to write every feed.
const ANY_FEED: &str = "feeds:any";
/// The word of a stored right to write events of other practices than the feed's own.
const ANY_PRACTICE: &str = "practices:any";
/// The word of a stored right to write registry entries without limits.
const TRUSTED_REGISTRY: &str = "registry:trusted";

/// The feeds that a source may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedRight {
    /// Every feed.
    Any,
    /// These feeds.
    Only(BTreeSet<Arc<str>>),
}

/// The registry entries that a source may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegistryRight {
    /// None.
    Nothing,
    /// Names of its own feed, and roles and the organisation of the feed's practice.
    Own,
    /// Every entry that its format can state.
    Trusted,
}

impl RegistryRight {
    /// The words of the configuration.
    pub const CONFIGURED: [RegistryRight; 2] = [RegistryRight::Own, RegistryRight::Trusted];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RegistryRight::Nothing => "none",
            RegistryRight::Own => "own",
            RegistryRight::Trusted => "trusted",
        }
    }
}

/// The rights of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRights {
    /// The feeds that it may write.
    pub feeds: FeedRight,
    /// Whether it writes only events of the practice that a feed declares. A feed without a practice has no such limit.
    pub practice_only: bool,
    /// The registry entries that it may write.
    pub registry: RegistryRight,
}

impl SourceRights {
    /// Every right: that of the operator's own files, and of a service without tokens.
    #[must_use]
    pub fn all() -> SourceRights {
        SourceRights { feeds: FeedRight::Any, practice_only: false, registry: RegistryRight::Trusted }
    }

    /// The default rights of a source that is bound to one feed.
    #[must_use]
    pub fn bound(feed: &str) -> SourceRights {
        let feeds = FeedRight::Only(BTreeSet::from([feed.into()]));
        SourceRights { feeds, practice_only: true, registry: RegistryRight::Own }
    }

    /// Whether nothing needs a check.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == SourceRights::all()
    }

    /// Whether it may write this feed.
    #[must_use]
    pub fn write(&self, feed: &str) -> bool {
        match &self.feeds {
            FeedRight::Any => true,
            FeedRight::Only(own) => own.contains(feed),
        }
    }

    /// The words to store with a record, because its retry has the same rights; `None` for every right.
    #[must_use]
    pub fn words(&self) -> Option<Vec<String>> {
        if self.is_all() {
            return None;
        }
        let mut words = match &self.feeds {
            FeedRight::Any => vec![ANY_FEED.to_owned()],
            FeedRight::Only(own) => own.iter().map(|feed| Scope::Write(feed.clone()).to_string()).collect(),
        };
        words.extend((!self.practice_only).then(|| ANY_PRACTICE.to_owned()));
        words.extend(match self.registry {
            RegistryRight::Nothing => None,
            RegistryRight::Own => Some(Scope::Registry.to_string()),
            RegistryRight::Trusted => Some(TRUSTED_REGISTRY.to_owned()),
        });
        Some(words)
    }

    /// The rights of a stored record's source. A word that is unknown gives no right.
    #[must_use]
    pub fn of_words(words: Option<&[String]>) -> SourceRights {
        let Some(words) = words else { return SourceRights::all() };
        let has = |word: &str| words.iter().any(|stored| stored == word);
        let own = words.iter().filter_map(|word| match Scope::parse(word) {
            Ok(Scope::Write(feed)) => Some(feed),
            _ => None,
        });
        let registry = match (has(TRUSTED_REGISTRY), has(&Scope::Registry.to_string())) {
            (true, _) => RegistryRight::Trusted,
            (false, true) => RegistryRight::Own,
            (false, false) => RegistryRight::Nothing,
        };
        let feeds = if has(ANY_FEED) { FeedRight::Any } else { FeedRight::Only(own.collect()) };
        SourceRights { feeds, practice_only: !has(ANY_PRACTICE), registry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_rights_are_those_of_the_source() {
        let north = || FeedRight::Only(BTreeSet::from(["north".into()]));
        for feeds in [FeedRight::Any, north(), FeedRight::Only(BTreeSet::new())] {
            for practice_only in [true, false] {
                for registry in [RegistryRight::Nothing, RegistryRight::Own, RegistryRight::Trusted] {
                    let rights = SourceRights { feeds: feeds.clone(), practice_only, registry };
                    assert_eq!(SourceRights::of_words(rights.words().as_deref()), rights);
                }
            }
        }
        assert_eq!(SourceRights::all().words(), None);
    }

    #[test]
    fn an_unknown_stored_word_gives_no_right() {
        let nobody = SourceRights::of_words(Some(&["everything".to_owned(), "write:".to_owned()]));
        assert!(!nobody.write("") && !nobody.write("north") && nobody.practice_only);
        assert_eq!(nobody.registry, RegistryRight::Nothing);
    }

    #[test]
    fn a_bound_source_writes_its_feed_alone() {
        let rights = SourceRights::bound("north");
        assert_eq!(["north", "south", "North", ""].map(|feed| rights.write(feed)), [true, false, false, false]);
        assert!(rights.practice_only && rights.registry == RegistryRight::Own && !rights.is_all());
    }
}

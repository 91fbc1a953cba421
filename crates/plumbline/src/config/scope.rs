//! The scopes of a token: each opens one thing. Every place that checks a right names a [`Scope`].

use std::fmt;
use std::sync::Arc;

use crate::config::did_you_mean::unknown;

/// One right of a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Write the events of this feed.
    Write(Arc<str>),
    /// Write registry entries: persons, roles and organisations.
    Registry,
    /// Read the groups of rejected records.
    Rejects,
    /// Handle the disputes of this feed.
    Disputes(Arc<str>),
    /// Read cards that name clinicians.
    CardsNamed,
    /// Read what may be disclosed to everybody.
    CardsDisclosed,
    /// Read the metrics and the version.
    Metrics,
    /// Operate the service: retry rejected records of every feed.
    Admin,
}

/// The words of all scopes, with their meaning. `FEED` is the name of a feed.
pub const SCOPE_WORDS: [(&str, &str); 8] = [
    ("write:FEED", "write the events of this feed, and retry its rejected records"),
    ("registry", "write registry entries: persons, roles and organisations"),
    ("rejects", "read the groups of rejected records"),
    ("disputes:FEED", "handle the disputes of this feed; no route needs it yet"),
    ("cards:named", "read cards, which name clinicians, and the events behind their numbers"),
    ("cards:disclosed", "read what may be disclosed to everybody: measures, peer groups, runs, disclosed exports"),
    ("metrics", "read `/metrics` and `/version` where they are not open"),
    ("admin", "retry the rejected records of every feed, fence and erase events, read the registry"),
];

impl Scope {
    /// Reads the word of a scope.
    ///
    /// # Errors
    /// The nearest known word, or all of them.
    pub fn parse(word: &str) -> Result<Scope, String> {
        let of_feed = |kind: fn(Arc<str>) -> Scope, feed: &str| match feed {
            "" => Err(format!("{word:?} names no feed; write the name of the feed behind the colon")),
            feed => Ok(kind(feed.into())),
        };
        match word.split_once(':') {
            Some(("write", feed)) => of_feed(Scope::Write, feed),
            Some(("disputes", feed)) => of_feed(Scope::Disputes, feed),
            _ => [Scope::Registry, Scope::Rejects, Scope::CardsNamed, Scope::CardsDisclosed, Scope::Metrics, Scope::Admin]
                .into_iter()
                .find(|scope| scope.to_string() == word)
                .ok_or_else(|| unknown_scope(word)),
        }
    }
}

/// The mistyped word and the nearest scope, with the feed of the word if it has one.
fn unknown_scope(word: &str) -> String {
    let known = SCOPE_WORDS.map(|(word, _)| word);
    match word.split_once(':') {
        Some((kind, feed)) if kind != "cards" => {
            let named = known.map(|known| known.replace("FEED", feed));
            unknown("scope", word, &named.each_ref().map(String::as_str))
        }
        _ => unknown("scope", word, &known),
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Write(feed) => write!(f, "write:{feed}"),
            Scope::Registry => f.write_str("registry"),
            Scope::Rejects => f.write_str("rejects"),
            Scope::Disputes(feed) => write!(f, "disputes:{feed}"),
            Scope::CardsNamed => f.write_str("cards:named"),
            Scope::CardsDisclosed => f.write_str("cards:disclosed"),
            Scope::Metrics => f.write_str("metrics"),
            Scope::Admin => f.write_str("admin"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_word_is_a_scope_that_writes_itself() {
        for (word, _) in SCOPE_WORDS {
            assert_eq!(Scope::parse(word).map(|scope| scope.to_string()), Ok(word.to_owned()));
        }
        assert_eq!(Scope::parse("write:a81001:emis"), Ok(Scope::Write("a81001:emis".into())));
    }

    #[test]
    fn an_unknown_scope_is_refused_with_the_nearest_one() {
        for (word, cure) in [
            ("reject", "did you mean \"rejects\"?"),
            ("wrte:north", "did you mean \"write:north\"?"),
            ("cards:name", "did you mean \"cards:named\"?"),
            ("write:", "names no feed"),
            ("everything", "known: write:FEED, registry"),
        ] {
            let why = Scope::parse(word).unwrap_err();
            assert!(why.contains(cure), "{word}: {why}");
        }
    }
}

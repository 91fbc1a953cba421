//! Permissions over HTTP: which token may write which feeds, and which may read cards. Only hashes of the tokens are kept.
//!
//! Source: RFC 6750, section 2.1. A token is a long random text, so its plain hash does not reveal it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

/// SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token.
    #[must_use]
    pub fn of(token: &str) -> TokenHash {
        TokenHash(Sha256::digest(token.as_bytes()).into())
    }

    /// From 64 hexadecimal digits.
    ///
    /// # Errors
    /// The fault of the text, and the cure.
    pub fn parse(text: &str) -> Result<TokenHash, String> {
        let wrong = || format!("{} characters are not a SHA-256; write its 64 hexadecimal digits", text.chars().count());
        let digits: Vec<u8> =
            text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect::<Option<_>>().ok_or_else(wrong)?;
        let (pairs, []) = digits.as_chunks::<2>() else { return Err(wrong()) };
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        bytes.try_into().map(TokenHash).map_err(|_| wrong())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

/// The permissions of HTTP clients.
#[derive(Clone, Debug, Default)]
pub struct Authorizer {
    /// The token that may read cards; without one every client may.
    pub reader: Option<TokenHash>,
    /// The feeds that each token may write.
    pub writers: BTreeMap<TokenHash, BTreeSet<Arc<str>>>,
    /// Whether every write needs a token.
    pub guarded: bool,
}

/// The feeds that a request may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writes {
    /// All feeds.
    All,
    /// These feeds.
    Only(BTreeSet<Arc<str>>),
}

impl Writes {
    /// Whether this feed is among them.
    #[must_use]
    pub fn include(&self, feed: &str) -> bool {
        match self {
            Writes::All => true,
            Writes::Only(feeds) => feeds.contains(feed),
        }
    }
}

impl Authorizer {
    /// The feeds that a request with these headers may write; `None` if it needs a known token and has none.
    #[must_use]
    pub fn writes(&self, headers: &HeaderMap) -> Option<Writes> {
        if !self.guarded {
            return Some(Writes::All);
        }
        Some(Writes::Only(self.writers.get(&bearer_token(headers)?)?.clone()))
    }

    /// Whether a request with these headers may read.
    #[must_use]
    pub fn may_read(&self, headers: &HeaderMap) -> bool {
        self.reader.is_none_or(|reader| bearer_token(headers) == Some(reader))
    }
}

fn bearer_token(headers: &HeaderMap) -> Option<TokenHash> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| TokenHash::of(token.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearing(token: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap())])
    }

    #[test]
    fn a_token_writes_its_feeds_and_no_others() {
        let feeds = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect::<BTreeSet<Arc<str>>>();
        let writers = BTreeMap::from([(TokenHash::of("a"), feeds(&["north", "south"])), (TokenHash::of("b"), feeds(&["east"]))]);
        let gate = Authorizer { reader: None, writers, guarded: true };
        let writes = gate.writes(&bearing("a")).unwrap();
        assert_eq!(["north", "south", "east"].map(|feed| writes.include(feed)), [true, true, false]);
        assert_eq!((gate.writes(&bearing("c")), gate.writes(&HeaderMap::new())), (None, None));
        assert_eq!(Authorizer::default().writes(&HeaderMap::new()), Some(Writes::All));
    }

    #[test]
    fn only_the_readers_token_reads() {
        // Expected value: `printf secret | sha256sum`.
        let hash = TokenHash::parse("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b").unwrap();
        let gate = Authorizer { reader: Some(hash), ..Authorizer::default() };
        assert_eq!(
            [gate.may_read(&bearing("secret")), gate.may_read(&bearing("Secret")), gate.may_read(&HeaderMap::new())],
            [true, false, false]
        );
        assert!(Authorizer::default().may_read(&HeaderMap::new()));
        assert!(TokenHash::parse("secret").unwrap_err().contains("64"));
    }
}

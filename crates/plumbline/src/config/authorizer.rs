//! Permissions over HTTP: the tokens of the configuration and their scopes. Only hashes of the tokens are kept.
//!
//! Source: RFC 6750, section 2.1. A token is a long random text, so its plain hash does not reveal it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use crate::config::scope::Scope;
use crate::config::source_rights::{FeedRight, RegistryRight, SourceRights};

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

/// A token of the configuration: its name, which logs may show, and its rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The name of its table.
    pub name: Arc<str>,
    /// Its rights.
    pub scopes: BTreeSet<Scope>,
    /// The rights of the items that it sends.
    pub source: SourceRights,
}

impl Token {
    /// A token with these scopes and options.
    #[must_use]
    pub fn new(name: &str, scopes: BTreeSet<Scope>, practice_only: bool, registry: RegistryRight) -> Token {
        let own = scopes.iter().filter_map(|scope| if let Scope::Write(feed) = scope { Some(feed.clone()) } else { None });
        let registry = if scopes.contains(&Scope::Registry) { registry } else { RegistryRight::Nothing };
        let source = SourceRights { feeds: FeedRight::Only(own.collect()), practice_only, registry };
        Token { name: name.into(), scopes, source }
    }
}

/// The tokens of a service. Without tokens every client may do everything, and the service listens on loopback only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorizer {
    tokens: BTreeMap<TokenHash, Arc<Token>>,
}

/// The rights of a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderRights {
    /// Everything: the service has no tokens.
    All,
    /// The scopes of a token.
    Of(Arc<Token>),
}

impl SenderRights {
    /// Whether the sender has this right.
    #[must_use]
    pub fn include(&self, scope: &Scope) -> bool {
        match self {
            SenderRights::All => true,
            SenderRights::Of(token) => token.scopes.contains(scope),
        }
    }

    /// Whether the sender may write events of this feed.
    #[must_use]
    pub fn write(&self, feed: &str) -> bool {
        match self {
            SenderRights::All => true,
            SenderRights::Of(token) => token.source.write(feed),
        }
    }

    /// The rights of the items that the sender sends.
    #[must_use]
    pub fn source(&self) -> SourceRights {
        match self {
            SenderRights::All => SourceRights::all(),
            SenderRights::Of(token) => token.source.clone(),
        }
    }

    /// Whether the sender may write events of a feed, or registry entries.
    #[must_use]
    pub fn write_something(&self) -> bool {
        match self {
            SenderRights::All => true,
            SenderRights::Of(token) => token.scopes.iter().any(|scope| matches!(scope, Scope::Write(_) | Scope::Registry)),
        }
    }

    /// The name of the token; empty without tokens.
    #[must_use]
    pub fn token_name(&self) -> &str {
        match self {
            SenderRights::All => "",
            SenderRights::Of(token) => &token.name,
        }
    }
}

impl Authorizer {
    /// Adds a token. False if another token has the same hash.
    #[must_use]
    pub fn add(&mut self, hash: TokenHash, token: Token) -> bool {
        self.tokens.insert(hash, Arc::new(token)).is_none()
    }

    /// Whether the service has tokens. Then every request needs one, except on open routes.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// The rights of a request with these headers; `None` if it needs a known token and has none.
    #[must_use]
    pub fn rights(&self, headers: &HeaderMap) -> Option<SenderRights> {
        if !self.has_tokens() {
            return Some(SenderRights::All);
        }
        self.tokens.get(&bearer_token(headers)?).cloned().map(SenderRights::Of)
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

    fn token(name: &str, scopes: &[&str]) -> Token {
        let scopes = scopes.iter().map(|word| Scope::parse(word).unwrap()).collect();
        Token::new(name, scopes, true, RegistryRight::Own)
    }

    #[test]
    fn a_token_has_its_scopes_and_no_others() {
        let mut gate = Authorizer::default();
        assert!(gate.add(TokenHash::of("a"), token("a", &["write:north", "write:south"])));
        assert!(gate.add(TokenHash::of("b"), token("b", &["registry"])));
        let a = gate.rights(&bearing("a")).unwrap();
        assert_eq!(["north", "south", "east"].map(|feed| a.write(feed)), [true, true, false]);
        assert!(!a.include(&Scope::Registry) && a.write_something());
        let b = gate.rights(&bearing("b")).unwrap();
        assert!(b.include(&Scope::Registry) && b.write_something() && !b.write("north") && !b.include(&Scope::Admin));
        assert_eq!((gate.rights(&bearing("c")), gate.rights(&HeaderMap::new())), (None, None));
        assert_eq!(Authorizer::default().rights(&HeaderMap::new()), Some(SenderRights::All));
    }

    #[test]
    fn a_token_changes_the_registry_only_with_its_scope() {
        let registry = |scopes: &[&str]| token("a", scopes).source.registry;
        assert_eq!(registry(&["write:north"]), RegistryRight::Nothing);
        assert_eq!(registry(&["write:north", "registry"]), RegistryRight::Own);
        let trusted = Token::new("a", BTreeSet::from([Scope::Registry]), true, RegistryRight::Trusted);
        assert_eq!(trusted.source.registry, RegistryRight::Trusted);
    }

    #[test]
    fn a_hash_is_that_of_sha256sum_and_two_tokens_need_two_hashes() {
        // Expected value: `printf secret | sha256sum`.
        let hash = TokenHash::parse("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b").unwrap();
        let mut gate = Authorizer::default();
        assert!(gate.add(hash, token("one", &["admin"])));
        assert!(gate.rights(&bearing("secret")).is_some() && gate.rights(&bearing("Secret")).is_none());
        assert!(!gate.add(TokenHash::of("secret"), token("two", &["metrics"])));
        assert!(TokenHash::parse("secret").unwrap_err().contains("64"));
    }
}

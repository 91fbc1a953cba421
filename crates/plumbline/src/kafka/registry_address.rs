//! The address of a schema registry, with credentials.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;

/// A text that is not the address of a schema registry. The message leaves out credentials.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{shown:?} is not the address of a schema registry: {why}")]
pub struct AddressError {
    shown: String,
    why: &'static str,
}

/// The base URL of a schema registry, and its credentials. `Debug` shows the URL alone.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryAddress {
    base: String,
    authorization: Option<String>,
}

impl RegistryAddress {
    /// Parses `http[s]://[USER:PASSWORD@]HOST[:PORT][/PATH]`; user and password may be percent-encoded.
    ///
    /// # Errors
    /// [`AddressError`], without the credentials.
    pub fn parse(text: &str) -> Result<RegistryAddress, AddressError> {
        let shown = without_credentials(text);
        let wrong = |why| AddressError { shown: shown.clone(), why };
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(wrong("it has no scheme; write http://HOST:PORT or https://HOST:PORT"));
        };
        match scheme {
            "http" => {}
            "https" if cfg!(feature = "tls") => {}
            "https" => {
                return Err(wrong("this build has no TLS; use a build with the feature tls, or http in a private network"));
            }
            _ => return Err(wrong("its scheme is neither http nor https")),
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        if host.is_empty() || host.starts_with(':') {
            return Err(wrong("it has no host; write http://HOST:PORT or https://HOST:PORT"));
        }
        if path.contains('@') {
            return Err(wrong("it has an @ after a slash; percent-encode special characters in user and password"));
        }
        if rest.contains(['?', '#']) {
            return Err(wrong("it has a query or a fragment; write the base URL alone"));
        }
        let authorization = match user {
            Some(user) => Some(
                basic(user)
                    .ok_or_else(|| wrong("its credentials are not USER:PASSWORD; percent-encode special characters in them"))?,
            ),
            None => None,
        };
        Ok(RegistryAddress { base: format!("{scheme}://{host}{}", path.trim_end_matches('/')), authorization })
    }

    /// The URL without credentials and without a trailing slash.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The value of the header `Authorization`, if the address has credentials.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }
}

impl fmt::Debug for RegistryAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

/// An address without credentials, safe to show. Everything before the last `@` goes, because a password may hold a slash.
#[must_use]
pub fn without_credentials(text: &str) -> String {
    let Some((secret, shown)) = text.rsplit_once('@') else { return text.to_owned() };
    match secret.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://{shown}"),
        None => shown.to_owned(),
    }
}

/// The value of a header of basic authentication, from `USER:PASSWORD`.
fn basic(user_info: &str) -> Option<String> {
    let (user, password) = user_info.split_once(':')?;
    let [user, password] = [user, password].map(|part| percent_decode_str(part).decode_utf8().ok().map(String::from));
    Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", user?, password?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_in_the_header_and_nowhere_else() {
        // RFC 7617, section 2: Aladdin, open sesame.
        let address = RegistryAddress::parse("http://Aladdin:open%20sesame@127.0.0.1:8081/apis/ccompat/v7/").expect("an address");
        assert_eq!(address.base(), "http://127.0.0.1:8081/apis/ccompat/v7");
        assert_eq!(address.authorization(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(format!("{address:?}"), "http://127.0.0.1:8081/apis/ccompat/v7");
    }

    #[test]
    fn a_rejected_address_is_shown_without_its_secrets() {
        for (text, why) in [
            ("127.0.0.1:8081", "no scheme"),
            ("ftp://u:hush@host", "neither http nor https"),
            ("http://", "no host"),
            ("http://u:hush@:8081", "no host"),
            ("http://hush@host", "not USER:PASSWORD"),
            ("http://u:hush@host/?x=1", "query"),
            ("http://u:hush/hush@host", "percent-encode"),
        ] {
            let message = RegistryAddress::parse(text).expect_err("no address").to_string();
            assert!(message.contains(why) && !message.contains("hush"), "{message}");
        }
    }
}

//! The options of pages with sign-in.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

/// The address under which browsers reach the pages: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOrigin {
    /// Whether the scheme is https.
    pub is_secure: bool,
    /// Host and port, in lower case.
    pub authority: String,
}

impl PageOrigin {
    /// Reads `https://HOST[:PORT]`. Without TLS only this machine is allowed, because a session would travel in the clear.
    ///
    /// # Errors
    /// The fault of the text, and the cure.
    pub fn parse(text: &str) -> Result<PageOrigin, String> {
        let form = "write the address of the browsers without a path, such as https://scorecards.example.org";
        let lower = text.trim_end_matches('/').to_ascii_lowercase();
        let (is_secure, authority) = match (lower.strip_prefix("https://"), lower.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            _ => return Err(format!("{text:?} has no https://; {form}")),
        };
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if authority.is_empty() || !authority.bytes().all(known) {
            return Err(format!("{text:?} is not a host; {form}"));
        }
        if !is_secure && !is_this_machine(authority) {
            return Err(format!("{text:?} is not encrypted; put a proxy with TLS in front, and write https://"));
        }
        Ok(PageOrigin { is_secure, authority: authority.to_owned() })
    }

    /// The origin as a browser sends it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}://{}", if self.is_secure { "https" } else { "http" }, self.authority)
    }
}

/// Whether a host with or without a port is this machine.
fn is_this_machine(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            if port.parse::<u16>().is_err() {
                return false;
            }
            host
        }
        _ => authority,
    };
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An OpenID Connect provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSettings {
    /// Its issuer, a URL.
    pub issuer: String,
    /// The id of this client.
    pub client: String,
    /// The file with the secret of this client; without one it is a public client.
    pub secret_file: Option<PathBuf>,
}

/// An identity-aware proxy in front of the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySettings {
    /// The header with the login of the person, in lower case.
    pub header: String,
    /// The addresses of the proxy. The header of any other client counts for nothing.
    pub addresses: BTreeSet<IpAddr>,
}

/// The options of pages with sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSettings {
    /// The address of the pages; without one that of the listener, on this machine.
    pub origin: Option<PageOrigin>,
    /// The time for which a clinician alone sees a "please check" of a later revision, seconds.
    pub wait_seconds: u32,
    /// The time without use that ends a session, seconds.
    pub idle_seconds: u32,
    /// The time that ends a session, seconds.
    pub session_seconds: u32,
    /// Persons who see the network.
    pub analysts: BTreeSet<String>,
    /// Persons who see operations.
    pub administrators: BTreeSet<String>,
    /// Persons who see the access log.
    pub auditors: BTreeSet<String>,
    /// Persons who lead a locality, with its code.
    pub locality_leads: BTreeSet<(String, String)>,
    /// The identity provider.
    pub provider: Option<ProviderSettings>,
    /// The proxy.
    pub proxy: Option<ProxySettings>,
}

/// Words with blanks between them.
pub(crate) fn persons(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Words of the form `PERSON@CODE`.
pub(crate) fn persons_at(text: &str) -> Result<BTreeSet<(String, String)>, String> {
    let read = |word: &str| match word.rsplit_once('@') {
        Some((person, code)) if !person.is_empty() && !code.is_empty() => Ok((person.to_owned(), code.to_owned())),
        _ => Err(format!("{word:?} names no locality; write PERSON@CODE, such as gmc|7012345@Q99")),
    };
    text.split_whitespace().map(read).collect()
}

/// Addresses with blanks between them.
pub(crate) fn addresses(text: &str) -> Result<BTreeSet<IpAddr>, String> {
    let read = |word: &str| word.parse().map_err(|_| format!("{word:?} is not an IP address; write one, such as 10.0.0.7"));
    text.split_whitespace().map(read).collect()
}

/// The name of a header. Those that any browser may send, or that carry other things, are refused.
pub(crate) fn header(text: &str) -> Result<Option<String>, String> {
    let name = text.to_ascii_lowercase();
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match name.as_str() {
        "" => Ok(None),
        "authorization" | "cookie" | "host" | "origin" | "forwarded" | "x-forwarded-for" => {
            Err(format!("{text:?} does not name a person; write the header in which the proxy names one, such as X-Remote-User"))
        }
        _ if name.bytes().all(known) => Ok(Some(name)),
        _ => Err(format!("{text:?} is not the name of a header; write letters, digits and -, such as X-Remote-User")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_https_or_this_machine() {
        let text = |text: &str| PageOrigin::parse(text).map(|origin| origin.text());
        assert_eq!(text("https://Scores.example.org/"), Ok("https://scores.example.org".to_owned()));
        assert_eq!(text("http://127.0.0.1:8080"), Ok("http://127.0.0.1:8080".to_owned()));
        assert_eq!(text("http://[::1]:8080"), Ok("http://[::1]:8080".to_owned()));
        for wrong in [
            "",
            "scores.example.org",
            "https://",
            "https://a/b",
            "https://user@a",
            "http://scores.example.org",
            "http://localhost.evil.org",
            "http://127.0.0.1:x",
        ] {
            assert!(PageOrigin::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lists_name_persons_localities_and_addresses() {
        assert_eq!(persons(" p1  p2 "), BTreeSet::from(["p1".to_owned(), "p2".to_owned()]));
        assert_eq!(persons_at("a@b@Q99"), Ok(BTreeSet::from([("a@b".to_owned(), "Q99".to_owned())])));
        assert!(persons_at("p1").unwrap_err().contains("PERSON@CODE"));
        assert!(addresses("10.0.0.7 ::1").is_ok_and(|all| all.len() == 2) && addresses("10.0.0.0/8").is_err());
        assert_eq!(header("X-Remote-User"), Ok(Some("x-remote-user".to_owned())));
        assert!(header("Cookie").is_err() && header("x user").is_err() && header("") == Ok(None));
    }
}

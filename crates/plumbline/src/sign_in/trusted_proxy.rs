//! The login that an identity-aware proxy names in a header. Only connections of the proxy's own addresses are believed.

use std::net::IpAddr;

use axum::http::HeaderMap;

use crate::config::page_settings::ProxySettings;

/// The login of the person whom the proxy at `peer` signed in. `None` for another peer, and for a header that is absent, empty, repeated
/// or no text.
pub(crate) fn login<'h>(settings: Option<&ProxySettings>, peer: Option<IpAddr>, headers: &'h HeaderMap) -> Option<&'h str> {
    let settings = settings?;
    // An IPv4 address may arrive in the form of IPv6.
    if !settings.addresses.contains(&peer?.to_canonical()) {
        return None;
    }
    let mut values = headers.get_all(settings.header.as_str()).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok().map(str::trim).filter(|login| !login.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_proxy_names_a_person_and_only_once() {
        let proxy = ProxySettings { header: "x-remote-user".to_owned(), addresses: ["10.0.0.7".parse().unwrap()].into() };
        let named = |peer: &str, values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-remote-user", value.parse().unwrap());
            }
            login(Some(&proxy), Some(peer.parse().unwrap()), &headers).map(str::to_owned)
        };
        assert_eq!(named("10.0.0.7", &["lee"]), Some("lee".to_owned()));
        assert_eq!(named("::ffff:10.0.0.7", &[" lee "]), Some("lee".to_owned()));
        for (peer, values) in [
            ("10.0.0.8", &["lee"][..]),
            ("127.0.0.1", &["lee"]),
            ("10.0.0.7", &[]),
            ("10.0.0.7", &["a", "b"]),
            ("10.0.0.7", &[" "]),
        ] {
            assert_eq!(named(peer, values), None, "{peer} {values:?}");
        }
        let headers = HeaderMap::from_iter([("x-remote-user".parse().unwrap(), "lee".parse().unwrap())]);
        assert_eq!(login(None, Some("10.0.0.7".parse().unwrap()), &headers), None);
        assert_eq!(login(Some(&proxy), None, &headers), None);
    }
}

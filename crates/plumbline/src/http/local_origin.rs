//! The guard of a service without tokens: it answers requests for this machine only, and none that a page of another site sends.
//!
//! A browser on this machine runs pages of any site. Such a page reaches the service by sending forms, or through a name of its own
//! that resolves to 127.0.0.1 (DNS rebinding). A browser states the origin of a page in `Origin` and `Sec-Fetch-Site`, and the name
//! in `Host`; a page cannot change these.

use std::net::IpAddr;

use axum::http::{HeaderMap, Uri, header};

use crate::http::problem::{ProblemType, Refusal};

const FETCH_SITE: &str = "sec-fetch-site";
const HOST_CURE: &str =
    "without tokens this service answers only localhost, 127.0.0.1 and [::1]; request one of these, or configure [tokens.NAME]";
const ORIGIN_CURE: &str =
    "without tokens this service answers no page of another origin; open the page from this service, or configure [tokens.NAME]";

/// Checks the host and the origin of a request. `listen` is the address of the service.
pub(crate) fn check(uri: &Uri, headers: &HeaderMap, listen: IpAddr) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let of_uri = uri.authority().is_none_or(|authority| is_local(authority.as_str(), listen));
    let Some(host) = host.filter(|host| of_uri && is_local(host, listen) && hosts.next().is_none()) else {
        return Err(Refusal::new(ProblemType::ForeignHost, HOST_CURE));
    };
    let own = format!("http://{host}");
    let is_own = headers.get_all(header::ORIGIN).iter().all(|origin| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()));
    let same_site = headers.get_all(FETCH_SITE).iter().all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    if is_own && same_site { Ok(()) } else { Err(Refusal::new(ProblemType::ForeignOrigin, ORIGIN_CURE)) }
}

/// Whether a host with or without a port is this machine's, or the address that the service listens on.
fn is_local(host: &str, listen: IpAddr) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port),
        _ => (host, "0"),
    };
    let known = name.eq_ignore_ascii_case("localhost") || ["127.0.0.1", "[::1]"].contains(&name);
    port.parse::<u16>().is_ok() && (known || name.trim_matches(['[', ']']).parse() == Ok(listen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn checked(headers: &[(&'static str, &str)]) -> Result<(), ProblemType> {
        let map = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        check(&Uri::from_static("/v1/changes"), &map, Ipv4Addr::LOCALHOST.into()).map_err(|refusal| refusal.problem)
    }

    #[test]
    fn only_hosts_of_this_machine_are_answered() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:9", "[::1]", "[::1]:8080"] {
            assert_eq!(checked(&[("host", host)]), Ok(()), "{host}");
        }
        let foreign = [
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.7",
            "::1",
            "",
            "localhost:x",
        ];
        for host in foreign {
            assert_eq!(checked(&[("host", host)]), Err(ProblemType::ForeignHost), "{host}");
        }
        assert_eq!(checked(&[]), Err(ProblemType::ForeignHost));
        assert_eq!(checked(&[("host", "localhost"), ("host", "evil.example")]), Err(ProblemType::ForeignHost));
    }

    #[test]
    fn the_target_of_a_request_names_a_local_host_too() {
        let headers = [("host".parse().unwrap(), "localhost".parse().unwrap())].into_iter().collect();
        let uri = Uri::from_static("http://evil.example/v1/changes");
        assert_eq!(check(&uri, &headers, Ipv4Addr::LOCALHOST.into()).map_err(|r| r.problem), Err(ProblemType::ForeignHost));
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let own = ("host", "localhost:8080");
        assert_eq!(checked(&[own, ("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(checked(&[own, ("sec-fetch-site", "none")]), Ok(()));
        let foreign = [
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("origin", "http://localhost:3000"),
            ("origin", "https://localhost:8080"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ];
        for header in foreign {
            assert_eq!(checked(&[own, header]), Err(ProblemType::ForeignOrigin), "{header:?}");
        }
    }
}

//! The check that a request is for the pages, and that a form comes from them.
//!
//! Source: OWASP, Cross-Site Request Forgery Prevention Cheat Sheet.

use axum::http::{HeaderMap, HeaderName, header};

use crate::config::page_settings::PageOrigin;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the request names the host of the pages, once.
pub(crate) fn is_addressed(origin: &PageOrigin, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(origin.authority.as_bytes()));
    host && hosts.next().is_none()
}

/// Whether a browser says that a page of this site sends the form. A browser that says nothing is not believed.
pub(crate) fn is_own_form(origin: &PageOrigin, headers: &HeaderMap) -> bool {
    let sites: Vec<&[u8]> = headers.get_all(FETCH_SITE).iter().map(|site| site.as_bytes()).collect();
    let origins: Vec<&[u8]> = headers.get_all(header::ORIGIN).iter().map(|one| one.as_bytes()).collect();
    let own = origin.text();
    let from_here = |one: &[u8]| one.eq_ignore_ascii_case(own.as_bytes());
    match (sites.as_slice(), origins.as_slice()) {
        ([b"same-origin"], []) => true,
        ([b"same-origin"] | [], [one]) => from_here(one),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn only_forms_of_the_site_and_requests_for_its_host_pass() {
        let origin = PageOrigin::parse("https://scores.example.org").unwrap();
        let form = |pairs: &[(&'static str, &str)]| is_own_form(&origin, &headers(pairs));
        let (own, same) = (("origin", "https://scores.example.org"), ("sec-fetch-site", "same-origin"));
        assert!(form(&[own]) && form(&[own, same]) && form(&[same]));
        for foreign in [
            &[][..],
            &[("origin", "null")],
            &[("origin", "null"), same],
            &[("origin", "http://scores.example.org")],
            &[("origin", "https://scores.example.org.evil.org"), same],
            &[own, ("origin", "https://evil.org")],
            &[own, ("sec-fetch-site", "same-site")],
            &[own, ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(!form(foreign), "{foreign:?}");
        }
        let addressed = |pairs: &[(&'static str, &str)]| is_addressed(&origin, &headers(pairs));
        assert!(addressed(&[("host", "Scores.example.org")]));
        assert!(!addressed(&[]) && !addressed(&[("host", "evil.org")]) && !addressed(&[("host", "scores.example.org:8443")]));
        assert!(!addressed(&[("host", "scores.example.org"), ("host", "evil.org")]));
    }
}

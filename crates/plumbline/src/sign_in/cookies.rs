//! The two cookies of the pages: that of a session, and that of a sign-in under way.
//!
//! Source: RFC 6265bis, section 4.1.3: a cookie named `__Host-` is sent over https to this host alone, and no other host can set it.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::sign_in::secret::Secret;

/// A cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageCookie {
    /// The id of a session.
    Session,
    /// The secret of a browser that signs in.
    Start,
}

impl PageCookie {
    /// Its name. Over http, on this machine, browsers refuse the prefix.
    fn name(self, is_secure: bool) -> String {
        let name = match self {
            PageCookie::Session => "plumbline-session",
            PageCookie::Start => "plumbline-start",
        };
        if is_secure { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// The secret that the request carries. Two cookies of the name are none: one of them is somebody else's.
    pub(crate) fn read(self, headers: &HeaderMap, is_secure: bool) -> Option<Secret> {
        let name = self.name(is_secure);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(of, _)| *of == name).map(|(_, value)| value);
        let value = values.next()?;
        if values.next().is_none() { Secret::parse(value) } else { None }
    }

    /// The header that sets it, until the browser ends.
    pub(crate) fn set(self, secret: &Secret, is_secure: bool) -> HeaderValue {
        self.header(secret.text(), "", is_secure)
    }

    /// The header that removes it.
    pub(crate) fn remove(self, is_secure: bool) -> HeaderValue {
        self.header("", "; Max-Age=0", is_secure)
    }

    fn header(self, value: &str, end: &str, is_secure: bool) -> HeaderValue {
        let secure = if is_secure { "; Secure" } else { "" };
        // Lax: the way back from the provider begins at another site.
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{end}", self.name(is_secure));
        HeaderValue::from_str(&text).expect("names and secrets are plain letters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_bound_to_the_host_and_hidden_from_scripts() {
        let secret = Secret::random().unwrap();
        let set = PageCookie::Session.set(&secret, true);
        let text = set.to_str().unwrap();
        assert_eq!(text, format!("__Host-plumbline-session={}; Path=/; HttpOnly; SameSite=Lax; Secure", secret.text()));
        assert!(PageCookie::Start.set(&secret, false).to_str().unwrap().starts_with("plumbline-start="));
        assert!(PageCookie::Session.remove(true).to_str().unwrap().ends_with("; Secure; Max-Age=0"));
    }

    #[test]
    fn a_cookie_reads_back_and_two_of_a_name_are_none() {
        let (secret, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        let read = |line: String| {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&line).unwrap())]);
            PageCookie::Session.read(&headers, true)
        };
        assert_eq!(read(format!("a=b; __Host-plumbline-session={}", secret.text())), Some(secret.clone()));
        assert_eq!(read(format!("plumbline-session={}", secret.text())), None, "over https only the bound name counts");
        let (one, two) = (secret.text(), other.text());
        assert_eq!(read(format!("__Host-plumbline-session={one}; __Host-plumbline-session={two}")), None);
        assert_eq!(read("__Host-plumbline-session=../../x".to_owned()), None);
    }
}

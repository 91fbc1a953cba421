//! The link to the next page of a list.

use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::http::parameters::Parameters;
use crate::http::responses::percent_encoded;

/// Adds the link to the page behind `after`. It repeats the parameters of the request, so that every page has the same filter.
pub(crate) fn add_link(response: &mut Response, path: &str, parameters: &Parameters, after: &str) {
    let given = parameters.iter().filter(|(name, _)| *name != "after");
    let repeated: String = given.map(|(name, text)| format!("{name}={}&", percent_encoded(text))).collect();
    let link = format!("<{path}?{repeated}after={}>; rel=\"next\"", percent_encoded(after));
    response.headers_mut().extend(HeaderValue::from_str(&link).ok().map(|link| (header::LINK, link)));
}

/// A part of a position: `|` separates parts, so it is encoded inside one.
pub(crate) fn part(text: &str) -> String {
    text.replace('%', "%25").replace('|', "%7C")
}

/// The text of a part.
pub(crate) fn text_of(part: &str) -> String {
    part.replace("%7C", "|").replace("%7c", "|").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_read_back_whatever_it_holds() {
        for text in ["", "gmc|7012345", "a||b", "100%", "%7C", "%257C|", "=1,\"x\"\n"] {
            assert!(!part(text).contains('|'), "{text}");
            assert_eq!(text_of(&part(text)), text);
        }
    }
}

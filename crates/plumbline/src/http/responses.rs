//! The forms of responses: lists as JSON or NDJSON, and the errors that several routes share.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use scorecard::time::schedule::Schedule;
use serde_json::Value;

use crate::http::problem::ProblemType;
use crate::process::service_status::ServiceStatus;
use crate::view::first_cards::FirstCards;

pub(crate) const NDJSON: &str = "application/x-ndjson";

/// A list of JSON values: NDJSON for a client that accepts it, otherwise one array.
pub(crate) fn listed(lines: &[String], headers: &HeaderMap) -> Response {
    let (kind, text) = if accepts(headers, NDJSON) {
        (NDJSON, lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect())
    } else {
        ("application/json", format!("[{}]\n", lines.join(",\n")))
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

pub(crate) fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains(kind))
}

pub(crate) fn json_response(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Body::from(format!("{value}\n"))).into_response()
}

/// The response of a deployment that has no card yet.
pub(crate) fn no_cards_yet(status: &ServiceStatus, schedule: &Schedule) -> Response {
    ProblemType::NotFound.response(&FirstCards::of_status(status, schedule).to_string())
}

/// The response of a process without the role intake.
pub(crate) fn no_intake() -> Response {
    ProblemType::RoleMissing.response("this process does not have the role intake; send events to one that has it")
}

/// The response of a process without the role serve.
pub(crate) fn no_cards() -> Response {
    ProblemType::RoleMissing.response("this process does not have the role serve; request cards from one that has it")
}

/// The response when work in the background panicked.
pub(crate) fn panicked(work: &str) -> Response {
    ProblemType::Internal.response(&format!("{work} failed; report the last lines of the service's log"))
}

/// The text with every byte except letters, digits and `-._~` as `%XX`.
pub(crate) fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

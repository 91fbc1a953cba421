//! The forms of requests and responses: parameters, lists as JSON or NDJSON, errors as JSON.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub(crate) const NDJSON: &str = "application/x-ndjson";

/// The parameters behind the `?` of a request.
pub(crate) type Parameters = Query<BTreeMap<String, String>>;

pub(crate) fn parameter<T: std::str::FromStr>(parameters: &BTreeMap<String, String>, name: &str) -> Result<Option<T>, String> {
    let example = if name == "month" { "a month such as 2026-10" } else { "a whole number" };
    let wrong = |text: &String| format!("{name}={text} is not valid; write {example}");
    parameters.get(name).map(|text| text.parse().map_err(|_| wrong(text))).transpose()
}

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

pub(crate) fn error(status: StatusCode, text: &str) -> Response {
    (status, json_response(&json!({ "error": text }))).into_response()
}

/// The response of a process without the role intake.
pub(crate) fn no_intake() -> Response {
    error(StatusCode::NOT_FOUND, "this process does not have the role intake; send events to one that has it")
}

/// The response of a process without the role serve.
pub(crate) fn no_cards() -> Response {
    error(StatusCode::NOT_FOUND, "this process does not have the role serve; request cards from one that has it")
}

//! How HTTP is asked and answered: parameters, JSON or NDJSON as the client accepts them, errors as JSON.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub(crate) const NDJSON: &str = "application/x-ndjson";

/// What stands behind the `?` of a request.
pub(crate) type Parameters = Query<BTreeMap<String, String>>;

pub(crate) fn parameter<T: std::str::FromStr>(parameters: &BTreeMap<String, String>, name: &str) -> Result<Option<T>, String> {
    let example = if name == "month" { "a month such as 2026-10" } else { "a whole number" };
    let wrong = |text: &String| format!("{name}={text} cannot be read; write {example}");
    parameters.get(name).map(|text| text.parse().map_err(|_| wrong(text))).transpose()
}

/// Lines that are JSON each: as one array, or as they are for whoever accepts NDJSON.
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

/// Another process of the deployment takes events.
pub(crate) fn no_intake() -> Response {
    error(StatusCode::NOT_FOUND, "this process takes no events; send them to one that runs the role intake")
}

/// Another process of the deployment serves cards.
pub(crate) fn no_cards() -> Response {
    error(StatusCode::NOT_FOUND, "this process serves no cards; ask one that runs the role serve")
}

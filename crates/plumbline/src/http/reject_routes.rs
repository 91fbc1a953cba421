//! `GET /v1/rejects` and `POST /v1/rejects/retry`: what was refused and waits, in groups, and putting it in again. Raw bytes are
//! never served: whoever reads them needs the keys.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;
use tokio::sync::oneshot;

use crate::http::http_state::HttpState;
use crate::http::responses::{Parameters, error, json_response, listed, no_intake};
use crate::intake::intake_worker::Request;
use crate::rejects::rejected_record::RejectFilter;
use crate::view::rejects_view::PendingRejects;

/// The groups.
pub async fn groups(State(served): State<HttpState>, Query(parameters): Parameters, headers: HeaderMap) -> Response {
    let which = which(&parameters);
    let read = move || PendingRejects::read(&served.refused).map(|waiting| waiting.group_lines(&which));
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(lines)) => listed(&lines, &headers),
        Ok(Err(failed)) => error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
        Err(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "rejects could not be read; report what the service said"),
    }
}

/// Puts those that are meant in again, between two requests with events.
pub async fn retry(State(served): State<HttpState>, Query(parameters): Parameters) -> Response {
    let (reply, answer) = oneshot::channel();
    let Some(door) = &served.door else { return no_intake() };
    if !door.hand_in(Request::Retry { which: which(&parameters), reply }) {
        return error(StatusCode::TOO_MANY_REQUESTS, "too much waits for the log; ask again later");
    }
    match answer.await {
        Ok(Ok(retried)) => json_response(&json!(retried)),
        Ok(Err(failed)) => error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
        Err(_) => error(StatusCode::SERVICE_UNAVAILABLE, "the log failed; retry once the service is back, an event counts once"),
    }
}

fn which(parameters: &BTreeMap<String, String>) -> RejectFilter {
    let given = |name: &str| parameters.get(name).cloned();
    RejectFilter { reason: given("reason"), feed: given("feed"), field: given("field") }
}

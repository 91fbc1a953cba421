//! `GET /v1/rejects` and `POST /v1/rejects/retry`: groups of rejected records, and their retry. Raw bytes are never served: reading
//! them needs the keys.

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

/// Rejected elements in groups of the same reason, feed and field.
pub async fn groups(State(state): State<HttpState>, Query(parameters): Parameters, headers: HeaderMap) -> Response {
    let which = which(&parameters);
    let read = move || PendingRejects::read(&state.rejects).map(|pending| pending.group_lines(&which));
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(lines)) => listed(&lines, &headers),
        Ok(Err(failed)) => error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
        Err(_) => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "reading the rejected records failed; report the last lines of the service's log",
        ),
    }
}

/// Retries the rejected records that the parameters select, between two requests with events.
pub async fn retry(State(state): State<HttpState>, Query(parameters): Parameters) -> Response {
    let (reply, answer) = oneshot::channel();
    let Some(intake) = &state.intake else { return no_intake() };
    if !intake.hand_in(Request::Retry { which: which(&parameters), reply }) {
        return error(StatusCode::TOO_MANY_REQUESTS, "too many requests wait for the log; retry later");
    }
    match answer.await {
        Ok(Ok(retried)) => json_response(&json!(retried)),
        Ok(Err(failed)) => error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
        Err(_) => error(
            StatusCode::SERVICE_UNAVAILABLE,
            "the log failed; retry after a restart of the service, an event counts only once",
        ),
    }
}

fn which(parameters: &BTreeMap<String, String>) -> RejectFilter {
    let given = |name: &str| parameters.get(name).cloned();
    RejectFilter { reason: given("reason"), feed: given("feed"), field: given("field") }
}

//! `GET /v1/backup` and `GET /v1/backup/records`: the log as `plumbline backup` reads it.

use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::backup::backup_source::LogSnapshot;
use crate::backup::log_page::{page, topic_named};
use crate::http::http_state::HttpState;
use crate::http::problem::ProblemType;
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{json_response, panicked};
use crate::log::any_log::AnyLog;

const READING: &str = "reading the log";
const ON_KAFKA: &str = "the log is on Kafka; docs/operate/backup.md says what to back up there";

/// The bounds of the log now.
pub(crate) async fn snapshot(State(state): State<HttpState>) -> Response {
    let AnyLog::Local(log) = state.log else { return ProblemType::NotFound.response(ON_KAFKA) };
    match tokio::task::spawn_blocking(move || LogSnapshot::of(&log)).await {
        Ok(Ok(snapshot)) => json_response(&json!(snapshot)),
        Ok(Err(failed)) => ProblemType::Internal.response(&failed.to_string()),
        Err(_) => panicked(READING),
    }
}

/// A page of stored records.
pub(crate) async fn records(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, .. }): Extension<CheckedRequest>,
) -> Response {
    let AnyLog::Local(log) = state.log else { return ProblemType::NotFound.response(ON_KAFKA) };
    let number = |name: &str| parameters.value::<u64>(name);
    let (partition, from, to) = match (parameters.value::<u32>("partition"), number("from"), number("to")) {
        (Ok(partition), Ok(from), Ok(to)) => (partition, from, to),
        (Err(wrong), ..) | (_, Err(wrong), _) | (.., Err(wrong)) => return wrong.into_response(),
    };
    let (Some(topic), Some(partition), Some(from), Some(to)) =
        (parameters.text("topic").and_then(topic_named), partition, from, to)
    else {
        return ProblemType::MalformedParameter
            .response("topic, partition, from or to is missing; `plumbline backup` sends them");
    };
    match tokio::task::spawn_blocking(move || page(&log, topic, partition, from..to)).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response(),
        Ok(Err(failed)) => ProblemType::Internal.response(&failed.to_string()),
        Err(_) => panicked(READING),
    }
}

//! The routes of the process itself: readiness, version, metrics, reloads, and its log for a backup.

use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::deployment::backup::backup_source::LogSnapshot;
use crate::deployment::backup::log_page::{page, topic_named};
use crate::http::http_state::HttpState;
use crate::http::problem::ProblemType;
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{json_response, panicked};
use crate::log::any_log::AnyLog;

const READING: &str = "reading the log";
const ON_KAFKA: &str = "the log is on Kafka; docs/operate/backup.md says what to back up there";

/// Whether the service is ready, with the reason and the progress if not.
pub(crate) async fn readyz(State(state): State<HttpState>) -> Response {
    match state.status.not_ready(state.clock.now()) {
        None => {
            let last_cut = state.status.publish().last_cut.map(|cut| cut.to_string());
            let whole_from = state.status.whole_from().map(|month| month.to_string());
            let refuses = state.intake.as_ref().and_then(|_| state.disk.shortage());
            json_response(
                &json!({ "ready": true, "last_cut": last_cut, "months_whole_from": whole_from, "intake_refuses": refuses }),
            )
        }
        Some(not_ready) => {
            let body = json!({
                "ready": false,
                "reason": not_ready.reason,
                "records_done": not_ready.done,
                "records_total": not_ready.total,
                "estimate_seconds": not_ready.estimate.map(|left| left.as_secs()),
            });
            (StatusCode::SERVICE_UNAVAILABLE, json_response(&body)).into_response()
        }
    }
}

/// The version and the fixed options of the deployment.
pub(crate) async fn version(State(state): State<HttpState>) -> Response {
    json_response(&json!({
        "version": state.deployment.engine_version,
        "measure_set": state.measures.get().hash().to_string(),
        "zone": state.deployment.schedule.zone.name(),
        "partitions": state.deployment.partitions,
    }))
}

/// All metrics.
pub(crate) async fn metrics(State(state): State<HttpState>) -> Response {
    // A scrape looks into files and folders.
    match tokio::task::spawn_blocking(move || state.metrics.text()).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Ok(Err(failed)) => ProblemType::Internal.response(&failed.to_string()),
        Err(_) => panicked("reading the metrics"),
    }
}

/// Reads the configuration and its files again.
pub(crate) async fn reload(
    State(state): State<HttpState>,
    Extension(CheckedRequest { rights, .. }): Extension<CheckedRequest>,
) -> Response {
    tracing::info!(token = rights.token_name(), "reload of the configuration");
    match tokio::task::spawn_blocking(move || state.reload.run()).await {
        Ok(Ok(outcome)) => json_response(&json!(outcome)),
        Ok(Err(failed)) => ProblemType::NotReloaded.response(&format!("{failed:#}; the old configuration stays in force")),
        Err(_) => panicked("the reload"),
    }
}

/// The bounds of the log now.
pub(crate) async fn backup_bounds(State(state): State<HttpState>) -> Response {
    let AnyLog::Local(log) = state.log else { return ProblemType::NotFound.response(ON_KAFKA) };
    match tokio::task::spawn_blocking(move || LogSnapshot::of(&log)).await {
        Ok(Ok(snapshot)) => json_response(&json!(snapshot)),
        Ok(Err(failed)) => ProblemType::Internal.response(&failed.to_string()),
        Err(_) => panicked(READING),
    }
}

/// A page of stored records.
pub(crate) async fn backup_records(
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

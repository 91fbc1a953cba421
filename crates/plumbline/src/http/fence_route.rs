//! `POST /v1/events/retract`: the operator's fence of an event.

use axum::extract::{Extension, State};
use axum::response::Response;
use serde_json::json;

use crate::http::http_state::HttpState;
use crate::http::problem::ProblemType;
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{json_response, no_intake, panicked};
use crate::intake::operator_fence::{FenceOutcome, fence};
use crate::process::service_status::Way;

/// Fences the event that the parameters name.
pub(crate) async fn retract(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, rights }): Extension<CheckedRequest>,
) -> Response {
    if state.intake.is_none() {
        return no_intake();
    }
    let (Some(feed), Some(id)) = (parameters.text("feed"), parameters.text("id")) else {
        return ProblemType::MalformedParameter.response("feed or id is missing; name the feed and the id of the event");
    };
    if let Some(failure) = state.status.disk_failure() {
        return ProblemType::DiskFull.response(&format!("{failure}; send this again after a restart of the service"));
    }
    let Ok(permit) = state.retry_permit.clone().try_acquire_owned() else {
        return ProblemType::Busy.response("a retry or another fence runs; send this again after the seconds of Retry-After");
    };
    let (feed, id) = (feed.to_owned(), state.decoder.get().records.protected_id(id));
    let run = move || {
        let mut log = state.log.clone();
        let fenced = fence(&mut log, state.deployment.partitions, &feed, &id);
        if fenced.as_ref().is_ok_and(|fenced| fenced.voided > 0) {
            state.status.intake(Way::Http).counts.registered += 1;
        }
        drop(permit);
        fenced
    };
    match tokio::task::spawn_blocking(run).await {
        Ok(Ok(FenceOutcome { voided: 0, .. })) => {
            ProblemType::NotFound.response("the log holds no event of this id in this feed; send both as the log holds them")
        }
        Ok(Ok(fenced)) => {
            tracing::info!(token = rights.token_name(), versions = fenced.voided, "event fenced");
            json_response(&json!(fenced))
        }
        Ok(Err(_)) => ProblemType::LogFailed.response("the log failed; send this again after a restart of the service"),
        Err(_) => panicked("the fence"),
    }
}

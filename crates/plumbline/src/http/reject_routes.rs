//! `GET /v1/rejects` and `POST /v1/rejects/retry`: groups of rejected records, and their retry. Raw bytes are never served: reading
//! them needs the keys.
//!
//! A retry runs next to intake, so that events do not wait for it. One runs at a time, because each reads all rejects.

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use stream::intake::intake_task::Intake;

use crate::http::http_state::HttpState;
use crate::http::parameters::Parameters;
use crate::http::problem::ProblemType;
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{json_response, listed, no_intake, panicked, percent_encoded};
use crate::intake::reject_retrier::{RejectRetrier, RetryError, RetryOutcome};
use crate::intake::rejects::reject_groups::{RejectGroups, RejectKind};
use crate::intake::rejects::rejected_record::RejectFilter;
use crate::process::limits::EVENTS_PER_BATCH;
use crate::process::service_status::Way;
use crate::view::rejects_view::group_line;

/// Rejected elements in groups of the same reason, feed and field, in pages.
pub(crate) async fn groups(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, .. }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let limit = match parameters.limit() {
        Ok(limit) => limit,
        Err(wrong) => return wrong.into_response(),
    };
    let filter = filter(&parameters);
    let read = move || state.rejects.groups(&filter);
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(groups)) => page(&groups, &parameters, limit, &headers),
        Ok(Err(failed)) => ProblemType::Internal.response(&failed.to_string()),
        Err(_) => panicked("reading the rejected records"),
    }
}

/// The groups behind the parameter `after`, with a link to the next page.
fn page(groups: &RejectGroups, parameters: &Parameters, limit: usize, headers: &HeaderMap) -> Response {
    let after = parameters.text("after").and_then(kind_of);
    let mut rest = groups.iter().skip_while(|(kind, _)| after.as_ref().is_some_and(|after| *kind <= after)).peekable();
    let (mut lines, mut last) = (Vec::new(), None);
    while lines.len() < limit
        && let Some((kind, group)) = rest.next()
    {
        lines.push(group_line(kind, group));
        last = Some(kind);
    }
    let mut response = listed(&lines, headers);
    if let (Some(RejectKind { reason, feed, field }), true) = (last, rest.peek().is_some()) {
        let named = ["reason", "feed", "field"].into_iter().filter_map(|name| Some((name, parameters.text(name)?)));
        let named: String = named.map(|(name, text)| format!("{name}={}&", percent_encoded(text))).collect();
        let after = percent_encoded(&format!("{reason}|{field}|{feed}"));
        let link = format!("</v1/rejects?{named}limit={limit}&after={after}>; rel=\"next\"");
        response.headers_mut().extend(HeaderValue::from_str(&link).ok().map(|link| (header::LINK, link)));
    }
    response
}

/// The kind behind which a page begins. Neither a reason nor the path of a field holds the separator.
fn kind_of(after: &str) -> Option<RejectKind> {
    let mut parts = after.splitn(3, '|').map(str::to_owned);
    let (reason, field, feed) = (parts.next()?, parts.next()?, parts.next()?);
    Some(RejectKind { reason, feed, field })
}

/// Retries the rejected records that the parameters select.
pub(crate) async fn retry(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, rights }): Extension<CheckedRequest>,
) -> Response {
    if state.intake.is_none() {
        return no_intake();
    }
    if let Some(failure) = state.status.disk_failure() {
        return ProblemType::DiskFull.response(&format!("{failure}; retry after a restart of the service"));
    }
    if let Some(shortage) = state.disk.shortage() {
        return ProblemType::DiskFull.response(&format!("{shortage}; retry then"));
    }
    let Ok(permit) = state.retry_permit.clone().try_acquire_owned() else {
        return ProblemType::Busy.response("a retry runs; send this again after the seconds of Retry-After");
    };
    tracing::info!(token = rights.token_name(), "retry of rejected records");
    let filter = filter(&parameters);
    let run = move || {
        let retried = run(state, &filter);
        drop(permit);
        retried
    };
    match tokio::task::spawn_blocking(run).await {
        Ok(Ok(retried)) => {
            let RetryOutcome { logged, registered, refused, .. } = retried;
            tracing::info!(token = rights.token_name(), logged, registered, refused, "rejected records retried");
            json_response(&json!(retried))
        }
        Ok(Err(RetryError::Store(failed))) => ProblemType::Internal.response(&failed.to_string()),
        Ok(Err(RetryError::Log(_))) => {
            ProblemType::LogFailed.response("the log failed; retry after a restart of the service, an event counts only once")
        }
        Err(_) => panicked("the retry"),
    }
}

/// Retries with a handle of its own on the log.
fn run(state: HttpState, filter: &RejectFilter) -> Result<RetryOutcome, RetryError> {
    let HttpState { mut log, decoder, rejects, clock, status, deployment, .. } = state;
    let mut intake = Intake::new(deployment.partitions, EVENTS_PER_BATCH);
    let retried = RejectRetrier::new(&decoder.get(), &rejects).run(filter, &mut intake, &mut log, clock.now());
    status.intake(Way::Retry).counts.add(intake.counts());
    retried
}

fn filter(parameters: &Parameters) -> RejectFilter {
    let given = |name: &str| parameters.text(name).map(str::to_owned);
    RejectFilter { reason: given("reason"), feed: given("feed"), field: given("field") }
}

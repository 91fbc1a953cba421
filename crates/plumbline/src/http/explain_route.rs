//! `GET /v1/scorecards/{clinician}/explain`: the events behind one number of a card.
//!
//! The service computes one explanation at a time, because each folds the log again; others wait. It cancels an explanation whose
//! client hung up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use scorecard::fold::explanation::MeasureSide;
use stream::evidence::EvidenceError;

use crate::http::http_state::HttpState;
use crate::http::responses::{NDJSON, Parameters, accepts, error, no_cards, parameter};
use crate::terminal::paint::Paint;
use crate::view::explain_request::{ExplainError, ExplainRequest, side_word};
use crate::view::explanation_view::{json, ndjson, table};

/// The explanation that path and parameters select, in the form that the client accepts.
pub async fn explain(
    State(state): State<HttpState>,
    Path(clinician): Path<String>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Response {
    let request = match explain_request(clinician, &parameters) {
        Ok(request) => request,
        Err(wrong) => return error(StatusCode::BAD_REQUEST, &wrong),
    };
    let Some(cards) = state.cards.clone() else { return no_cards() };
    let Ok(permit) = state.explain_permit.clone().acquire_owned().await else {
        return error(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping; retry after its restart");
    };
    let client = ClientGuard(Arc::new(AtomicBool::new(true)));
    let waits = client.0.clone();
    let compute = move || {
        let HttpState { mut log, deployment, .. } = state;
        let explanation = request.answer(&deployment, &cards, &mut log, &|| waits.load(Ordering::Relaxed));
        drop(permit);
        explanation
    };
    let explanation = match tokio::task::spawn_blocking(compute).await {
        Ok(Ok(explanation)) => explanation,
        Ok(Err(unanswered)) => return error(status(&unanswered), &stream::log::with_sources(&unanswered)),
        Err(_) => {
            return error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the explanation failed; report the last lines of the service's log",
            );
        }
    };
    drop(client);
    let (kind, text) = if accepts(&headers, "text/plain") {
        ("text/plain; charset=utf-8", table(&explanation, Paint::Plain))
    } else if accepts(&headers, NDJSON) {
        (NDJSON, ndjson(&explanation))
    } else {
        ("application/json", json(&explanation))
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// The client of a request waits as long as this lives. The server drops it with the request, also when the client hung up.
struct ClientGuard(Arc<AtomicBool>);

impl Drop for ClientGuard {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

fn status(unanswered: &ExplainError) -> StatusCode {
    match unanswered {
        ExplainError::NotFound(_) => StatusCode::NOT_FOUND,
        ExplainError::Ambiguous(_) => StatusCode::BAD_REQUEST,
        ExplainError::Evidence(EvidenceError::Gone(_)) => StatusCode::GONE,
        ExplainError::Evidence(_) | ExplainError::Log(_) => StatusCode::INTERNAL_SERVER_ERROR,
        ExplainError::Unexplained(_) => StatusCode::CONFLICT,
    }
}

fn explain_request(clinician: String, parameters: &BTreeMap<String, String>) -> Result<ExplainRequest, String> {
    let needed = |name: &str, example: &str| {
        parameters.get(name).cloned().ok_or_else(|| format!("{name} is missing; add {name}={example}"))
    };
    let month = parameter(parameters, "month")?.ok_or("month is missing; add month=2026-10")?;
    let window = match parameters.get("window").map(String::as_str) {
        None => None,
        Some("month" | "1") => Some(1),
        Some("3") => Some(3),
        Some("12") => Some(12),
        Some(other) => return Err(format!("window={other} is not valid; write month, 3 or 12")),
    };
    let side = match parameters.get("side") {
        None => None,
        Some(word) => {
            let side = [MeasureSide::Numerator, MeasureSide::Denominator].into_iter().find(|side| side_word(*side) == word);
            Some(side.ok_or_else(|| format!("side={word} is not valid; write numerator or denominator"))?)
        }
    };
    let measure = needed("measure", "dna_rate")?;
    let revision = parameter(parameters, "revision")?;
    Ok(ExplainRequest { clinician, month, measure, side, window, revision, practice: parameters.get("practice").cloned() })
}

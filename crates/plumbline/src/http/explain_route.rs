//! `GET /v1/scorecards/{clinician}/explain`: the events behind one number of a card.
//!
//! One explanation is computed at a time, for each folds the log anew; others wait. One whose client hung up is given up.

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

/// Answers the question that path and parameters ask.
pub async fn explain(
    State(served): State<HttpState>,
    Path(clinician): Path<String>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Response {
    let question = match question(clinician, &parameters) {
        Ok(question) => question,
        Err(wrong) => return error(StatusCode::BAD_REQUEST, &wrong),
    };
    let Some(shelf) = served.shelf.clone() else { return no_cards() };
    let Ok(turn) = served.explaining.clone().acquire_owned().await else {
        return error(StatusCode::SERVICE_UNAVAILABLE, "the service ends; ask again once it is back");
    };
    let waiting = WaitGuard(Arc::new(AtomicBool::new(true)));
    let waits = waiting.0.clone();
    let find = move || {
        let HttpState { mut log, deployment, .. } = served;
        let answer = question.answer(&deployment, &shelf, &mut log, &|| waits.load(Ordering::Relaxed));
        drop(turn);
        answer
    };
    let explanation = match tokio::task::spawn_blocking(find).await {
        Ok(Ok(explanation)) => explanation,
        Ok(Err(unanswered)) => return error(status(&unanswered), &stream::log::with_sources(&unanswered)),
        Err(_) => return error(StatusCode::INTERNAL_SERVER_ERROR, "explaining failed; report what the service said"),
    };
    drop(waiting);
    let (kind, text) = if accepts(&headers, "text/plain") {
        ("text/plain; charset=utf-8", table(&explanation, Paint::Plain))
    } else if accepts(&headers, NDJSON) {
        (NDJSON, ndjson(&explanation))
    } else {
        ("application/json", json(&explanation))
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// While it lives somebody waits. It goes with the request, also where the client hung up.
struct WaitGuard(Arc<AtomicBool>);

impl Drop for WaitGuard {
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

fn question(clinician: String, parameters: &BTreeMap<String, String>) -> Result<ExplainRequest, String> {
    let needed = |name: &str, example: &str| {
        parameters.get(name).cloned().ok_or_else(|| format!("{name} is missing; add {name}={example}"))
    };
    let month = parameter(parameters, "month")?.ok_or("month is missing; add month=2026-10")?;
    let window = match parameters.get("window").map(String::as_str) {
        None => None,
        Some("month" | "1") => Some(1),
        Some("3") => Some(3),
        Some("12") => Some(12),
        Some(other) => return Err(format!("window={other} cannot be read; write month, 3 or 12")),
    };
    let side = match parameters.get("side") {
        None => None,
        Some(word) => {
            let side = [MeasureSide::Numerator, MeasureSide::Denominator].into_iter().find(|side| side_word(*side) == word);
            Some(side.ok_or_else(|| format!("side={word} cannot be read; write numerator or denominator"))?)
        }
    };
    let measure = needed("measure", "dna_rate")?;
    let revision = parameter(parameters, "revision")?;
    Ok(ExplainRequest { clinician, month, measure, side, window, revision, practice: parameters.get("practice").cloned() })
}

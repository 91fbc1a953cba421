//! `GET /v1/scorecards/{clinician}/explain`: the events behind one number of a card.
//!
//! The service computes one explanation at a time, because each folds the log again; a few others wait, and more are refused. It
//! cancels an explanation whose client hung up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use scorecard::fold::explanation::MeasureSide;
use scorecard::record::access_record::AccessRecord;
use stream::evidence::EvidenceError;

use crate::http::http_state::HttpState;
use crate::http::parameters::Parameters;
use crate::http::problem::{ProblemType, Refusal};
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{NDJSON, accepts, no_cards, no_cards_yet, panicked};
use crate::process::limits::EXPLAIN_QUEUE;
use crate::published_cards::card_index::{CardIndex, read_index};
use crate::terminal::paint::Paint;
use crate::view::explain_request::{ExplainError, ExplainRequest, side_word};
use crate::view::explanation_view::{json, ndjson, table};

/// The explanation that path and parameters select, in the form that the client accepts.
pub async fn explain(
    State(state): State<HttpState>,
    Path(clinician): Path<String>,
    Extension(checked): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let request = match explain_request(clinician, &checked.parameters) {
        Ok(request) => request,
        Err(wrong) => return wrong.into_response(),
    };
    let Some(cards) = state.cards.clone() else { return no_cards() };
    if read_index(&cards.index, CardIndex::is_empty) {
        return no_cards_yet(&state.status, &state.deployment.schedule);
    }
    // The place in the queue is released with the request, also when the client hung up.
    let Ok(_queued) = state.explain_queue.clone().try_acquire_owned() else {
        let text =
            format!("one explanation is computed at a time, and {EXPLAIN_QUEUE} wait; retry after the seconds of Retry-After");
        return ProblemType::Busy.response(&text);
    };
    let Ok(permit) = state.explain_permit.clone().acquire_owned().await else {
        return ProblemType::Unavailable.response("the service is stopping; retry after its restart");
    };
    let look = AccessRecord {
        page: "explain".to_owned(),
        clinician: Some(request.clinician.clone()),
        practice: request.practice.clone(),
        month: Some(request.month),
        revision: request.revision,
        ..AccessRecord::default()
    };
    let recorder = state.clone();
    let client = ClientGuard(Arc::new(AtomicBool::new(true)));
    let waits = client.0.clone();
    let compute = move || {
        let deployment = state.present_deployment();
        let HttpState { mut log, .. } = state;
        let explanation = request.answer(&deployment, &cards, &mut log, &|| waits.load(Ordering::Relaxed));
        drop(permit);
        explanation
    };
    let explanation = match tokio::task::spawn_blocking(compute).await {
        Ok(Ok(explanation)) => explanation,
        Ok(Err(unanswered)) => return problem(&unanswered).response(&stream::log::with_sources(&unanswered)),
        Err(_) => return panicked("the explanation"),
    };
    drop(client);
    if let Err(refused) = recorder.record(&checked.rights, look).await {
        return refused;
    }
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

fn problem(unanswered: &ExplainError) -> ProblemType {
    match unanswered {
        ExplainError::NotFound(_) => ProblemType::NotFound,
        ExplainError::Ambiguous(_) => ProblemType::MalformedParameter,
        ExplainError::Evidence(EvidenceError::Gone(_)) => ProblemType::Gone,
        ExplainError::Evidence(_) | ExplainError::Log(_) => ProblemType::Internal,
        ExplainError::Unexplained(_) => ProblemType::NotExplained,
    }
}

fn explain_request(clinician: String, parameters: &Parameters) -> Result<ExplainRequest, Refusal> {
    let malformed = |text: &str| Refusal::new(ProblemType::MalformedParameter, text);
    let month = parameters.value("month")?.ok_or_else(|| malformed("month is missing; add month=2026-10"))?;
    let window = match parameters.text("window") {
        None => None,
        Some("month" | "1") => Some(1),
        Some("3") => Some(3),
        Some("12") => Some(12),
        Some(_) => return Err(malformed("window is not valid; write month, 3 or 12")),
    };
    let side = match parameters.text("side") {
        None => None,
        Some(word) => {
            let side = [MeasureSide::Numerator, MeasureSide::Denominator].into_iter().find(|side| side_word(*side) == word);
            Some(side.ok_or_else(|| malformed("side is not valid; write numerator or denominator"))?)
        }
    };
    let measure = parameters.text("measure").ok_or_else(|| malformed("measure is missing; add measure=dna_rate"))?.to_owned();
    let revision = parameters.value("revision")?;
    Ok(ExplainRequest {
        clinician,
        month,
        measure,
        side,
        window,
        revision,
        practice: parameters.text("practice").map(str::to_owned),
    })
}

//! `POST /v1/patients/erase`: retracts the events of a patient. The request names pseudonyms, never the patient.

use std::collections::BTreeSet;

use axum::extract::{Extension, State};
use axum::response::Response;
use scorecard::event::Pseudonym;
use serde_json::json;
use stream::log::LogError;

use crate::http::http_state::HttpState;
use crate::http::problem::ProblemType;
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{json_response, no_intake, panicked};
use crate::intake::patient_erasure::{ErasureMode, ErasureOutcome, erase_patient};
use crate::process::service_status::Way;
use crate::view::pseudonym_text::pseudonyms_of;

/// Retracts the events of the pseudonyms that the parameters name, or counts them.
pub(crate) async fn erase(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, rights }): Extension<CheckedRequest>,
) -> Response {
    if state.intake.is_none() {
        return no_intake();
    }
    let Some(pseudonyms) = parameters.text("pseudonyms").and_then(pseudonyms_of) else {
        return ProblemType::MalformedParameter
            .response("pseudonyms is missing or cannot be read; write 32 hexadecimal digits for each, with commas between");
    };
    let mode = match parameters.text("mode") {
        Some("dry-run") => ErasureMode::DryRun,
        Some("erase") => ErasureMode::Erase,
        _ => return ProblemType::MalformedParameter.response("mode is missing or unknown; write dry-run or erase"),
    };
    if let Some(failure) = state.status.disk_failure() {
        return ProblemType::DiskFull.response(&format!("{failure}; send this again after a restart of the service"));
    }
    let Ok(permit) = state.retry_permit.clone().try_acquire_owned() else {
        return ProblemType::Busy.response("a retry or an erasure runs; send this again after the seconds of Retry-After");
    };
    let run = move || {
        let erased = run(state, &pseudonyms, mode);
        drop(permit);
        erased
    };
    match tokio::task::spawn_blocking(run).await {
        Ok(Ok(erased)) => {
            tracing::info!(token = rights.token_name(), ?mode, retracted = erased.retracted, "erasure of a patient");
            json_response(&json!(erased))
        }
        Ok(Err(_)) => ProblemType::LogFailed.response("the log failed; send this again after a restart of the service"),
        Err(_) => panicked("the erasure"),
    }
}

/// Erases with a handle of its own on the log.
fn run(state: HttpState, pseudonyms: &BTreeSet<Pseudonym>, mode: ErasureMode) -> Result<ErasureOutcome, LogError> {
    let HttpState { mut log, status, deployment, .. } = state;
    let erased = erase_patient(&mut log, deployment.partitions, pseudonyms, mode)?;
    if mode == ErasureMode::Erase {
        let mut intake = status.intake(Way::Retry);
        intake.counts.received += erased.retracted;
        intake.counts.logged += erased.retracted;
    }
    Ok(erased)
}

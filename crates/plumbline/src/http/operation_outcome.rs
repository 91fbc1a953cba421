//! FHIR's OperationOutcome, the form of answers and errors under `/fhir`. Source: HL7 FHIR R4 (4.0.1), OperationOutcome and its value
//! set issue-type.

use std::fmt::Display;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::http::problem::ProblemType;
use crate::intake::intake_worker::ElementOutcome;
use crate::intake::source_check::{PRACTICE_NOT_ALLOWED, REGISTRY_NOT_ALLOWED};

/// Content type of FHIR resources in JSON.
pub(crate) const FHIR_JSON: &str = "application/fhir+json";
/// The system of the reasons of rejects as codes.
const REASONS: &str = "urn:plumbline:reject";
/// Most bytes of an error that is written as an OperationOutcome.
const ERROR_BYTES: usize = 64 << 10;

/// A FHIR resource as a response.
pub(crate) fn resource_response(status: StatusCode, resource: &impl Display) -> Response {
    (status, [(header::CONTENT_TYPE, FHIR_JSON)], Body::from(format!("{resource}\n"))).into_response()
}

/// An OperationOutcome with these issues. One needs at least one issue.
pub(crate) fn operation_outcome(issues: Vec<Value>) -> Value {
    json!({"resourceType": "OperationOutcome", "issue": issues})
}

/// An issue of a request that was done as asked.
pub(crate) fn information(diagnostics: &str) -> Value {
    json!({"severity": "information", "code": "informational", "diagnostics": diagnostics})
}

/// An issue of a request that cannot be done.
pub(crate) fn failure(code: &str, diagnostics: &str) -> Value {
    json!({"severity": "error", "code": code, "diagnostics": diagnostics})
}

/// The issue of one element.
pub(crate) fn issue(outcome: &ElementOutcome) -> Value {
    match outcome {
        ElementOutcome::Logged { id } => information(&format!("the event {id} is in the log")),
        ElementOutcome::Registered => information("the registry holds the entry"),
        ElementOutcome::Skipped { kind } => information(&format!("{kind} is accepted and not counted")),
        ElementOutcome::Rejected { reason, field, detail } => {
            let mut issue = failure(issue_code(reason), detail);
            issue["details"] = json!({"coding": [{"system": REASONS, "code": reason}]});
            if !field.is_empty() {
                issue["expression"] = json!([field]);
            }
            issue
        }
    }
}

/// The status of one element. `done` is that of an element that was taken.
pub(crate) fn status(outcome: &ElementOutcome, done: StatusCode) -> StatusCode {
    match outcome {
        ElementOutcome::Logged { .. } | ElementOutcome::Registered => done,
        ElementOutcome::Skipped { .. } => StatusCode::OK,
        ElementOutcome::Rejected { reason, .. } if issue_code(reason) == "forbidden" => StatusCode::FORBIDDEN,
        ElementOutcome::Rejected { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn issue_code(reason: &str) -> &'static str {
    match reason {
        "feed_not_allowed" | PRACTICE_NOT_ALLOWED | REGISTRY_NOT_ALLOWED => "forbidden",
        missing if missing.starts_with("missing_") => "required",
        "malformed" | "wrong_type" | "too_old" | "in_the_future" => "value",
        "not_json" | "not_an_object" => "structure",
        _ => "invalid",
    }
}

/// Writes the errors of routes under `/fhir` as OperationOutcomes.
pub(crate) async fn for_fhir(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_fhir = path == "/fhir" || path.starts_with("/fhir/");
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<ProblemType>().copied().filter(|_| is_fhir) else { return response };
    let (mut parts, body) = response.into_parts();
    let detail = detail_of(&to_bytes(body, ERROR_BYTES).await.unwrap_or_default());
    let outcome = operation_outcome(vec![failure(code_of(problem.status()), &detail)]);
    parts.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(FHIR_JSON));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(format!("{outcome}\n")))
}

fn detail_of(problem: &[u8]) -> String {
    let value: Value = serde_json::from_slice(problem).unwrap_or_default();
    value["detail"].as_str().unwrap_or_default().to_owned()
}

fn code_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "login",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNSUPPORTED_MEDIA_TYPE => "not-supported",
        StatusCode::REQUEST_TIMEOUT => "timeout",
        StatusCode::PAYLOAD_TOO_LARGE => "too-long",
        StatusCode::TOO_MANY_REQUESTS => "throttled",
        StatusCode::INSUFFICIENT_STORAGE => "no-store",
        StatusCode::SERVICE_UNAVAILABLE => "transient",
        StatusCode::INTERNAL_SERVER_ERROR => "exception",
        _ => "invalid",
    }
}

//! The routes under `/fhir`: a FHIR R4 server that takes resources. A rest-hook subscription and the client of a practice system can
//! send to them. Source: HL7 FHIR R4 (4.0.1), RESTful API.
//!
//! Each resource goes through the same intake as an element of `POST /v1/events`. Nothing is read back: resources are no records here.

use axum::body::Bytes;
use axum::extract::{Extension, Path, Request as HttpRequest, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::config::source_rights::FeedRight;
use crate::http::events_route::{body, no_room, sender, submit, too_many};
use crate::http::fhir_bundle::{OUTCOMES, ResourceHead, bundle_response};
use crate::http::http_state::HttpState;
use crate::http::operation_outcome::{failure, information, issue, operation_outcome, resource_response, status};
use crate::http::problem::{ProblemType, Refusal};
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{no_intake, panicked};
use crate::intake::intake_worker::{ElementOutcome, SubmissionAnswer};

/// The types of resources that events, definitions, patients' traits and registry entries come from.
const TYPES: [&str; 13] = [
    "Appointment",
    "Encounter",
    "Location",
    "Medication",
    "MedicationDispense",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "QuestionnaireResponse",
    "ServiceRequest",
];
/// The day on which the content of the capability statement changed last.
const CAPABILITY_DATE: &str = "2026-11-30";

/// `POST /fhir`: a Bundle, or one resource. An empty body is a notification without content.
pub(crate) async fn post(state: State<HttpState>, checked: Extension<CheckedRequest>, request: HttpRequest) -> Response {
    match taken(&state, checked.0, request, None).await {
        Ok((body, answer)) => {
            let answered = tokio::task::spawn_blocking(move || match bundle_response(&body, &answer.elements) {
                Some(bundle) => resource_response(StatusCode::OK, &bundle),
                None => outcome_response(&answer.elements, StatusCode::OK),
            });
            answered.await.unwrap_or_else(|_| panicked("writing the answer"))
        }
        Err(refused) if refused.is_empty_body => {
            let text = "the notification has no resource, so nothing is stored; let the subscription send its resources";
            resource_response(StatusCode::OK, &operation_outcome(vec![information(text)]))
        }
        Err(refused) => refused.response,
    }
}

/// `POST /fhir/{type}`: one resource with an id of the sender.
pub(crate) async fn create(
    state: State<HttpState>,
    checked: Extension<CheckedRequest>,
    Path(kind): Path<String>,
    request: HttpRequest,
) -> Response {
    match taken(&state, checked.0, request, Some((&kind, None))).await {
        Ok((_, answer)) => outcome_response(&answer.elements, StatusCode::CREATED),
        Err(refused) => refused.response,
    }
}

/// `PUT /fhir/{type}/{id}`: a version of a resource.
pub(crate) async fn update(
    state: State<HttpState>,
    checked: Extension<CheckedRequest>,
    Path((kind, id)): Path<(String, String)>,
    request: HttpRequest,
) -> Response {
    match taken(&state, checked.0, request, Some((&kind, Some(&id)))).await {
        Ok((_, answer)) => outcome_response(&answer.elements, StatusCode::OK),
        Err(refused) => refused.response,
    }
}

/// `DELETE /fhir/{type}/{id}`: the retraction of the resource's event.
pub(crate) async fn delete(
    State(state): State<HttpState>,
    Extension(checked): Extension<CheckedRequest>,
    Path((kind, id)): Path<(String, String)>,
) -> Response {
    if state.intake.is_none() {
        return no_intake();
    }
    let entry = json!({"request": {"method": "DELETE", "url": format!("{kind}/{id}")}});
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
    let body = Bytes::from(bundle.to_string());
    let Some(room) = state.room.enter(sender(&checked), body.len()) else { return no_room().into_response() };
    let feed = feed(&checked);
    match submit(&state, checked, feed.as_deref(), body, room).await {
        Ok(answer) => outcome_response(&answer.elements, StatusCode::OK),
        Err(refusal) => refusal.into_response(),
    }
}

/// `GET /fhir/metadata`: the capabilities, which FHIR clients read first.
pub(crate) async fn metadata() -> Response {
    let interactions = ["create", "update", "delete"].map(|code| json!({"code": code}));
    let resources: Vec<Value> = TYPES.iter().map(|kind| json!({"type": kind, "interaction": interactions})).collect();
    let statement = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CAPABILITY_DATE,
        "kind": "instance",
        "software": {"name": "Plumbline", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "Takes resources as events; nothing is read back. Every entry of a Bundle is taken on its own."},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{"mode": "server", "resource": resources, "interaction": [{"code": "transaction"}, {"code": "batch"}]}],
    });
    resource_response(StatusCode::OK, &statement)
}

/// A request of which nothing was taken.
struct FhirRefusal {
    is_empty_body: bool,
    response: Response,
}

impl From<Refusal> for FhirRefusal {
    fn from(refusal: Refusal) -> FhirRefusal {
        FhirRefusal { is_empty_body: refusal.problem == ProblemType::EmptyBody, response: refusal.into_response() }
    }
}

/// The body and the outcomes of its elements. `path` is the type and the id that the resource must have.
async fn taken(
    state: &HttpState,
    checked: CheckedRequest,
    request: HttpRequest,
    path: Option<(&str, Option<&str>)>,
) -> Result<(Bytes, SubmissionAnswer), FhirRefusal> {
    if state.intake.is_none() {
        return Err(FhirRefusal { is_empty_body: false, response: no_intake() });
    }
    let (body, room) = body(state, &checked, request).await?;
    if let Some((kind, id)) = path
        && let Some(why) = ResourceHead::read(&body).and_then(|head| head.differs_from(kind, id))
    {
        let outcome = operation_outcome(vec![failure("invalid", &why)]);
        return Err(FhirRefusal { is_empty_body: false, response: resource_response(StatusCode::BAD_REQUEST, &outcome) });
    }
    let feed = feed(&checked);
    let answer = submit(state, checked, feed.as_deref(), body.clone(), room).await?;
    if answer.beyond > 0 {
        return Err(too_many(state.max_elements, "the first of them were read; send the Bundle in parts").into());
    }
    Ok((body, answer))
}

/// The feed of the parameter, else the only feed that the token may write: a FHIR client cannot add a parameter to its requests.
fn feed(checked: &CheckedRequest) -> Option<String> {
    let only = || match checked.rights.source().feeds {
        FeedRight::Only(feeds) if feeds.len() == 1 => feeds.into_iter().next().map(|feed| feed.to_string()),
        FeedRight::Only(_) | FeedRight::Any => None,
    };
    checked.parameters.text("feed").map(str::to_owned).or_else(only)
}

/// An OperationOutcome with an issue for each element. The status is that of the worst element where none was taken.
fn outcome_response(elements: &[ElementOutcome], done: StatusCode) -> Response {
    let statuses = || elements.iter().map(|element| status(element, done));
    let status = statuses().find(StatusCode::is_success).or(statuses().max()).unwrap_or(done);
    let rejects_first = |element: &&ElementOutcome| !matches!(element, ElementOutcome::Rejected { .. });
    let mut ordered: Vec<&ElementOutcome> = elements.iter().collect();
    ordered.sort_by_key(rejects_first);
    let mut issues: Vec<Value> = ordered.iter().take(OUTCOMES).map(|element| issue(element)).collect();
    if elements.len() > OUTCOMES {
        issues.push(information(&format!("{} further elements are not listed", elements.len() - OUTCOMES)));
    }
    if elements.is_empty() {
        issues.push(information("the body has no element, so nothing is stored"));
    }
    resource_response(status, &operation_outcome(issues))
}

//! The parts of a FHIR body that its answer names: type and id of a resource, and the entries of a transaction or batch.

use std::borrow::Cow;

use axum::http::StatusCode;
use codec::identity::nhs_number::contains_nhs_number;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::http::operation_outcome::{issue, operation_outcome, status};
use crate::intake::intake_worker::ElementOutcome;

/// The identity of a resource, as far as the body can be read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceHead<'a> {
    #[serde(borrow)]
    resource_type: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

impl<'a> ResourceHead<'a> {
    /// The head of a JSON object. Intake answers any other body.
    pub(crate) fn read(body: &'a [u8]) -> Option<ResourceHead<'a>> {
        serde_json::from_slice(body).ok()
    }

    /// The difference of the resource from the type and the id of a path. Its own values are not repeated: they may name a patient.
    pub(crate) fn differs_from(&self, kind: &str, id: Option<&str>) -> Option<String> {
        if text(self.resource_type).as_deref() != Some(kind) {
            return Some("resourceType is not that of the path; send the resource to its own path".to_owned());
        }
        let differs = id.is_some_and(|id| text(self.id).as_deref() != Some(id));
        differs.then(|| "the id is not that of the path; send the resource with the id of its path".to_owned())
    }
}

fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    serde_json::from_str::<String>(raw?.get()).ok().map(Cow::Owned)
}

/// A Bundle with the heads of its entries.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BundleHeads<'a> {
    #[serde(borrow)]
    resource_type: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    entry: Vec<EntryHead<'a>>,
}

#[derive(Deserialize)]
struct EntryHead<'a> {
    #[serde(borrow)]
    resource: Option<ResourceHead<'a>>,
    request: Option<RequestHead>,
}

#[derive(Deserialize)]
struct RequestHead {
    method: Option<String>,
}

/// Most entries of a response that have an OperationOutcome; rejected ones come first. Every entry has its status. The answer to a small
/// body must not be a hundred times as large.
pub(crate) const OUTCOMES: usize = 100;

/// The response to a transaction or a batch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseBundle {
    resource_type: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    entry: Vec<ResponseEntry>,
}

#[derive(Serialize)]
struct ResponseEntry {
    response: EntryResponse,
}

#[derive(Serialize)]
struct EntryResponse {
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

/// The response to a transaction or a batch as JSON, with a response for each of its entries in their order. `None` for another body, and
/// for one whose entries and outcomes differ in number.
pub(crate) fn bundle_response(body: &[u8], outcomes: &[ElementOutcome]) -> Option<String> {
    let BundleHeads { resource_type, kind, entry } = serde_json::from_slice(body).ok()?;
    if text(resource_type)? != "Bundle" {
        return None;
    }
    let kind = match &*text(kind)? {
        "transaction" => "transaction-response",
        "batch" => "batch-response",
        _ => return None,
    };
    if entry.len() != outcomes.len() {
        return None;
    }
    let is_rejected = |outcome: &ElementOutcome| matches!(outcome, ElementOutcome::Rejected { .. });
    let rejected = outcomes.iter().filter(|outcome| is_rejected(outcome)).count();
    let mut left = [OUTCOMES.saturating_sub(rejected), OUTCOMES];
    let mut shows = |outcome: &ElementOutcome| {
        let left = &mut left[usize::from(is_rejected(outcome))];
        let shows = *left > 0;
        *left = left.saturating_sub(1);
        shows
    };
    let entry = entry.iter().zip(outcomes).map(|(entry, outcome)| response(entry, outcome, shows(outcome))).collect();
    let bundle = ResponseBundle { resource_type: "Bundle", kind, entry };
    Some(serde_json::to_string(&bundle).expect("texts serialize"))
}

fn response(entry: &EntryHead<'_>, outcome: &ElementOutcome, shows_outcome: bool) -> ResponseEntry {
    let is_create = entry.request.as_ref().is_some_and(|request| request.method.as_deref() == Some("POST"));
    let status = status(outcome, if is_create { StatusCode::CREATED } else { StatusCode::OK });
    let response = EntryResponse {
        status: status.to_string(),
        outcome: shows_outcome.then(|| operation_outcome(vec![issue(outcome)])),
        location: location(entry).filter(|_| status.is_success()),
    };
    ResponseEntry { response }
}

/// `Type/id` of an entry's resource, unless its id may name a patient.
fn location(entry: &EntryHead<'_>) -> Option<String> {
    let resource = entry.resource.as_ref()?;
    let name = format!("{}/{}", text(resource.resource_type)?, text(resource.id)?);
    (!contains_nhs_number(&name)).then_some(name)
}

//! The answers of each route: content types with their schemas, and the problems that it reports.

use serde_json::{Value, json};

use crate::http::contract::route::Route;
use crate::http::problem::ProblemType;
use crate::http::request_guard::Access;

use ProblemType::{
    BodyTooLarge, Busy, ContentEncoding, DiskFull, EmptyBody, FeedNotAllowed, ForeignHost, ForeignOrigin, Gone, Internal,
    LogFailed, MalformedEncoding, MalformedParameter, MediaType, NoRoom, NoToken, NotExplained, NotFound, NotReloaded,
    RoleMissing, ScopeMissing, SlowBody, TooManyElements, Unavailable, UnknownParameter,
};

const REJECTED: &str = "Every event of the body is rejected; the body has the reasons.";

/// The content types of a successful answer, each with its schema.
pub(crate) fn content(route: &Route) -> Vec<(&'static str, Value)> {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let list = |item: Value| {
        vec![("application/json", json!({ "type": "array", "items": item.clone() })), ("application/x-ndjson", item)]
    };
    let object = || json!({ "type": "object" });
    let text = || json!({ "type": "string" });
    match route.path {
        "/v1/scorecards" => list(reference("ScorecardPart")),
        "/v1/scorecards/{clinician}" => [list(reference("Scorecard")), vec![("text/plain", text())]].concat(),
        "/v1/scorecards/{clinician}/explain" => {
            vec![("application/json", object()), ("application/x-ndjson", object()), ("text/plain", text())]
        }
        "/v1/changes" => [list(reference("Change")), vec![("text/event-stream", text())]].concat(),
        "/v1/export" => vec![
            ("text/csv", text()),
            ("application/x-ndjson", object()),
            ("application/avro", text()),
            ("application/vnd.apache.parquet", text()),
        ],
        "/v1/peer-groups" => list(reference("PeerGroup")),
        "/v1/runs" => list(reference("Run")),
        "/v1/measures" | "/v1/registry" | "/v1/rejects" | "/v1/conflicts" | "/v1/feeds" => list(object()),
        "/livez" | "/metrics" | "/v1/backup/records" => vec![("text/plain", text())],
        "/fhir/metadata" | "/fhir" | "/fhir/{type}" | "/fhir/{type}/{id}" => vec![("application/fhir+json", object())],
        _ => vec![("application/json", object())],
    }
}

/// The statuses of other answers than problems, with their meaning.
pub(crate) fn statuses(route: &Route) -> Vec<(u16, &'static str)> {
    match (route.method, route.path) {
        ("GET", path) if path.starts_with("/v1/") && path != "/v1/export" => {
            vec![(304, "The content is the one of the tag in If-None-Match.")]
        }
        ("GET", "/openapi.json") => vec![(304, "The content is the one of the tag in If-None-Match.")],
        ("GET", "/readyz") => vec![(503, "Not ready; the body has the reason and the progress.")],
        ("POST", "/fhir/{type}") => vec![(201, "The resource is taken."), (422, REJECTED)],
        (_, "/v1/events" | "/fhir/{type}/{id}") => vec![(422, REJECTED)],
        ("POST", "/fhir") => vec![(422, REJECTED)],
        _ => Vec::new(),
    }
}

/// The problems of a route, in order of their types.
pub(crate) fn problems(route: &Route) -> Vec<ProblemType> {
    let mut problems = vec![UnknownParameter, ForeignOrigin, ForeignHost, Internal, Unavailable];
    if !route.parameters.is_empty() || route.path.contains('{') {
        problems.push(MalformedParameter);
    }
    if route.access != Access::Open {
        problems.extend([NoToken, ScopeMissing]);
    }
    let body = [
        EmptyBody,
        MalformedEncoding,
        SlowBody,
        BodyTooLarge,
        TooManyElements,
        MediaType,
        ContentEncoding,
        NoRoom,
        LogFailed,
        DiskFull,
        RoleMissing,
    ];
    match (route.method, route.path) {
        ("POST" | "PUT" | "DELETE", path) if route.access == Access::Events => {
            problems.push(FeedNotAllowed);
            problems.extend(body);
            if path.starts_with("/fhir") {
                problems.extend([MalformedParameter, NotFound]);
            }
        }
        ("POST", "/v1/reload") => problems.push(NotReloaded),
        ("POST", _) => problems.extend([Busy, NotFound, RoleMissing, LogFailed, DiskFull]),
        (_, "/v1/backup" | "/v1/backup/records") => problems.push(NotFound),
        (_, "/v1/scorecards" | "/v1/scorecards/{clinician}") => problems.extend([NotFound, RoleMissing]),
        (_, "/v1/scorecards/{clinician}/explain") => problems.extend([NotFound, RoleMissing, Busy, NotExplained, Gone]),
        (_, "/v1/changes" | "/v1/export") => problems.extend([Busy, RoleMissing]),
        (_, "/v1/peer-groups" | "/v1/runs") => problems.push(RoleMissing),
        _ => {}
    }
    problems.sort_unstable();
    problems.dedup();
    problems
}

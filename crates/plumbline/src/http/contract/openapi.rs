//! The OpenAPI document of the routes, from their table.
//!
//! Source: OpenAPI 3.1.1.

use std::collections::BTreeMap;

use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::http::contract::json_schema::{EVENTS, PUBLISHED, event, published};
use crate::http::contract::parameter_texts::parameter;
use crate::http::contract::route::Route;
use crate::http::contract::route_answers::{content, problems, statuses};
use crate::http::problem::{EVENT_TYPES, ProblemType, TYPE_PREFIX};
use crate::http::request_guard::Access;
use crate::http::responses::json_response;

/// Parameters without which a route refuses a request.
const REQUIRED: [(&str, &str); 6] = [
    ("/v1/scorecards/{clinician}/explain", "month"),
    ("/v1/scorecards/{clinician}/explain", "measure"),
    ("/v1/events/retract", "feed"),
    ("/v1/events/retract", "id"),
    ("/v1/patients/erase", "mode"),
    ("/v1/patients/erase", "pseudonyms"),
];

/// The document as an answer.
pub(crate) fn response(routes: &[Route]) -> Response {
    json_response(&document(routes))
}

/// The document. The same routes give the same bytes.
///
/// # Panics
/// If a parameter has no text; a test compares both.
#[must_use]
pub fn document(routes: &[Route]) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes {
        paths.entry(route.path).or_default().insert(route.method.to_lowercase(), operation(route));
    }
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Plumbline",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Monthly scorecards for clinicians from a replayable log of events.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "contact": { "name": "The operator of this service" },
        },
        "servers": [{ "url": "/", "description": "This service." }],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A token of [tokens.NAME] in the configuration." },
            },
            "schemas": schemas(),
        },
    })
}

const TAGS: [(&str, &str); 4] = [
    ("send", "Sending events."),
    ("subscribe", "Reading cards and what explains them."),
    ("operate", "Rejected records, feeds, fences and erasure."),
    ("process", "The state of the process."),
];

fn tag(route: &Route) -> &'static str {
    match (route.access, route.path) {
        (Access::Events, _) | (_, "/fhir/metadata") => "send",
        (Access::Cards | Access::Disclosed, _) | (_, "/v1/registry") => "subscribe",
        (Access::Rejects | Access::Retry | Access::Admin, _) => "operate",
        (Access::Open | Access::Metrics, _) => "process",
    }
}

fn operation(route: &Route) -> Value {
    let mut answers: Map<String, Value> = Map::new();
    let media: Map<String, Value> =
        content(route).into_iter().map(|(kind, schema)| (kind.to_owned(), json!({ "schema": schema }))).collect();
    answers.insert("200".to_owned(), json!({ "description": sentence(route.answer), "content": media }));
    let mut by_status: BTreeMap<u16, Vec<ProblemType>> = BTreeMap::new();
    for problem in problems(route) {
        by_status.entry(problem.status().as_u16()).or_default().push(problem);
    }
    for (status, problems) in by_status {
        answers.insert(status.to_string(), problem_answer(route, &problems));
    }
    for (status, meaning) in statuses(route) {
        answers.entry(status.to_string()).or_insert_with(|| json!({ "description": meaning }));
    }
    let path = route.path_parameters().map(|name| described(route, name, "path"));
    let query = route.parameters.iter().map(|name| described(route, name, "query"));
    let mut operation = json!({
        "operationId": operation_id(route),
        "tags": [tag(route)],
        "summary": sentence(route.answer),
        "description": format!("Scope: {}.", route.access.words()),
        "parameters": path.chain(query).collect::<Vec<_>>(),
        "responses": answers,
    });
    if route.access == Access::Open {
        operation["security"] = json!([]);
    }
    if let Some(body) = body(route) {
        operation["requestBody"] = body;
    }
    operation
}

fn described(route: &Route, name: &str, place: &str) -> Value {
    let (schema, description) = if (place, name) == ("path", "clinician") {
        (json!({ "type": "string" }), "The id of a person, percent-encoded.")
    } else {
        parameter(route.path, name).unwrap_or_else(|| panic!("the parameter {name} has no text"))
    };
    let required = place == "path" || REQUIRED.contains(&(route.path, name));
    json!({ "name": name, "in": place, "required": required, "description": description, "schema": schema })
}

/// The problems with one status. The names tell a program what to do.
fn problem_answer(route: &Route, problems: &[ProblemType]) -> Value {
    let types: Vec<String> = problems.iter().map(|problem| format!("{TYPE_PREFIX}{}", problem.words().0)).collect();
    let titles: Vec<&str> = problems.iter().map(|problem| problem.words().1).collect();
    let description = format!("{}.", titles.join("; "));
    if route.path.starts_with("/fhir") {
        let outcome = json!({ "type": "object", "description": "An OperationOutcome." });
        return json!({ "description": description, "content": { "application/fhir+json": { "schema": outcome } } });
    }
    let schema = json!({
        "allOf": [{ "$ref": "#/components/schemas/Problem" }, { "properties": { "type": { "enum": types } } }],
    });
    json!({ "description": description, "content": { "application/problem+json": { "schema": schema } } })
}

fn body(route: &Route) -> Option<Value> {
    let resource =
        || json!({ "type": "object", "required": ["resourceType"], "properties": { "resourceType": { "type": "string" } } });
    let content = match (route.method, route.path) {
        ("POST", "/v1/events") => {
            let schema = |kind: &str| match kind {
                "application/json" | "application/x-ndjson" => json!({ "$ref": "#/components/schemas/NativeEvents" }),
                "application/avro" | "avro/binary" => json!({ "type": "string" }),
                _ => json!({ "type": ["object", "array"], "items": {} }),
            };
            EVENT_TYPES.into_iter().map(|kind| (kind.to_owned(), json!({ "schema": schema(kind) }))).collect()
        }
        ("POST" | "PUT", path) if path.starts_with("/fhir") => {
            Map::from_iter([("application/fhir+json".to_owned(), json!({ "schema": resource() }))])
        }
        _ => return None,
    };
    Some(json!({ "required": true, "content": content }))
}

fn schemas() -> Value {
    let mut schemas = Map::new();
    for (name, _, avro) in PUBLISHED {
        schemas.insert(name.to_owned(), published(avro));
    }
    for (name, kind, avro) in EVENTS {
        schemas.insert(name.to_owned(), event(kind, avro));
    }
    let mut part = schemas["Scorecard"].clone();
    part["required"] = json!([]);
    part["description"] = json!("A card, or the fields of it that the parameter `fields` chooses.");
    schemas.insert("ScorecardPart".to_owned(), part);
    let references: Vec<Value> =
        EVENTS.iter().map(|(name, ..)| json!({ "$ref": format!("#/components/schemas/{name}") })).collect();
    schemas.insert("NativeEvent".to_owned(), json!({ "oneOf": references, "description": "One version of one event." }));
    let one = json!({ "$ref": "#/components/schemas/NativeEvent" });
    schemas.insert("NativeEvents".to_owned(), json!({ "oneOf": [one, { "type": "array", "items": one }] }));
    schemas.insert("Change".to_owned(), change());
    schemas.insert("Problem".to_owned(), problem());
    Value::Object(schemas)
}

/// The schema of an entry of `/v1/changes`.
#[must_use]
pub fn change() -> Value {
    let status = published(PUBLISHED[0].2)["properties"]["status"].clone();
    json!({
        "type": "object",
        "description": "One published revision.",
        "required": ["sequence", "clinician", "practice", "month", "revision", "status", "cut"],
        "properties": {
            "sequence": { "type": "integer", "minimum": 1, "description": "Its place in the order of publication." },
            "clinician": { "type": "string", "description": "Id of the person." },
            "practice": { "type": "string", "description": "Practice code; empty for a roll-up." },
            "month": { "type": "string", "description": "Calendar month, 2026-10." },
            "revision": { "type": "integer", "minimum": 1, "description": "Number of the revision." },
            "status": status,
            "cut": { "type": "string", "format": "date-time", "description": "The cut that published it." },
        },
    })
}

/// The schema of problem details (RFC 9457).
#[must_use]
pub fn problem() -> Value {
    let types = ProblemType::ALL.map(|problem| format!("{TYPE_PREFIX}{}", problem.words().0));
    json!({
        "type": "object",
        "description": "Problem details, RFC 9457.",
        "required": ["type", "title", "status", "detail", "error"],
        "properties": {
            "type": { "type": "string", "enum": types, "description": "The type of the problem; it never changes its meaning." },
            "title": { "type": "string", "description": "The type in words." },
            "status": { "type": "integer", "description": "The status of the answer." },
            "detail": { "type": "string", "description": "The fault and the cure." },
            "error": { "type": "string", "description": "The same as detail." },
        },
    })
}

/// `getV1ScorecardsByClinicianExplain`.
fn operation_id(route: &Route) -> String {
    let mut id = route.method.to_lowercase();
    for part in route.path.split('/').filter(|part| !part.is_empty()) {
        let (begin, word) = part.strip_prefix('{').map_or(("", part), |name| ("By", name.trim_end_matches('}')));
        id += begin;
        for word in word.split(['-', '.']) {
            let mut letters = word.chars();
            id.extend(letters.next().into_iter().flat_map(char::to_uppercase).chain(letters));
        }
    }
    id
}

/// A text with a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

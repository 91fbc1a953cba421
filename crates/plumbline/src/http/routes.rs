//! The routes of the service. Bodies are JSON; lists are NDJSON for a client that accepts `application/x-ndjson`.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, delete, get, post, put};

use crate::http::contract::openapi;
use crate::http::contract::route::Route;
use crate::http::http_state::HttpState;
use crate::http::problem::ProblemType;
use crate::http::request_guard::{Access, RouteRules, check};
use crate::http::request_metrics::{RequestMetrics, observe};
use crate::http::subscribe::answer_coding::{CacheRule, finish};
use crate::http::subscribe::{card_routes, change_routes, explain_route, export_route, resource_routes};
use crate::http::{
    conflict_routes, erasure_route, events_route, feed_routes, fence_route, fhir_routes, operation_outcome, reject_routes,
    status_routes,
};

const fn route(
    (method, path): (&'static str, &'static str),
    access: Access,
    parameters: &'static [&'static str],
    answer: &'static str,
    handler: fn() -> MethodRouter<HttpState>,
) -> Route {
    Route { method, path, access, parameters, answer, handler }
}

const EXPLAIN_PARAMETERS: &[&str] = &["measure", "month", "practice", "revision", "side", "window"];

const CARD_PARAMETERS: &[&str] = &["after", "clinician", "fields", "limit", "measure", "month", "practice", "role", "status"];

const EXPORT_PARAMETERS: &[&str] = &["disclosed", "format", "from", "measure", "month", "practice", "role", "shape", "to"];

/// `_format` and `_pretty` are FHIR's: every client may send them, and the answer is always JSON.
const FHIR_PARAMETERS: &[&str] = &["_format", "_pretty", "feed"];

/// All routes.
pub const ROUTES: [Route; 29] = [
    route(("POST", "/v1/events"), Access::Events, &["dry-run", "feed"], "the outcome of each event of the body", || {
        post(events_route::post)
    }),
    route(
        ("POST", "/fhir"),
        Access::Events,
        FHIR_PARAMETERS,
        "the response Bundle of a transaction or batch, else an OperationOutcome",
        || post(fhir_routes::post),
    ),
    route(("POST", "/fhir/{type}"), Access::Events, FHIR_PARAMETERS, "the OperationOutcome of a new resource", || {
        post(fhir_routes::create)
    }),
    route(("PUT", "/fhir/{type}/{id}"), Access::Events, FHIR_PARAMETERS, "the OperationOutcome of a resource's version", || {
        put(fhir_routes::update)
    }),
    route(("DELETE", "/fhir/{type}/{id}"), Access::Events, FHIR_PARAMETERS, "the OperationOutcome of a retraction", || {
        delete(fhir_routes::delete)
    }),
    route(("GET", "/fhir/metadata"), Access::Open, FHIR_PARAMETERS, "the CapabilityStatement", || get(fhir_routes::metadata)),
    route(
        ("POST", "/v1/events/retract"),
        Access::Admin,
        &["feed", "id"],
        "the number of versions of the event that a fence voids",
        || post(fence_route::retract),
    ),
    route(
        ("GET", "/v1/scorecards"),
        Access::Cards,
        CARD_PARAMETERS,
        "the cards of a month that pass the filter, in pages",
        || get(card_routes::of_month),
    ),
    route(("GET", "/v1/scorecards/{clinician}"), Access::Cards, &["month", "revision"], "the cards of a clinician", || {
        get(card_routes::of_clinician)
    }),
    route(
        ("GET", "/v1/scorecards/{clinician}/explain"),
        Access::Cards,
        EXPLAIN_PARAMETERS,
        "the events behind a number of a card",
        || get(explain_route::explain),
    ),
    route(
        ("GET", "/v1/changes"),
        Access::Cards,
        &["after", "limit", "wait"],
        "published revisions in order of publication, as a list or as server-sent events",
        || get(change_routes::changes),
    ),
    route(
        ("GET", "/v1/export"),
        Access::Disclosed,
        EXPORT_PARAMETERS,
        "cards as one table: CSV, NDJSON, Avro or Parquet",
        || get(export_route::export),
    ),
    route(("GET", "/v1/measures"), Access::Disclosed, &[], "the definitions of the measures", || get(resource_routes::measures)),
    route(
        ("GET", "/v1/peer-groups"),
        Access::Disclosed,
        &["after", "limit", "measure", "month", "role"],
        "the public peer groups of a month, in pages",
        || get(resource_routes::peer_groups),
    ),
    route(("GET", "/v1/runs"), Access::Disclosed, &["after", "limit"], "the records of the publications, oldest first", || {
        get(resource_routes::runs)
    }),
    route(("GET", "/v1/registry"), Access::Admin, &["after", "limit"], "the entries of the registry, oldest first", || {
        get(resource_routes::registry)
    }),
    route(
        ("GET", "/v1/rejects"),
        Access::Rejects,
        &["after", "feed", "field", "limit", "reason"],
        "rejected records in groups, with the cure, in pages",
        || get(reject_routes::groups),
    ),
    route(
        ("POST", "/v1/rejects/retry"),
        Access::Retry,
        &["feed", "field", "reason"],
        "the outcome of a retry of rejected records",
        || post(reject_routes::retry),
    ),
    route(
        ("GET", "/v1/conflicts"),
        Access::Rejects,
        &["feed", "limit"],
        "versions that are left out because their number has another content, newest first",
        || get(conflict_routes::conflicts),
    ),
    route(
        ("GET", "/v1/feeds"),
        Access::Rejects,
        &[],
        "the feeds as of the last tick, each with its newest record and day, conflicts, unmapped prescriptions and uncategorised orders",
        || get(feed_routes::feeds),
    ),
    route(
        ("POST", "/v1/patients/erase"),
        Access::Admin,
        &["mode", "pseudonyms"],
        "the number of events of a patient that are retracted",
        || post(erasure_route::erase),
    ),
    route(
        ("GET", "/v1/backup"),
        Access::Admin,
        &[],
        "the bounds of every partition of an embedded log, for `plumbline backup`",
        || get(status_routes::backup_bounds),
    ),
    route(
        ("GET", "/v1/backup/records"),
        Access::Admin,
        &["from", "partition", "to", "topic"],
        "stored records of an embedded log, for `plumbline backup`",
        || get(status_routes::backup_records),
    ),
    route(("POST", "/v1/reload"), Access::Admin, &[], "the options that a reload changed, and those that need a restart", || {
        post(status_routes::reload)
    }),
    route(("GET", "/openapi.json"), Access::Open, &[], "the OpenAPI document of these routes", || {
        get(async || openapi::response(&ROUTES))
    }),
    route(("GET", "/livez"), Access::Open, &[], "200 while the process runs", || get(async || "alive\n")),
    route(("GET", "/readyz"), Access::Open, &[], "200 when the log is read; else 503 with the reason and the progress", || {
        get(status_routes::readyz)
    }),
    route(("GET", "/version"), Access::Metrics, &[], "version, measure set, zone and number of partitions", || {
        get(status_routes::version)
    }),
    route(("GET", "/metrics"), Access::Metrics, &[], "metrics for Prometheus", || get(status_routes::metrics)),
];

/// A service with all routes. Pages take every other path, where there are pages.
pub fn router(state: HttpState, pages: Option<Router>) -> Router {
    let metrics = RequestMetrics::register(&state.metrics);
    state.connections.register(&state.metrics);
    let mut router = Router::new();
    for Route { method, path, access, parameters, handler, .. } in ROUTES {
        metrics.begin(path, method);
        let rules = RouteRules { path, access, parameters };
        let mut checked = handler().layer(from_fn_with_state((rules, state.clone()), check));
        if method == "GET" && (path.starts_with("/v1/") || path == "/openapi.json") {
            // An export names persons unless it is disclosed.
            let names_nobody = matches!(access, Access::Disclosed | Access::Open) && path != "/v1/export";
            let rule = if names_nobody { CacheRule::Checked } else { CacheRule::Named };
            checked = checked.layer(from_fn_with_state(rule, finish));
        }
        router = router.route(path, checked);
    }
    let router = match pages {
        Some(pages) => router.fallback_service(pages),
        None => router.fallback(async || {
            ProblemType::UnknownPath.response("no route has this path; docs/reference/http-routes.md lists them")
        }),
    };
    router
        .method_not_allowed_fallback(async || {
            ProblemType::MethodNotAllowed.response("the route has another method; docs/reference/http-routes.md lists them")
        })
        .layer(from_fn(operation_outcome::for_fhir))
        .layer(from_fn_with_state(metrics, observe))
        .with_state(state)
}

//! The routes of the service. Bodies are JSON; lists are NDJSON for a client that accepts `application/x-ndjson`.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use scorecard::time::calendar::Month;
use serde_json::json;
use tokio::sync::oneshot;

use crate::config::options::feed_named;
use crate::http::explain_route;
use crate::http::http_state::{HttpState, body_permits};
use crate::http::reject_routes;
use crate::http::request_metrics::{RequestMetrics, observe};
use crate::http::responses::{Parameters, accepts, error, json_response, listed, no_cards, no_intake, parameter};
use crate::intake::intake_worker::{ElementOutcome, Request, Submission};
use crate::log::local_log::LocalLog;
use crate::process::limits::{PAGE_ENTRIES, PAGE_ENTRIES_MOST};
use crate::published_cards::card_index::{CardChange, CardIndex, RevisionPlace, card_at, read_index};
use crate::published_cards::card_key::CardKey;
use crate::terminal::paint::Paint;
use crate::view::terminal_card::render;

/// Seconds after which a client may send again that was refused because too many bodies wait.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// The token that a request has to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// None.
    Open,
    /// That of the feed that it writes, once any feed has one.
    FeedToken,
    /// That of readers, once there is one.
    ReaderToken,
}

impl Access {
    /// Its words in the list of routes.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Access::Open => "open",
            Access::FeedToken => "feed token",
            Access::ReaderToken => "reader token",
        }
    }
}

/// One route. The reference page of routes is written from these.
#[derive(Debug)]
pub struct Route {
    /// Its method.
    pub method: &'static str,
    /// Its path, parameters in braces.
    pub path: &'static str,
    /// The token that it needs.
    pub access: Access,
    /// The answer, in a few words.
    pub answer: &'static str,
    handler: fn() -> MethodRouter<HttpState>,
}

const fn route(
    (method, path): (&'static str, &'static str),
    access: Access,
    answer: &'static str,
    handler: fn() -> MethodRouter<HttpState>,
) -> Route {
    Route { method, path, access, answer, handler }
}

/// All routes.
pub const ROUTES: [Route; 11] = [
    route(("POST", "/v1/events"), Access::FeedToken, "the outcome of each event of the body", || post(post_events)),
    route(("GET", "/v1/scorecards"), Access::ReaderToken, "the cards of a month, in pages", || get(scorecards_of_month)),
    route(("GET", "/v1/scorecards/{clinician}"), Access::ReaderToken, "the cards of a clinician", || {
        get(scorecards_of_clinician)
    }),
    route(("GET", "/v1/scorecards/{clinician}/explain"), Access::ReaderToken, "the events behind a number of a card", || {
        get(explain_route::explain)
    }),
    route(("GET", "/v1/changes"), Access::ReaderToken, "published revisions, in order of publication", || get(changes)),
    route(("GET", "/v1/rejects"), Access::ReaderToken, "rejected records in groups, with the cure", || {
        get(reject_routes::groups)
    }),
    route(("POST", "/v1/rejects/retry"), Access::ReaderToken, "the outcome of a retry of rejected records", || {
        post(reject_routes::retry)
    }),
    route(("GET", "/livez"), Access::Open, "200 while the process runs", || get(async || "alive\n")),
    route(("GET", "/readyz"), Access::Open, "200 when the log is read; else 503 with the reason and the progress", || {
        get(readyz)
    }),
    route(("GET", "/version"), Access::Open, "version, measure set, zone and number of partitions", || get(version)),
    route(("GET", "/metrics"), Access::Open, "metrics for Prometheus", || get(metrics)),
];

/// A service with all routes.
pub fn router(state: HttpState) -> Router {
    let of = |for_readers: bool| {
        let routes = ROUTES.iter().filter(|route| (route.access == Access::ReaderToken) == for_readers);
        routes.fold(Router::new(), |router, route| router.route(route.path, (route.handler)()))
    };
    let metrics = RequestMetrics::register(&state.metrics);
    ROUTES.iter().for_each(|route| metrics.begin(route.path, route.method));
    let routes = of(false).merge(of(true).layer(from_fn_with_state(state.clone(), only_readers)));
    routes.layer(from_fn_with_state(metrics, observe)).with_state(state)
}

async fn only_readers(State(state): State<HttpState>, request: axum::extract::Request, next: Next) -> Response {
    if state.authorizer.may_read(request.headers()) {
        next.run(request).await
    } else {
        unauthorized("the token of readers, for commands in PLUMBLINE_TOKEN")
    }
}

fn unauthorized(token: &str) -> Response {
    let text = format!("the request has no valid token; send {token} as `Authorization: Bearer TOKEN`");
    let mut response = error(StatusCode::UNAUTHORIZED, &text);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

async fn post_events(State(state): State<HttpState>, Query(parameters): Parameters, request: axum::extract::Request) -> Response {
    let too_large =
        || error(StatusCode::PAYLOAD_TOO_LARGE, &format!("the body is larger than {} bytes; send it in parts", state.max_body));
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // A body of unknown length may be as large as the largest.
    let bytes = declared.unwrap_or(state.max_body);
    if bytes > state.max_body {
        return too_large();
    }
    let Some(intake) = &state.intake else { return no_intake() };
    let Some(writes) = state.authorizer.writes(request.headers()) else { return unauthorized("the token of the feed") };
    let Ok(room) = state.body_permits.clone().try_acquire_many_owned(body_permits(bytes)) else { return no_room() };
    let Ok(body) = to_bytes(request.into_body(), state.max_body).await else { return too_large() };
    let named = |name: &String| feed_named(&state.feeds, &state.deployment.schedule.zone, name);
    let feed = parameters.get("feed").map(named);
    let (reply, answers) = oneshot::channel();
    if !intake.hand_in(Request::Events(Submission { body, feed, writes, reply, room })) {
        return no_room();
    }
    match answers.await {
        Ok(outcomes) => outcomes_response(&outcomes),
        Err(_) => error(
            StatusCode::SERVICE_UNAVAILABLE,
            "the log failed before these events were durable; send them again after a restart of the service",
        ),
    }
}

fn no_room() -> Response {
    let mut response = error(
        StatusCode::TOO_MANY_REQUESTS,
        "too many bodies wait for the log; send this again after the seconds of Retry-After",
    );
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}

fn outcomes_response(outcomes: &[ElementOutcome]) -> Response {
    let count = |of: fn(&ElementOutcome) -> bool| outcomes.iter().filter(|outcome| of(outcome)).count();
    json_response(&json!({
        "received": outcomes.len(),
        "logged": count(|outcome| matches!(outcome, ElementOutcome::Logged)),
        "registered": count(|outcome| matches!(outcome, ElementOutcome::Registered)),
        "skipped": count(|outcome| matches!(outcome, ElementOutcome::Skipped { .. })),
        "rejected": count(|outcome| matches!(outcome, ElementOutcome::Rejected { .. })),
        "events": outcomes,
    }))
}

async fn scorecards_of_clinician(
    State(state): State<HttpState>,
    Path(clinician): Path<String>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Response {
    let (month, revision) = match (parameter(&parameters, "month"), parameter(&parameters, "revision")) {
        (Ok(month), Ok(revision)) => (month, revision),
        (Err(wrong), _) | (_, Err(wrong)) => return error(StatusCode::BAD_REQUEST, &wrong),
    };
    let Some(store) = state.cards.clone() else { return no_cards() };
    let places = read_index(&store.index, |index| index.of_clinician(&clinician, month, revision));
    if places.is_empty() {
        return error(
            StatusCode::NOT_FOUND,
            "no card matches clinician, month and revision; GET /v1/changes lists the published cards",
        );
    }
    if accepts(&headers, "text/plain") {
        return terminal_cards(state, store.cards, places).await;
    }
    cards(store.cards, places, None, &headers).await
}

/// The cards as tables for a terminal.
async fn terminal_cards(state: HttpState, mut log: LocalLog, places: Vec<RevisionPlace>) -> Response {
    let deployment = state.deployment;
    let read = move || {
        let render = |place| Ok(render(&*card_at(&mut log, place)?, &deployment.measures, Paint::Plain));
        places.into_iter().map(render).collect::<Result<Vec<String>, stream::log::LogError>>()
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(cards)) => cards.join("\n").into_response(),
        Ok(Err(failed)) => error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
        Err(_) => {
            error(StatusCode::INTERNAL_SERVER_ERROR, "reading the cards failed; report the last lines of the service's log")
        }
    }
}

async fn scorecards_of_month(State(state): State<HttpState>, Query(parameters): Parameters, headers: HeaderMap) -> Response {
    let (month, limit) = match (parameter::<Month>(&parameters, "month"), limit(&parameters)) {
        (Ok(month), Ok(limit)) => (month, limit),
        (Err(wrong), _) | (_, Err(wrong)) => return error(StatusCode::BAD_REQUEST, &wrong),
    };
    let Some(store) = state.cards else { return no_cards() };
    let Some(month) = month.or_else(|| read_index(&store.index, CardIndex::last_month)) else {
        return cards(store.cards, Vec::new(), None, &headers).await;
    };
    let after = parameters.get("after").map(|text| {
        let (clinician, practice) = text.split_once("||").unwrap_or((text, ""));
        CardKey { clinician: clinician.to_owned(), month, practice: practice.to_owned() }
    });
    let (places, more) = read_index(&store.index, |index| index.of_month(month, after.as_ref(), limit));
    let next = more.map(|key| {
        let after = percent_encoded(&format!("{}||{}", key.clinician, key.practice));
        format!("</v1/scorecards?month={month}&limit={limit}&after={after}>; rel=\"next\"")
    });
    cards(store.cards, places, next, &headers).await
}

/// The cards at these places. A blocking thread reads them, so that other requests do not wait for the disk.
async fn cards(mut log: LocalLog, places: Vec<RevisionPlace>, link: Option<String>, headers: &HeaderMap) -> Response {
    let read =
        move || places.into_iter().map(|place| Ok(codec::json::record_lines::scorecard(&*card_at(&mut log, place)?))).collect();
    let read: Result<Vec<String>, stream::log::LogError> = match tokio::task::spawn_blocking(read).await {
        Ok(read) => read,
        Err(_) => {
            return error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "reading the cards failed; report the last lines of the service's log",
            );
        }
    };
    let lines = match read {
        Ok(lines) => lines,
        Err(failed) => return error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
    };
    let mut response = listed(&lines, headers);
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

async fn changes(State(state): State<HttpState>, Query(parameters): Parameters, headers: HeaderMap) -> Response {
    let (after, limit) = match (parameter::<usize>(&parameters, "after"), limit(&parameters)) {
        (Ok(after), Ok(limit)) => (after.unwrap_or(0), limit),
        (Err(wrong), _) | (_, Err(wrong)) => return error(StatusCode::BAD_REQUEST, &wrong),
    };
    let Some(store) = state.cards else { return no_cards() };
    let lines: Vec<String> = read_index(&store.index, |index| {
        index.changes(after, limit).iter().zip(after + 1..).map(|(change, sequence)| change_line(change, sequence)).collect()
    });
    listed(&lines, &headers)
}

/// A client passes the `sequence` of the last change as `after` of its next request.
fn change_line(change: &CardChange, sequence: usize) -> String {
    let CardChange { key, revision, cut, status } = change;
    json!({
        "sequence": sequence,
        "clinician": key.clinician,
        "practice": key.practice,
        "month": key.month.to_string(),
        "revision": revision,
        "status": status,
        "cut": cut.to_string(),
    })
    .to_string()
}

async fn readyz(State(state): State<HttpState>) -> Response {
    match state.status.not_ready() {
        None => {
            let last_cut = state.status.publish().last_cut.map(|cut| cut.to_string());
            json_response(&json!({ "ready": true, "last_cut": last_cut }))
        }
        Some(not_ready) => {
            let body = json!({
                "ready": false,
                "reason": not_ready.reason,
                "records_done": not_ready.done,
                "records_total": not_ready.total,
                "estimate_seconds": not_ready.estimate.map(|left| left.as_secs()),
            });
            (StatusCode::SERVICE_UNAVAILABLE, json_response(&body)).into_response()
        }
    }
}

async fn version(State(state): State<HttpState>) -> Response {
    json_response(&json!({
        "version": state.deployment.engine_version,
        "measure_set": state.deployment.measures.hash().to_string(),
        "zone": state.deployment.schedule.zone.name(),
        "partitions": state.deployment.partitions,
    }))
}

async fn metrics(State(state): State<HttpState>) -> Response {
    // A scrape looks into files and folders.
    match tokio::task::spawn_blocking(move || state.metrics.text()).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Ok(Err(failed)) => error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
        Err(_) => {
            error(StatusCode::INTERNAL_SERVER_ERROR, "reading the metrics failed; report the last lines of the service's log")
        }
    }
}

fn limit(parameters: &BTreeMap<String, String>) -> Result<usize, String> {
    let limit = parameter(parameters, "limit")?.unwrap_or(PAGE_ENTRIES);
    if (1..=PAGE_ENTRIES_MOST).contains(&limit) {
        Ok(limit)
    } else {
        Err(format!("limit={limit} is out of range; write a number from 1 to {PAGE_ENTRIES_MOST}"))
    }
}

/// The text with every byte except letters, digits and `-._~` as `%XX`.
fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

//! What the service answers over HTTP. Bodies are JSON, or NDJSON for whoever accepts `application/x-ndjson`.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use scorecard::time::calendar::Month;
use serde_json::json;
use tokio::sync::oneshot;

use crate::config::options::feed_named;
use crate::http::explain_route;
use crate::http::http_state::{HttpState, permits, read_index};
use crate::http::metrics::Metrics;
use crate::http::reject_routes;
use crate::http::responses::{Parameters, accepts, error, json_response, listed, no_cards, no_intake, parameter};
use crate::intake::intake_worker::{ElementOutcome, Request, Submission};
use crate::log::local_log::LocalLog;
use crate::process::limits::{PAGE_ENTRIES, PAGE_ENTRIES_MOST};
use crate::published_cards::card_index::{CardChange, CardIndex, RevisionPlace, card_at};
use crate::published_cards::card_key::CardKey;
use crate::terminal::paint::Paint;
use crate::view::terminal_card::render;

/// So long a client is asked to wait when there is no room, seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// All routes.
pub fn router(served: HttpState) -> Router {
    let of_readers = Router::new()
        .route("/v1/scorecards", get(scorecards_of_month))
        .route("/v1/scorecards/{clinician}", get(scorecards_of_clinician))
        .route("/v1/scorecards/{clinician}/explain", get(explain_route::explain))
        .route("/v1/changes", get(changes))
        .route("/v1/rejects", get(reject_routes::groups))
        .route("/v1/rejects/retry", post(reject_routes::retry))
        .layer(from_fn_with_state(served.clone(), only_readers));
    Router::new()
        .merge(of_readers)
        .route("/v1/events", post(post_events))
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .route("/version", get(version))
        .route("/metrics", get(metrics))
        .with_state(served)
}

async fn only_readers(State(served): State<HttpState>, request: axum::extract::Request, next: Next) -> Response {
    if served.gate.may_read(request.headers()) {
        next.run(request).await
    } else {
        unauthorized("the reader's token, commands in PLUMBLINE_TOKEN,")
    }
}

fn unauthorized(whose: &str) -> Response {
    let text = format!("show {whose} as `Authorization: Bearer ...`; its hash is in the service's configuration");
    let mut response = error(StatusCode::UNAUTHORIZED, &text);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

async fn post_events(
    State(served): State<HttpState>,
    Query(parameters): Parameters,
    request: axum::extract::Request,
) -> Response {
    let too_large =
        || error(StatusCode::PAYLOAD_TOO_LARGE, &format!("the body exceeds {} bytes; send it in parts", served.max_body));
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // A body of unknown length may be as large as any.
    let bytes = declared.unwrap_or(served.max_body);
    if bytes > served.max_body {
        return too_large();
    }
    let Some(door) = &served.door else { return no_intake() };
    let Some(writes) = served.gate.writes(request.headers()) else { return unauthorized("the token of the feed") };
    let Ok(room) = served.room.clone().try_acquire_many_owned(permits(bytes)) else { return no_room() };
    let Ok(body) = to_bytes(request.into_body(), served.max_body).await else { return too_large() };
    let named = |name: &String| feed_named(&served.feeds, &served.deployment.schedule.zone, name);
    let feed = parameters.get("feed").map(named);
    let (reply, answers) = oneshot::channel();
    if !door.hand_in(Request::Events(Submission { body, feed, writes, reply, room })) {
        return no_room();
    }
    match answers.await {
        Ok(answers) => answered(&answers),
        Err(_) => error(
            StatusCode::SERVICE_UNAVAILABLE,
            "the log failed before this was durable; send it again once the service is back",
        ),
    }
}

fn no_room() -> Response {
    let mut response = error(StatusCode::TOO_MANY_REQUESTS, "too much waits for the log; send this again after Retry-After");
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}

fn answered(answers: &[ElementOutcome]) -> Response {
    let count = |of: fn(&ElementOutcome) -> bool| answers.iter().filter(|answer| of(answer)).count();
    json_response(&json!({
        "received": answers.len(),
        "logged": count(|answer| matches!(answer, ElementOutcome::Logged)),
        "registered": count(|answer| matches!(answer, ElementOutcome::Registered)),
        "skipped": count(|answer| matches!(answer, ElementOutcome::Skipped { .. })),
        "rejected": count(|answer| matches!(answer, ElementOutcome::Rejected { .. })),
        "events": answers,
    }))
}

async fn scorecards_of_clinician(
    State(served): State<HttpState>,
    Path(clinician): Path<String>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Response {
    let (month, revision) = match (parameter(&parameters, "month"), parameter(&parameters, "revision")) {
        (Ok(month), Ok(revision)) => (month, revision),
        (Err(wrong), _) | (_, Err(wrong)) => return error(StatusCode::BAD_REQUEST, &wrong),
    };
    let Some(shelf) = served.shelf.clone() else { return no_cards() };
    let places = read_index(&shelf.index, |index| index.of_clinician(&clinician, month, revision));
    if places.is_empty() {
        return error(StatusCode::NOT_FOUND, "no such card is published; GET /v1/changes lists those that are");
    }
    if accepts(&headers, "text/plain") {
        return told(served, shelf.cards, places).await;
    }
    cards(shelf.cards, places, None, &headers).await
}

/// The cards for a terminal.
async fn told(served: HttpState, mut log: LocalLog, places: Vec<RevisionPlace>) -> Response {
    let deployment = served.deployment;
    let read = move || {
        let render = |place| Ok(render(&*card_at(&mut log, place)?, &deployment.measures, Paint::Plain));
        places.into_iter().map(render).collect::<Result<Vec<String>, stream::log::LogError>>()
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(cards)) => cards.join("\n").into_response(),
        Ok(Err(failed)) => error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
        Err(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "the cards could not be read; report what the service said"),
    }
}

async fn scorecards_of_month(State(served): State<HttpState>, Query(parameters): Parameters, headers: HeaderMap) -> Response {
    let (month, limit) = match (parameter::<Month>(&parameters, "month"), limit(&parameters)) {
        (Ok(month), Ok(limit)) => (month, limit),
        (Err(wrong), _) | (_, Err(wrong)) => return error(StatusCode::BAD_REQUEST, &wrong),
    };
    let Some(shelf) = served.shelf else { return no_cards() };
    let Some(month) = month.or_else(|| read_index(&shelf.index, CardIndex::last_month)) else {
        return cards(shelf.cards, Vec::new(), None, &headers).await;
    };
    let after = parameters.get("after").map(|text| {
        let (clinician, practice) = text.split_once("||").unwrap_or((text, ""));
        CardKey { clinician: clinician.to_owned(), month, practice: practice.to_owned() }
    });
    let (places, more) = read_index(&shelf.index, |index| index.of_month(month, after.as_ref(), limit));
    let next = more.map(|key| {
        let after = percent_encoded(&format!("{}||{}", key.clinician, key.practice));
        format!("</v1/scorecards?month={month}&limit={limit}&after={after}>; rel=\"next\"")
    });
    cards(shelf.cards, places, next, &headers).await
}

/// The cards at these places. They are read where waiting for the disk holds nobody up.
async fn cards(mut log: LocalLog, places: Vec<RevisionPlace>, link: Option<String>, headers: &HeaderMap) -> Response {
    let read =
        move || places.into_iter().map(|place| Ok(codec::json::record_lines::scorecard(&*card_at(&mut log, place)?))).collect();
    let read: Result<Vec<String>, stream::log::LogError> = match tokio::task::spawn_blocking(read).await {
        Ok(read) => read,
        Err(_) => return error(StatusCode::INTERNAL_SERVER_ERROR, "the cards could not be read; report what the service said"),
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

async fn changes(State(served): State<HttpState>, Query(parameters): Parameters, headers: HeaderMap) -> Response {
    let (after, limit) = match (parameter::<usize>(&parameters, "after"), limit(&parameters)) {
        (Ok(after), Ok(limit)) => (after.unwrap_or(0), limit),
        (Err(wrong), _) | (_, Err(wrong)) => return error(StatusCode::BAD_REQUEST, &wrong),
    };
    let Some(shelf) = served.shelf else { return no_cards() };
    let lines: Vec<String> = read_index(&shelf.index, |index| {
        index.changes(after, limit).iter().zip(after + 1..).map(|(change, sequence)| change_line(change, sequence)).collect()
    });
    listed(&lines, &headers)
}

/// `sequence` is what the next request names as `after`.
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

async fn readyz(State(served): State<HttpState>) -> Response {
    match served.vitals.not_ready() {
        None => {
            let last_cut = served.vitals.publish().last_cut.map(|cut| cut.to_string());
            json_response(&json!({ "ready": true, "last_cut": last_cut }))
        }
        Some(why) => {
            let body = json!({
                "ready": false,
                "reason": why.reason,
                "records_done": why.done,
                "records_total": why.total,
                "estimate_seconds": why.estimate.map(|left| left.as_secs()),
            });
            (StatusCode::SERVICE_UNAVAILABLE, json_response(&body)).into_response()
        }
    }
}

async fn version(State(served): State<HttpState>) -> Response {
    json_response(&json!({
        "version": served.deployment.engine_version,
        "measure_set": served.deployment.measures.hash().to_string(),
        "zone": served.deployment.schedule.zone.name(),
        "partitions": served.deployment.partitions,
    }))
}

async fn metrics(State(served): State<HttpState>) -> Response {
    let HttpState { vitals, shelf, refused, deployment, clock, log, .. } = served;
    let (index, brokers) = (shelf.map(|shelf| shelf.index), log.kafka().map(|log| log.contact().clone()));
    let schema_registry = log.kafka().and_then(|log| log.schema_registry().map(|registry| registry.counts()));
    match (Metrics { vitals, index, brokers, schema_registry, refused, deployment, clock }).text(&prometheus::Registry::new()) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(failed) => error(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
    }
}

fn limit(parameters: &BTreeMap<String, String>) -> Result<usize, String> {
    let limit = parameter(parameters, "limit")?.unwrap_or(PAGE_ENTRIES);
    if (1..=PAGE_ENTRIES_MOST).contains(&limit) {
        Ok(limit)
    } else {
        Err(format!("limit={limit} is not between 1 and {PAGE_ENTRIES_MOST}"))
    }
}

/// Everything but letters, digits and `-._~` as `%XX`.
fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

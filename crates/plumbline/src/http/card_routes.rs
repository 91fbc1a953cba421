//! The routes of published cards: those of a clinician, those of a month, and the changes in order.

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use scorecard::time::calendar::Month;
use serde_json::json;
use stream::log::LogError;

use crate::http::http_state::HttpState;
use crate::http::problem::ProblemType;
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{accepts, listed, no_cards, no_cards_yet, panicked, percent_encoded};
use crate::log::local_log::LocalLog;
use crate::published_cards::card_index::{CardChange, CardIndex, RevisionPlace, card_at, read_index};
use crate::published_cards::card_key::CardKey;
use crate::terminal::paint::Paint;
use crate::view::terminal_card::render;

const READING: &str = "reading the cards";

/// The cards of a clinician.
pub(crate) async fn of_clinician(
    State(state): State<HttpState>,
    Path(clinician): Path<String>,
    Extension(CheckedRequest { parameters, .. }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let (month, revision) = match (parameters.value("month"), parameters.value("revision")) {
        (Ok(month), Ok(revision)) => (month, revision),
        (Err(wrong), _) | (_, Err(wrong)) => return wrong.into_response(),
    };
    let Some(store) = state.cards.clone() else { return no_cards() };
    let places = read_index(&store.index, |index| index.of_clinician(&clinician, month, revision));
    if places.is_empty() && read_index(&store.index, CardIndex::is_empty) {
        return no_cards_yet(&state.status, &state.deployment.schedule);
    }
    if places.is_empty() {
        let text = "no card matches clinician, month and revision; GET /v1/changes lists the published cards";
        return ProblemType::NotFound.response(text);
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
        places.into_iter().map(render).collect::<Result<Vec<String>, LogError>>()
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(cards)) => cards.join("\n").into_response(),
        Ok(Err(failed)) => ProblemType::Internal.response(&failed.to_string()),
        Err(_) => panicked(READING),
    }
}

/// The cards of a month, in pages.
pub(crate) async fn of_month(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, .. }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let (month, limit) = match (parameters.value::<Month>("month"), parameters.limit()) {
        (Ok(month), Ok(limit)) => (month, limit),
        (Err(wrong), _) | (_, Err(wrong)) => return wrong.into_response(),
    };
    let Some(store) = state.cards.clone() else { return no_cards() };
    let Some(month) = month.or_else(|| read_index(&store.index, CardIndex::last_month)) else {
        return no_cards_yet(&state.status, &state.deployment.schedule);
    };
    let after = parameters.text("after").map(|text| {
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
    let read: Result<Vec<String>, LogError> = match tokio::task::spawn_blocking(read).await {
        Ok(read) => read,
        Err(_) => return panicked(READING),
    };
    let lines = match read {
        Ok(lines) => lines,
        Err(failed) => return ProblemType::Internal.response(&failed.to_string()),
    };
    let mut response = listed(&lines, headers);
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// Published revisions, in the order of publication.
pub(crate) async fn changes(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, .. }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let (after, limit) = match (parameters.value::<usize>("after"), parameters.limit()) {
        (Ok(after), Ok(limit)) => (after.unwrap_or(0), limit),
        (Err(wrong), _) | (_, Err(wrong)) => return wrong.into_response(),
    };
    let Some(store) = state.cards else { return no_cards() };
    let lines: Vec<String> = read_index(&store.index, |index| {
        let (first, changes) = index.changes(after, limit);
        changes.iter().zip(first..).map(|(change, sequence)| change_line(change, sequence)).collect()
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

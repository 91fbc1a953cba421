//! The routes of published cards: those of a clinician, and those of a month.

use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use scorecard::record::access_record::AccessRecord;
use scorecard::time::calendar::Month;
use stream::log::LogError;

use crate::http::http_state::HttpState;
use crate::http::problem::ProblemType;
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{accepts, listed, no_cards, no_cards_yet, panicked};
use crate::http::subscribe::card_filter::CardFilter;
use crate::http::subscribe::card_pages::{CardQuery, key_at};
use crate::http::subscribe::next_page::add_link;
use crate::log::local_log::LocalLog;
use crate::published_cards::card_index::{CardIndex, RevisionPlace, card_at, read_index};
use crate::terminal::paint::Paint;
use crate::view::terminal_card::render;

const READING: &str = "reading the cards";

/// The cards of a clinician.
pub(crate) async fn of_clinician(
    State(state): State<HttpState>,
    Path(clinician): Path<String>,
    Extension(CheckedRequest { parameters, rights }): Extension<CheckedRequest>,
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
    let look = AccessRecord { page: "card".to_owned(), clinician: Some(clinician), month, revision, ..AccessRecord::default() };
    if let Err(refused) = state.record(&rights, look).await {
        return refused;
    }
    if accepts(&headers, "text/plain") {
        return terminal_cards(state, store.cards, places).await;
    }
    cards(store.cards, places, &headers).await
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

/// The cards of a month that pass the filter, in pages.
pub(crate) async fn of_month(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, rights }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let filter = CardFilter::read(&parameters, &state.deployment.measures);
    let (month, limit, filter) = match (parameters.value::<Month>("month"), parameters.limit(), filter) {
        (Ok(month), Ok(limit), Ok(filter)) => (month, limit, filter),
        (Err(wrong), ..) | (_, Err(wrong), _) | (.., Err(wrong)) => return wrong.into_response(),
    };
    let Some(mut store) = state.cards.clone() else { return no_cards() };
    let Some(month) = month.or_else(|| read_index(&store.index, CardIndex::last_month)) else {
        return no_cards_yet(&state.status, &state.deployment.schedule);
    };
    let query = CardQuery { month, after: parameters.text("after").map(|after| key_at(after, month)), limit, filter };
    // A blocking thread reads the cards, so that other requests do not wait for the disk.
    match tokio::task::spawn_blocking(move || query.read(&mut store)).await {
        Ok(Ok(page)) => {
            let clinician = parameters.text("clinician").map(str::to_owned);
            let look = AccessRecord { page: "cards".to_owned(), clinician, month: Some(month), ..AccessRecord::default() };
            if !page.lines.is_empty()
                && let Err(refused) = state.record(&rights, look).await
            {
                return refused;
            }
            let mut response = listed(&page.lines, &headers);
            if let Some(next) = page.next {
                let month = [("month", month.to_string())];
                add_link(&mut response, "/v1/scorecards", &parameters.with(month), &next);
            }
            response
        }
        Ok(Err(failed)) => ProblemType::Internal.response(&failed.to_string()),
        Err(_) => panicked(READING),
    }
}

/// The cards at these places. A blocking thread reads them, so that other requests do not wait for the disk.
async fn cards(mut log: LocalLog, places: Vec<RevisionPlace>, headers: &HeaderMap) -> Response {
    let read =
        move || places.into_iter().map(|place| Ok(codec::json::record_lines::scorecard(&*card_at(&mut log, place)?))).collect();
    let read: Result<Vec<String>, LogError> = match tokio::task::spawn_blocking(read).await {
        Ok(read) => read,
        Err(_) => return panicked(READING),
    };
    match read {
        Ok(lines) => listed(&lines, headers),
        Err(failed) => ProblemType::Internal.response(&failed.to_string()),
    }
}

//! The handler of every request: its host and origin, its address, then the page, computed in a thread that may block.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use page::pages::notice_page::Notice;
use page::text::page_words::text;
use scorecard::time::calendar::Timestamp;

use crate::http::local_origin;
use crate::page_view::content_pages::content_page;
use crate::page_view::demo_reader::DemoReader;
use crate::page_view::event_finder::EventFinder;
use crate::page_view::open_pages;
use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_cards::PageCards;
use crate::page_view::page_request::{PageRequest, SitePage};
use crate::page_view::person_pages;
use crate::page_view::site_reader::PageMoment;
use crate::process::limits::CHECK_WAIT_SECONDS;

/// The folder and the address of the server.
#[derive(Debug)]
pub(crate) struct PageState {
    cards: PageCards,
    events: EventFinder,
    listen: SocketAddr,
}

impl PageState {
    pub(crate) fn new(cards: PageCards, listen: SocketAddr) -> PageState {
        PageState { cards, events: EventFinder::default(), listen }
    }
}

/// The work under way has a client as long as this lives. The server drops it with the request, also when the client hung up.
struct WaitingClient(Arc<AtomicBool>);

impl Drop for WaitingClient {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// The answer to any request.
pub(crate) async fn answer(State(state): State<Arc<PageState>>, request: Request) -> Response {
    if let Err(refusal) = local_origin::check(request.uri(), request.headers(), state.listen.ip()) {
        let refused = "these pages answer only requests for localhost, 127.0.0.1 or [::1], and no page of another site\n";
        return PageAnswer::text(refusal.problem.status(), refused).into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return PageAnswer::text(StatusCode::METHOD_NOT_ALLOWED, "these pages are only read; send GET\n").into_response();
    }
    let uri = request.uri().clone();
    let client = WaitingClient(Arc::new(AtomicBool::new(true)));
    let waits = client.0.clone();
    let work = move || page(&state, &uri, &|| waits.load(Ordering::Relaxed));
    let made = tokio::task::spawn_blocking(work).await;
    drop(client);
    made.unwrap_or_else(|_| PageAnswer::text(StatusCode::INTERNAL_SERVER_ERROR, "the page failed; report the address\n"))
        .into_response()
}

/// The page of an address.
fn page(state: &PageState, uri: &axum::http::Uri, wanted: &dyn Fn() -> bool) -> PageAnswer {
    let cards = &state.cards;
    let request = match PageRequest::of(uri) {
        Ok(request) => request,
        Err(problem) => return open_pages::notice(cards, None, &Notice::BadAddress { problem }),
    };
    // A name of an address may be anything: no page repeats one that the folder does not know.
    let unknown = match &request.reader {
        DemoReader::Clinician(person) if cards.cards_of(person).is_empty() => Some(person_pages::unknown_person(cards, person)),
        DemoReader::Lead(practice) if !cards.knows_practice(practice) => {
            Some(Notice::NotFound { hint: text("choice.no_practice") })
        }
        _ => None,
    };
    if let Some(unknown) = unknown {
        return open_pages::notice(cards, None, &unknown);
    }
    let site = request.reader.signed_in(cards, moment(cards));
    let made = match &request.page {
        SitePage::Choice(number) => open_pages::choice(cards, *number),
        SitePage::Stylesheet => Ok(PageAnswer::stylesheet()),
        SitePage::SignIn => Ok(open_pages::sign_in()),
        _ => content_page(cards, &state.events, (&request, &site), wanted),
    };
    made.unwrap_or_else(|failed| {
        // The log of the command has the reason; a page never repeats a path of this machine.
        tracing::warn!(error = %stream::log::with_sources(failed.as_ref()), "a page failed");
        open_pages::notice(cards, Some(&site), &Notice::Failure { number: "plumbline view".to_owned() })
    })
}

/// A folder is as of its last cut.
fn moment(cards: &PageCards) -> PageMoment {
    let now = cards.last_cut().unwrap_or(Timestamp(0));
    PageMoment { now, today: cards.schedule.zone.day_of(now), wait_seconds: CHECK_WAIT_SECONDS }
}

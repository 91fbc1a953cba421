//! The handler of every request for the pages of a service: its host, its session, and then the page, in a thread that may block.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use page::frame::stylesheet::stylesheet_path;
use page::pages::notice_page::Notice;

use crate::http::problem::ProblemType;
use crate::http::request_body;
use crate::http::server::PeerAddress;
use crate::page_view::content_pages::content_page;
use crate::page_view::event_finder::EventFinder;
use crate::page_view::folder_counts::reject_notes;
use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_cards::PageCards;
use crate::page_view::page_request::{PageRequest, SitePage};
use crate::page_view::session_reader::SessionReader;
use crate::page_view::sign_in_pages;
use crate::page_view::site_state::{SiteRequest, SiteState, site_notice};
use crate::process::clock::Clock;
use crate::process::limits::FORM_BYTES;
use crate::sign_in::provider_sign_in::RETURN_PATH;
use crate::sign_in::site_origin;

/// The answer to any request that is not for the interface.
pub(crate) async fn answer(State(state): State<Arc<SiteState>>, request: Request) -> Response {
    let path = request.uri().path();
    if ["/v1", "/fhir"].iter().any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))) {
        return ProblemType::UnknownPath.response("no route has this path; docs/reference/http-routes.md lists them");
    }
    if !site_origin::is_addressed(&state.origin, request.headers()) {
        let text = "these pages have another address; open the one of pages.url\n";
        return PageAnswer::text(StatusCode::MISDIRECTED_REQUEST, text).of_site().into_response();
    }
    let (parts, body) = request.into_parts();
    let method = parts.method.clone();
    let form = if method == Method::POST {
        match request_body::read(body, FORM_BYTES).await {
            Ok(body) => form_fields(&body),
            Err(refusal) => {
                return PageAnswer::text(refusal.problem.status(), "the form cannot be read\n").of_site().into_response();
            }
        }
    } else {
        Vec::new()
    };
    let peer = parts.extensions.get::<PeerAddress>().map(|peer| peer.0);
    let request = SiteRequest { uri: parts.uri, headers: parts.headers, peer, form, now: Clock::System.now().0 };
    let work = move || made(&state, &method, &request);
    let made = tokio::task::spawn_blocking(work).await;
    made.unwrap_or_else(|_| PageAnswer::text(StatusCode::INTERNAL_SERVER_ERROR, "the page failed\n")).of_site().into_response()
}

/// The fields of a form, decoded.
fn form_fields(body: &[u8]) -> Vec<(String, String)> {
    let uri = std::str::from_utf8(body).ok().and_then(|text| format!("/?{text}").parse::<Uri>().ok());
    let fields = uri.and_then(|uri| axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri).ok());
    fields.map(|query| query.0).unwrap_or_default()
}

fn made(state: &SiteState, method: &Method, request: &SiteRequest) -> PageAnswer {
    let path = request.uri.path();
    if matches!(*method, Method::GET | Method::HEAD) && path == stylesheet_path() {
        return PageAnswer::stylesheet();
    }
    let Some(cards) = state.live.now() else {
        return PageAnswer::text(StatusCode::SERVICE_UNAVAILABLE, "the service starts; try again in a minute\n")
            .with(header::RETRY_AFTER, HeaderValue::from_static("5"));
    };
    match *method {
        Method::POST => match path {
            "/signin/link" => sign_in_pages::redeem(state, request),
            "/signout" => sign_in_pages::sign_out(state, request),
            _ => not_allowed("GET, HEAD"),
        },
        Method::GET if path == "/signin/link" => sign_in_pages::link(state, request),
        Method::GET if path == "/signin/start" => sign_in_pages::start(state, request),
        Method::GET if path == RETURN_PATH => sign_in_pages::finish(state, &cards, request),
        Method::GET | Method::HEAD if path == "/signin" => sign_in_pages::sign_in(state, request),
        Method::GET | Method::HEAD if path.starts_with("/signin/") => not_allowed("GET, POST"),
        Method::GET | Method::HEAD => page(state, cards, request),
        _ => not_allowed("GET, HEAD, POST"),
    }
}

fn not_allowed(methods: &'static str) -> PageAnswer {
    PageAnswer::text(StatusCode::METHOD_NOT_ALLOWED, "this address has other methods\n")
        .with(header::ALLOW, HeaderValue::from_static(methods))
}

/// The page of an address for the person of the session.
fn page(state: &SiteState, mut cards: PageCards, request: &SiteRequest) -> PageAnswer {
    let signed_in = match SessionReader::of(state, &cards, request) {
        Ok(Some(signed_in)) => signed_in,
        Ok(None) => return sign_in_pages::sent_to_sign_in(request),
        Err(refused) => return *refused,
    };
    let site = &signed_in.site;
    let asked = match PageRequest::of_site(&request.uri) {
        Ok(asked) => asked,
        Err(problem) => return site_notice(Some(site), &Notice::BadAddress { problem }),
    };
    let made = match asked.page {
        SitePage::Choice(_) => return sign_in_pages::home(&cards, &signed_in),
        SitePage::SignOut => return sign_in_pages::sign_out_form(&signed_in),
        SitePage::Operations => reject_notes(&state.rejects).map(|counts| cards.counts = Arc::new(counts)),
        _ => Ok(()),
    };
    let made = made.and_then(|()| content_page(&cards, &EventFinder::default(), (&asked, site), &|| true));
    made.unwrap_or_else(|failed| {
        let number = format!("{:x}", request.now);
        tracing::error!(number, error = %stream::log::with_sources(failed.as_ref()), "a page failed");
        site_notice(Some(site), &Notice::Failure { number })
    })
}

//! The pages and forms of signing in and out, and the first page of somebody who is signed in.

use axum::http::{HeaderValue, header};
use page::frame::addresses::encoded;
use page::frame::navigation::{Navigation, SitePart};
use page::pages::notice_page::Notice;
use page::pages::sign_in_page::{SignInWays, sign_in_page};
use page::sessions::session_pages::{ButtonForm, home_page, link_page, sign_out_page};
use page::text::page_words::{say, text};

use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_cards::PageCards;
use crate::page_view::page_request::PageRequest;
use crate::page_view::session_reader::{SessionReader, session_of};
use crate::page_view::site_state::{SiteRequest, SiteState, site_notice};
use crate::sign_in::access::page_access::PageKind;
use crate::sign_in::access::reader::ReaderRole;
use crate::sign_in::cookies::PageCookie;
use crate::sign_in::provider_sign_in::ProviderError;
use crate::sign_in::secret::{Secret, same};
use crate::sign_in::session_store::{Session, form_token};
use crate::sign_in::site_origin;

/// The name of the field that proves the origin of a form.
const FORM_FIELD: &str = "form";

/// The sign-in page.
pub(crate) fn sign_in(state: &SiteState, request: &SiteRequest) -> PageAnswer {
    let to = SiteRequest::only(&request.parameters(), "to").and_then(|to| PageRequest::way_back(&to));
    let begin = to.map_or_else(|| "/signin/start".to_owned(), |to| format!("/signin/start?to={}", encoded(&to)));
    let organisation = state.provider.as_ref().map(|_| begin.as_str());
    PageAnswer::html(
        200,
        sign_in_page(&SignInWays { organisation, links: true, ..SignInWays::default() }, &Navigation::default()),
    )
}

/// Sends the browser to the identity provider.
pub(crate) fn start(state: &SiteState, request: &SiteRequest) -> PageAnswer {
    let Some(provider) = &state.provider else { return PageAnswer::redirect("/signin") };
    let to = SiteRequest::only(&request.parameters(), "to").and_then(|to| PageRequest::way_back(&to));
    match provider.begin(to.unwrap_or_else(|| "/".to_owned())) {
        Ok((address, start)) => {
            PageAnswer::redirect(&address).with(header::SET_COOKIE, PageCookie::Start.set(&start, state.origin.is_secure))
        }
        Err(error) => refused(&error),
    }
}

/// The way back from the identity provider: begins a session for the person of the subject.
pub(crate) fn finish(state: &SiteState, cards: &PageCards, request: &SiteRequest) -> PageAnswer {
    let start = PageCookie::Start.read(&request.headers, state.origin.is_secure);
    let (Some(provider), Some(start)) = (&state.provider, start) else { return failed("state") };
    let parameters = request.parameters();
    let confirmed = match provider.finish(&start, &|name| SiteRequest::only(&parameters, name)) {
        Ok(confirmed) => confirmed,
        Err(error) => return refused(&error),
    };
    let Some(person) = cards.registry.person_of_login(&confirmed.subject) else { return failed("unknown") };
    let session = Session {
        person: person.to_owned(),
        role: None,
        locality: None,
        way: "provider".to_owned(),
        begun: request.now,
        seen: request.now,
    };
    begin(state, request, &session, &confirmed.to)
}

/// A sign-in that the provider did not confirm. The log has the reason.
fn refused(error: &ProviderError) -> PageAnswer {
    tracing::warn!(error = %stream::log::with_sources(error), "a sign-in failed");
    failed(if matches!(error, ProviderError::UnknownState) { "state" } else { "refused" })
}

/// Sends a browser without a session to the sign-in page, with the way back if it is one.
pub(crate) fn sent_to_sign_in(request: &SiteRequest) -> PageAnswer {
    let back = request.uri.path_and_query().and_then(|wanted| PageRequest::way_back(wanted.as_str()));
    PageAnswer::redirect(&back.map_or_else(|| "/signin".to_owned(), |back| format!("/signin?to={}", encoded(&back))))
}

/// The page of a one-time link. It uses nothing up.
pub(crate) fn link(state: &SiteState, request: &SiteRequest) -> PageAnswer {
    let code = SiteRequest::only(&request.parameters(), "code").and_then(|code| Secret::parse(&code));
    let Some(code) = code else { return failed("link") };
    let is_secure = state.origin.is_secure;
    let known = PageCookie::Start.read(&request.headers, is_secure);
    let Ok(start) = known.clone().map_or_else(Secret::random, Ok) else { return failed("form") };
    let token = form_token(&start);
    let form = ButtonForm { action: "/signin/link", fields: &[("code", code.text()), (FORM_FIELD, &token)] };
    let page = PageAnswer::html(200, link_page(&form, &Navigation::default()));
    if known.is_some() { page } else { page.with(header::SET_COOKIE, PageCookie::Start.set(&start, is_secure)) }
}

/// Uses a one-time link up, and begins a session.
pub(crate) fn redeem(state: &SiteState, request: &SiteRequest) -> PageAnswer {
    let start = PageCookie::Start.read(&request.headers, state.origin.is_secure);
    if !start.is_some_and(|start| is_own_form(state, request, &start)) {
        return failed("form");
    }
    let code = SiteRequest::only(&request.form, "code").and_then(|code| Secret::parse(&code));
    let Some(code) = code else { return failed("link") };
    let invite = match state.invites.redeem(&code, request.now) {
        Ok(Some(invite)) => invite,
        Ok(None) => return failed("link"),
        Err(error) => return broken(request, &error),
    };
    let session = Session {
        person: invite.person,
        role: Some(invite.role),
        locality: invite.locality,
        way: "link".to_owned(),
        begun: request.now,
        seen: request.now,
    };
    begin(state, request, &session, "/")
}

/// Begins a session with a new id, and ends the one that the browser had.
pub(crate) fn begin(state: &SiteState, request: &SiteRequest, session: &Session, to: &str) -> PageAnswer {
    let is_secure = state.origin.is_secure;
    let before = PageCookie::Session.read(&request.headers, is_secure);
    let ended = before.map_or(Ok(()), |before| state.sessions.end(&before));
    match ended.and_then(|()| state.sessions.begin(session)) {
        Ok(id) => PageAnswer::redirect(to)
            .with(header::SET_COOKIE, PageCookie::Session.set(&id, is_secure))
            .with(header::SET_COOKIE, PageCookie::Start.remove(is_secure)),
        Err(error) => broken(request, &error),
    }
}

/// Whether a page of this site made the form for the browser with this secret.
fn is_own_form(state: &SiteState, request: &SiteRequest, secret: &Secret) -> bool {
    let sent = SiteRequest::only(&request.form, FORM_FIELD).unwrap_or_default();
    site_origin::is_own_form(&state.origin, &request.headers) && same(&sent, &form_token(secret))
}

/// The page that ends the session.
pub(crate) fn sign_out_form(signed_in: &SessionReader) -> PageAnswer {
    let navigation = signed_in.site.navigation(None).at(SitePart::SignOut);
    let Some(id) = &signed_in.id else {
        return site_notice(Some(&signed_in.site), &Notice::NotFound { hint: text("sign_out.by_proxy") });
    };
    let token = form_token(id);
    let form = ButtonForm { action: "/signout", fields: &[(FORM_FIELD, &token)] };
    PageAnswer::html(200, sign_out_page(&signed_in.name, &form, &navigation))
}

/// Ends the session.
pub(crate) fn sign_out(state: &SiteState, request: &SiteRequest) -> PageAnswer {
    let (id, _) = match session_of(state, request) {
        Ok(Some(known)) => known,
        Ok(None) => return PageAnswer::redirect("/signin"),
        Err(refused) => return *refused,
    };
    if !is_own_form(state, request, &id) {
        return failed("form");
    }
    match state.sessions.end(&id) {
        Ok(()) => PageAnswer::redirect("/signin")
            .with(header::SET_COOKIE, PageCookie::Session.remove(state.origin.is_secure))
            .with(axum::http::HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\"")),
        Err(error) => broken(request, &error),
    }
}

/// A sign-in that failed, with the reason of this key. No reason names anybody.
pub(crate) fn failed(reason: &str) -> PageAnswer {
    site_notice(None, &Notice::SignInFailed { reason: text(&format!("sign_in_reason.{reason}")) })
}

/// A folder that cannot be used.
pub(crate) fn broken(request: &SiteRequest, error: &std::io::Error) -> PageAnswer {
    let number = format!("{:x}", request.now);
    tracing::error!(number, %error, "the folder of sign-ins cannot be used");
    site_notice(None, &Notice::Failure { number })
}

/// The first page: the pages of the person.
pub(crate) fn home(cards: &PageCards, signed_in: &SessionReader) -> PageAnswer {
    let site = &signed_in.site;
    let mut links: Vec<(String, String)> = Vec::new();
    let mut add = |label: String, address: String| links.push((label, address));
    if site.as_role(ReaderRole::Own).is_some() {
        add(text("home.month"), "/me".to_owned());
    }
    let shown = |code: &str| cards.registry.practice(code).map_or_else(|| code.to_owned(), |name| format!("{name} ({code})"));
    for practice in site.as_role(ReaderRole::Lead).iter().flat_map(|reader| &reader.practices) {
        add(say("home.talks", &[("practice", &shown(practice))]), format!("/lead/{}", encoded(practice)));
    }
    let meetings: std::collections::BTreeSet<&String> = site.roles.iter().flat_map(|reader| &reader.practices).collect();
    for practice in meetings.into_iter().filter(|practice| site.opening(PageKind::Meeting, practice).is_some()) {
        add(say("home.meeting", &[("practice", &shown(practice))]), format!("/practice/{}", encoded(practice)));
    }
    for (kind, key) in [(PageKind::Network, "network"), (PageKind::Operations, "operations"), (PageKind::AccessLog, "access")] {
        if site.opening(kind, "").is_some() {
            add(text(&format!("home.{key}")), format!("/{key}"));
        }
    }
    add(text("home.measures"), "/measures".to_owned());
    PageAnswer::html(200, home_page(&signed_in.name, &links, &site.navigation(None)))
}

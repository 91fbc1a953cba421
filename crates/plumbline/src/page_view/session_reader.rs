//! The person behind a request, by the proxy's header or by a session, with their roles of today.

use page::frame::navigation::SitePart;
use page::pages::notice_page::Notice;
use page::text::page_words::text;

use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_cards::PageCards;
use crate::page_view::page_roles::{SessionRole, roles_of};
use crate::page_view::site_reader::{PageMoment, SiteReader};
use crate::page_view::site_state::{SiteRequest, SiteState, site_notice};
use crate::sign_in::access::reader::ReaderRole;
use crate::sign_in::cookies::PageCookie;
use crate::sign_in::secret::Secret;
use crate::sign_in::session_store::{Session, SessionLimits};
use crate::sign_in::trusted_proxy;

/// Somebody who is signed in.
#[derive(Debug)]
pub(crate) struct SessionReader {
    /// The name of the person, else the id.
    pub(crate) name: String,
    /// The session's id; `None` behind a proxy, which signs out itself.
    pub(crate) id: Option<Secret>,
    /// The reader of pages.
    pub(crate) site: SiteReader,
}

impl SessionReader {
    /// The person behind a request; `None` where nobody is signed in. An answer refuses somebody who is nobody here.
    pub(crate) fn of(
        state: &SiteState,
        cards: &PageCards,
        request: &SiteRequest,
    ) -> Result<Option<SessionReader>, Box<PageAnswer>> {
        let peer = request.peer.map(|peer| peer.ip());
        if let Some(login) = trusted_proxy::login(state.settings.proxy.as_ref(), peer, &request.headers) {
            let Some(person) = cards.registry.person_of_login(login) else {
                let reason = text("sign_in_reason.unknown");
                return Err(Box::new(site_notice(None, &Notice::SignInFailed { reason })));
            };
            return Ok(Some(SessionReader::new(state, cards, person, (None, None))));
        }
        let Some((id, session)) = session_of(state, request)? else { return Ok(None) };
        let limited = match &session.role {
            None => None,
            Some(word) => match ReaderRole::of_word(word) {
                Some(role) => Some((role, session.locality.as_deref())),
                // A role of a later version opens nothing.
                None => return Ok(None),
            },
        };
        Ok(Some(SessionReader::new(state, cards, &session.person, (Some(id), limited))))
    }

    fn new(
        state: &SiteState,
        cards: &PageCards,
        person: &str,
        (id, limited): (Option<Secret>, Option<SessionRole<'_>>),
    ) -> SessionReader {
        let now = state.clock.now();
        let today = cards.schedule.zone.day_of(now);
        let site = SiteReader {
            base: String::new(),
            roles: roles_of(cards, &state.settings, person, limited, today),
            moment: PageMoment { now, today, wait_seconds: state.settings.wait_seconds },
            looks: Some(state.looks.clone()),
            exit: (SitePart::SignOut, "/signout"),
            footer: None,
        };
        SessionReader { name: cards.registry.shown(person).to_owned(), id, site }
    }
}

/// The session of a request that is in force.
pub(crate) fn session_of(state: &SiteState, request: &SiteRequest) -> Result<Option<(Secret, Session)>, Box<PageAnswer>> {
    let Some(id) = PageCookie::Session.read(&request.headers, state.origin.is_secure) else { return Ok(None) };
    match state.sessions.open(&id, limits(state), request.now) {
        Ok(session) => Ok(session.map(|session| (id, session))),
        Err(error) => {
            let number = format!("{:x}", request.now);
            tracing::error!(number, %error, "the folder of sessions cannot be used");
            Err(Box::new(site_notice(None, &Notice::Failure { number })))
        }
    }
}

/// The limits of sessions.
pub(crate) fn limits(state: &SiteState) -> SessionLimits {
    let milliseconds = |seconds: u32| i64::from(seconds) * 1_000;
    SessionLimits { idle: milliseconds(state.settings.idle_seconds), whole: milliseconds(state.settings.session_seconds) }
}

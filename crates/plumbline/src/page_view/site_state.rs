//! The parts of the pages of a service, and a request as they read it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use page::pages::notice_page::{Notice, notice_page};

use crate::config::page_settings::{PageOrigin, PageSettings};
use crate::intake::rejects::reject_store::RejectStore;
use crate::page_view::live_cards::LiveCards;
use crate::page_view::page_answer::PageAnswer;
use crate::page_view::site_reader::SiteReader;
use crate::process::clock::Clock;
use crate::sign_in::access::access_log::AccessLog;
use crate::sign_in::invite_store::InviteStore;
use crate::sign_in::provider_sign_in::ProviderSignIn;
use crate::sign_in::session_store::SessionStore;

/// The parts of the pages of a service.
#[derive(Debug)]
pub(crate) struct SiteState {
    pub(crate) live: Arc<LiveCards>,
    pub(crate) looks: Arc<AccessLog>,
    pub(crate) settings: PageSettings,
    pub(crate) origin: PageOrigin,
    pub(crate) sessions: SessionStore,
    pub(crate) invites: InviteStore,
    pub(crate) provider: Option<ProviderSignIn>,
    pub(crate) rejects: RejectStore,
    /// The clock of the deployment, for months and leads. Sessions end by the machine's clock.
    pub(crate) clock: Clock,
}

/// A request, as far as pages read it.
pub(crate) struct SiteRequest {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) peer: Option<SocketAddr>,
    /// The fields of a form.
    pub(crate) form: Vec<(String, String)>,
    /// Now, by the machine's clock, milliseconds since 1970.
    pub(crate) now: i64,
}

impl SiteRequest {
    /// The only value of a field or of a parameter; `None` if it is absent or repeated.
    pub(crate) fn only(pairs: &[(String, String)], name: &str) -> Option<String> {
        let mut values = pairs.iter().filter(|(of, _)| of == name).map(|(_, value)| value.clone());
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The parameters behind `?`. Those of a sign-in come from elsewhere, so unknown ones are ignored.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&self.uri).map(|query| query.0).unwrap_or_default()
    }
}

/// An empty state or an error, for somebody who is signed in, or for nobody.
pub(crate) fn site_notice(site: Option<&SiteReader>, notice: &Notice) -> PageAnswer {
    let navigation = site.map_or_else(Default::default, |site| site.navigation(None));
    let home = if site.is_some() { "/" } else { "/signin" };
    PageAnswer::html(notice.status(), notice_page(notice, home, &navigation))
}

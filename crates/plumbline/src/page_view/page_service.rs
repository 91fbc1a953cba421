//! The pages of a running service: their state, their routes, and the thread that follows the log for them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result, anyhow};
use axum::Router;
use stream::log::with_sources;
use tracing::{info, warn};

use crate::config::options::Config;
use crate::config::page_settings::{PageOrigin, ProviderSettings};
use crate::deployment::data_directory::DataDirectory;
use crate::log::any_log::AnyLog;
use crate::page_view::live_cards::LiveCards;
use crate::page_view::site_handler::answer;
use crate::page_view::site_state::SiteState;
use crate::process::clock::Clock;
use crate::process::limits::PAGE_FOLLOW_INTERVAL;
use crate::process::shutdown_signal::ShutdownSignal;
use crate::sign_in::access::access_log::AccessLog;
use crate::sign_in::invite_store::InviteStore;
use crate::sign_in::provider_sign_in::ProviderSignIn;
use crate::sign_in::session_store::SessionStore;

/// The pages of a service.
#[derive(Debug)]
pub struct PageService {
    state: Arc<SiteState>,
    log: AnyLog,
}

impl PageService {
    /// The pages of this service; `None` where they are turned off, or where the process serves no cards.
    ///
    /// # Errors
    /// When the folder of links cannot be used.
    pub fn of(config: &Config, data: &DataDirectory, listen: SocketAddr) -> Result<Option<PageService>> {
        let Some((settings, shelf)) = config.pages.clone().zip(data.shelf.clone()) else { return Ok(None) };
        let looks = Arc::new(AccessLog::new(data.log.clone(), data.deployment.schedule.zone.clone()));
        let here = PageOrigin { is_secure: false, authority: listen.to_string() };
        let invites = InviteStore::of(&config.data);
        invites.clean(Clock::System.now().0).context("reading the folder of one-time links")?;
        let origin = settings.origin.clone().unwrap_or(here);
        let provider = settings.provider.as_ref().map(|provider| sign_in_at(provider, &origin)).transpose()?;
        let state = SiteState {
            live: Arc::new(LiveCards::new(shelf, &data.deployment, &config.data, looks.clone())),
            looks,
            origin,
            provider,
            settings,
            sessions: SessionStore::of(&config.data),
            invites,
            rejects: data.refused.clone(),
            clock: data.clock.clone(),
        };
        info!(url = state.origin.text(), "pages are served");
        Ok(Some(PageService { state: Arc::new(state), log: data.log.clone() }))
    }

    /// The handler of every request that no route of the interface takes.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.state.clone())
    }

    /// The log of looks, for the readers of the interface.
    #[must_use]
    pub fn looks(&self) -> Arc<AccessLog> {
        self.state.looks.clone()
    }

    /// Starts the thread that follows the log until the service stops. A log that cannot be read is read again after a pause.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub fn follow(&self, stopping: ShutdownSignal) -> Result<JoinHandle<()>> {
        let (state, mut log) = (self.state.clone(), self.log.clone());
        let run = move || {
            let _guard = stopping.guard("pages");
            let mut is_failing = false;
            loop {
                let followed = state.live.follow(&mut log);
                if let Err(error) = &followed
                    && !is_failing
                {
                    warn!(error = with_sources(error), "the log cannot be read for the pages; they show what was read before");
                }
                is_failing = followed.is_err();
                if stopping.wait(PAGE_FOLLOW_INTERVAL) {
                    return;
                }
            }
        };
        thread::Builder::new().name("pages".to_owned()).spawn(run).context("starting the thread of pages")
    }
}

/// The identity provider, with the secret of its file.
fn sign_in_at(provider: &ProviderSettings, origin: &PageOrigin) -> Result<ProviderSignIn> {
    let read =
        |file: &PathBuf| std::fs::read_to_string(file).with_context(|| format!("reading pages.secret-file {}", file.display()));
    let secret = provider.secret_file.as_ref().map(read).transpose()?;
    ProviderSignIn::new(provider, secret.map(|secret| secret.trim().to_owned()), origin).map_err(|why| anyhow!(why))
}

//! What every handler of HTTP sees of the service.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use scorecard::record::item::Feed;
use stream::deployment::Deployment;
use tokio::sync::Semaphore;

use crate::config::authorizer::Authorizer;
use crate::config::options::Config;
use crate::deployment::data_directory::DataDirectory;
use crate::intake::intake_worker::IntakeSender;
use crate::log::any_log::AnyLog;
use crate::process::clock::Clock;
use crate::process::service_status::ServiceStatus;
use crate::published_cards::card_index::CardIndex;
use crate::published_cards::card_store::CardStore;
use crate::rejects::reject_store::RejectStore;

/// Permits of the room for bodies are kibibytes, so that gigabytes fit into their 32 bits.
const ROOM_UNIT: usize = 1 << 10;

/// What every handler sees.
#[derive(Clone, Debug)]
pub struct HttpState {
    /// Where events go in; none where this process takes none.
    pub door: Option<IntakeSender>,
    /// Who may do what.
    pub gate: Arc<Authorizer>,
    /// Room for bodies that wait for the log.
    pub room: Arc<Semaphore>,
    /// The largest body, bytes.
    pub max_body: usize,
    /// Declared feeds.
    pub feeds: Arc<BTreeMap<String, Arc<Feed>>>,
    /// Where raw records wait that were refused.
    pub refused: RejectStore,
    /// One explanation at a time: each folds the log anew.
    pub explaining: Arc<Semaphore>,
    /// The published cards; none where this process serves none.
    pub shelf: Option<CardStore>,
    /// A handle on the log.
    pub log: AnyLog,
    /// How far everything is.
    pub vitals: Arc<ServiceStatus>,
    /// Which deployment it is.
    pub deployment: Deployment,
    /// Where time comes from.
    pub clock: Clock,
}

impl HttpState {
    /// What handlers see of this site.
    #[must_use]
    pub fn of(site: &DataDirectory, config: &Config, door: Option<IntakeSender>, vitals: Arc<ServiceStatus>) -> HttpState {
        HttpState {
            door,
            gate: Arc::new(config.gate.clone()),
            room: room(config.max_waiting),
            max_body: config.max_body,
            feeds: site.decoder.feeds.clone(),
            refused: site.refused.clone(),
            explaining: Arc::new(Semaphore::new(1)),
            shelf: site.shelf.clone(),
            log: site.log.clone(),
            vitals,
            deployment: site.deployment.clone(),
            clock: site.clock.clone(),
        }
    }
}

/// Room for so many bytes of bodies.
fn room(bytes: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new((bytes / ROOM_UNIT).min(Semaphore::MAX_PERMITS)))
}

/// Permits of the room for a body of so many bytes.
pub(crate) fn permits(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(ROOM_UNIT).max(1)).unwrap_or(u32::MAX)
}

/// A thread that panicked leaves an index that is whole: each change is one insertion more.
pub(crate) fn read_index<T>(index: &RwLock<CardIndex>, read: impl FnOnce(&CardIndex) -> T) -> T {
    read(&index.read().unwrap_or_else(PoisonError::into_inner))
}

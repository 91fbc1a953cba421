//! What every handler of HTTP sees of the service.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use scorecard::record::item::Feed;
use stream::deployment::Deployment;
use tokio::sync::Semaphore;

use crate::config::authorizer::Gate;
use crate::config::options::Config;
use crate::deployment::data_directory::Site;
use crate::intake::intake_worker::Door;
use crate::log::any_log::AnyLog;
use crate::process::clock::Clock;
use crate::process::service_status::Vitals;
use crate::published_cards::card_index::CardIndex;
use crate::published_cards::card_store::Shelf;
use crate::rejects::reject_store::Refused;

/// Permits of the room for bodies are kibibytes, so that gigabytes fit into their 32 bits.
const ROOM_UNIT: usize = 1 << 10;

/// What every handler sees.
#[derive(Clone, Debug)]
pub struct Served {
    /// Where events go in; none where this process takes none.
    pub door: Option<Door>,
    /// Who may do what.
    pub gate: Arc<Gate>,
    /// Room for bodies that wait for the log.
    pub room: Arc<Semaphore>,
    /// The largest body, bytes.
    pub max_body: usize,
    /// Declared feeds.
    pub feeds: Arc<BTreeMap<String, Arc<Feed>>>,
    /// Where raw records wait that were refused.
    pub refused: Refused,
    /// One explanation at a time: each folds the log anew.
    pub explaining: Arc<Semaphore>,
    /// The published cards; none where this process serves none.
    pub shelf: Option<Shelf>,
    /// A handle on the log.
    pub log: AnyLog,
    /// How far everything is.
    pub vitals: Arc<Vitals>,
    /// Which deployment it is.
    pub deployment: Deployment,
    /// Where time comes from.
    pub clock: Clock,
}

impl Served {
    /// What handlers see of this site.
    #[must_use]
    pub fn of(site: &Site, config: &Config, door: Option<Door>, vitals: Arc<Vitals>) -> Served {
        Served {
            door,
            gate: Arc::new(config.gate.clone()),
            room: room(config.max_waiting),
            max_body: config.max_body,
            feeds: site.retry.feeds.clone(),
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

//! What every handler of HTTP sees of the service.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use scorecard::item::Feed;
use stream::deployment::Deployment;
use tokio::sync::Semaphore;

use crate::card_index::CardIndex;
use crate::clock::Clock;
use crate::local_log::LocalLog;
use crate::refused::Refused;
use crate::taking::Door;
use crate::vitals::Vitals;

/// Permits of the room for bodies are kibibytes, so that gigabytes fit into their 32 bits.
const ROOM_UNIT: usize = 1 << 10;

/// What every handler sees.
#[derive(Clone, Debug)]
pub struct Served {
    /// Where events go in.
    pub door: Door,
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
    /// Where cards stand.
    pub index: Arc<RwLock<CardIndex>>,
    /// A handle on the log, to read them.
    pub log: LocalLog,
    /// How far everything is.
    pub vitals: Arc<Vitals>,
    /// Which deployment it is.
    pub deployment: Deployment,
    /// Where time comes from.
    pub clock: Clock,
}

/// Room for so many bytes of bodies.
#[must_use]
pub fn room(bytes: usize) -> Arc<Semaphore> {
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

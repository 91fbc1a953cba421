//! The open connections: at most a fixed number, with places for health checks.
//!
//! A connection waits, for the head of a request or for its client to take an answer, or it is busy with a request. When all places
//! are taken, a new connection replaces the one that waits longest. When every connection is busy, a few more are accepted that answer
//! health checks only.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::process::limits::HEALTH_CONNECTIONS;
use crate::process::metric_registry::MetricRegistry;

/// The open connections. Clones share them.
#[derive(Clone, Debug)]
pub struct OpenConnections {
    most: usize,
    connections: Arc<Mutex<BTreeMap<u64, OpenConnection>>>,
    next: Arc<AtomicU64>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
struct OpenConnection {
    place: ConnectionPlace,
    /// Since when it waits; none while it is busy.
    waits_since: Option<Instant>,
    task: Option<AbortHandle>,
}

/// The requests that a connection may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionPlace {
    /// All.
    General,
    /// Health checks.
    Health,
}

/// One open connection. Drop it to free its place.
#[derive(Debug)]
pub struct ConnectionSlot {
    number: u64,
    place: ConnectionPlace,
    all: OpenConnections,
}

impl OpenConnections {
    /// At most this many connections, and a few for health checks.
    #[must_use]
    pub fn new(most: usize) -> OpenConnections {
        OpenConnections { most, connections: Arc::default(), next: Arc::default(), dropped: Arc::default() }
    }

    /// Adds the metrics of connections.
    pub fn register(&self, registry: &MetricRegistry) {
        let all = self.clone();
        let help = "Open connections. High: close to http.max-connections, where a new one replaces one that waits.";
        registry.gauge("plumbline_http_connections", help, move || all.locked().len() as u64);
        let dropped = self.dropped.clone();
        let help = "Connections that were closed because all places were taken. High: too many clients, or an attack.";
        registry.counter("plumbline_http_connections_dropped_total", help, move || dropped.load(Ordering::Relaxed));
    }

    /// A place for a new connection; `None` if all are taken by connections that are busy.
    #[must_use]
    pub fn enter(&self) -> Option<ConnectionSlot> {
        let mut connections = self.locked();
        let count = |connections: &BTreeMap<u64, OpenConnection>, place: ConnectionPlace| {
            connections.values().filter(|connection| connection.place == place).count()
        };
        let places = [(ConnectionPlace::General, self.most), (ConnectionPlace::Health, HEALTH_CONNECTIONS)];
        let place = places.into_iter().find_map(|(place, most)| {
            let has_room = count(&connections, place) < most || self.replace(&mut connections, place);
            has_room.then_some(place)
        });
        let Some(place) = place else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        connections.insert(number, OpenConnection { place, waits_since: Some(Instant::now()), task: None });
        Some(ConnectionSlot { number, place, all: self.clone() })
    }

    /// Sets the task that runs a connection.
    pub fn set_task(&self, number: u64, task: AbortHandle) {
        if let Some(connection) = self.locked().get_mut(&number) {
            connection.task = Some(task);
        }
    }

    /// Ends the connection of this place that waits longest. Whether there is one.
    fn replace(&self, connections: &mut BTreeMap<u64, OpenConnection>, place: ConnectionPlace) -> bool {
        let waiting = connections.iter().filter(|(_, connection)| connection.place == place && connection.task.is_some());
        let longest = waiting.filter_map(|(number, connection)| Some((connection.waits_since?, *number))).min();
        let Some(ended) = longest.and_then(|(_, number)| connections.remove(&number)) else { return false };
        self.dropped.fetch_add(1, Ordering::Relaxed);
        ended.task.iter().for_each(AbortHandle::abort);
        true
    }

    /// No code panics with the lock.
    fn locked(&self) -> MutexGuard<'_, BTreeMap<u64, OpenConnection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionSlot {
    /// The requests that it may send.
    #[must_use]
    pub fn place(&self) -> ConnectionPlace {
        self.place
    }

    /// The number that names it to [`OpenConnections::set_task`].
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// It begins with a request.
    pub fn begin_request(&self) {
        self.change(|connection| connection.waits_since = None);
    }

    /// It has an answer, which its client may take.
    pub fn end_request(&self) {
        self.change(|connection| connection.waits_since = Some(Instant::now()));
    }

    fn change(&self, change: impl FnOnce(&mut OpenConnection)) {
        if let Some(connection) = self.all.locked().get_mut(&self.number) {
            change(connection);
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.all.locked().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(all: &OpenConnections, count: usize) -> Vec<ConnectionSlot> {
        let enter = |_| {
            let slot = all.enter().unwrap();
            let task = tokio::spawn(std::future::pending::<()>());
            all.set_task(slot.number(), task.abort_handle());
            slot
        };
        (0..count).map(enter).collect()
    }

    fn running(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test);
    }

    #[test]
    fn a_new_connection_replaces_the_one_that_waits_longest() {
        running(replacing());
    }

    async fn replacing() {
        let all = OpenConnections::new(3);
        let slots = filled(&all, 3);
        slots[0].begin_request();
        let new = all.enter().unwrap();
        assert_eq!(new.place(), ConnectionPlace::General);
        let left: Vec<u64> = all.locked().keys().copied().collect();
        assert_eq!(left, [slots[0].number(), slots[2].number(), new.number()]);
        slots[0].end_request();
        all.set_task(new.number(), tokio::spawn(std::future::pending::<()>()).abort_handle());
        drop(all.enter().unwrap());
        assert!(!all.locked().contains_key(&slots[2].number()), "the answer of the first is newer");
    }

    #[test]
    fn busy_connections_leave_places_for_health_checks() {
        running(health_places());
    }

    async fn health_places() {
        let all = OpenConnections::new(2);
        let busy = filled(&all, 2);
        busy.iter().for_each(ConnectionSlot::begin_request);
        let health = filled(&all, HEALTH_CONNECTIONS + 5);
        assert!(health.iter().all(|slot| slot.place() == ConnectionPlace::Health));
        assert_eq!(all.locked().len(), 2 + HEALTH_CONNECTIONS);
        all.locked().values_mut().for_each(|connection| connection.waits_since = None);
        assert!(all.enter().is_none());
        drop(busy);
        assert_eq!(all.enter().map(|slot| slot.place()), Some(ConnectionPlace::General));
    }
}

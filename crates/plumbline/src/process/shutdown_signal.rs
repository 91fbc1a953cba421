//! How the threads of a service end: because somebody asked, or because one of them failed and the others must not go on alone.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Whether the threads shall end, and the first failure. Clones share the answer.
#[derive(Clone, Debug, Default)]
pub struct ShutdownSignal(Arc<ShutdownState>);

#[derive(Debug, Default)]
struct ShutdownState {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    asked: bool,
    failure: Option<String>,
}

impl ShutdownSignal {
    /// Asks all threads to end.
    pub fn ask(&self) {
        self.change(|state| state.asked = true);
    }

    /// A thread failed: all end, and the first failure is the one that is told.
    pub fn fail(&self, failure: String) {
        self.change(|state| {
            state.asked = true;
            state.failure.get_or_insert(failure);
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_all();
    }

    /// Whether threads shall end.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).asked
    }

    /// The first failure.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).failure.clone()
    }

    /// For a thread that is called so: held while it works, it tells a panic as a failure. A thread that panics must not leave the
    /// others to go on as if it were there.
    #[must_use]
    pub fn guard(&self, role: &'static str) -> PanicGuard {
        PanicGuard { role, stopping: self.clone() }
    }

    /// Waits until somebody asks, at most so long. Returns whether somebody did.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.changed.wait_timeout_while(state, at_most, |state| !state.asked);
        waited.unwrap_or_else(PoisonError::into_inner).0.asked
    }
}

/// See [`ShutdownSignal::guard`].
#[derive(Debug)]
pub struct PanicGuard {
    role: &'static str,
    stopping: ShutdownSignal,
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.stopping.fail(format!("{} panicked; start again, and report what it said", self.role));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_told_and_everybody_ends() {
        let stopping = ShutdownSignal::default();
        let other = stopping.clone();
        assert!(!stopping.asked());
        other.fail("the disk is full".to_owned());
        other.fail("a consequence of it".to_owned());
        assert!(stopping.wait(Duration::MAX));
        assert_eq!(stopping.failure().as_deref(), Some("the disk is full"));
    }

    #[test]
    fn a_panic_is_told_as_a_failure() {
        let stopping = ShutdownSignal::default();
        let held = stopping.clone();
        let thread = std::thread::spawn(move || {
            let _guard = held.guard("tally");
            panic!("as a test wants it");
        });
        assert!(thread.join().is_err());
        assert!(stopping.failure().is_some_and(|failure| failure.starts_with("tally panicked")));
    }
}

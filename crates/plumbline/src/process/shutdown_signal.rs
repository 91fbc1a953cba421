//! The shutdown of a service: by request, or because a thread failed and the others must not continue alone.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Error, anyhow};

/// The request to shut down, with the first failure. Clones share it.
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
    failure: Option<Error>,
}

impl ShutdownSignal {
    /// Requests a shutdown of all threads.
    pub fn ask(&self) {
        self.change(|state| state.asked = true);
    }

    /// Reports a failed thread and requests a shutdown. Only the first failure is kept.
    pub fn fail(&self, failure: Error) {
        self.change(|state| {
            state.asked = true;
            state.failure.get_or_insert(failure);
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_all();
    }

    /// Whether a shutdown is requested.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).asked
    }

    /// Takes the first failure with its sources.
    #[must_use]
    pub fn take_failure(&self) -> Option<Error> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).failure.take()
    }

    /// A guard for a thread with this role: keep it while the thread works. It reports a panic as a failure, because the other
    /// threads must not continue without this one.
    #[must_use]
    pub fn guard(&self, role: &'static str) -> PanicGuard {
        PanicGuard { role, stopping: self.clone() }
    }

    /// Waits for a shutdown, at most `at_most`. Returns whether one is requested.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.changed.wait_timeout_while(state, at_most, |state| !state.asked);
        waited.unwrap_or_else(PoisonError::into_inner).0.asked
    }
}

/// Reports a panic of its thread. See [`ShutdownSignal::guard`].
#[derive(Debug)]
pub struct PanicGuard {
    role: &'static str,
    stopping: ShutdownSignal,
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.stopping.fail(anyhow!("{} panicked; start again, and report the message of the panic", self.role));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_kept_and_every_thread_ends() {
        let stopping = ShutdownSignal::default();
        let other = stopping.clone();
        assert!(!stopping.asked());
        other.fail(anyhow!("the disk is full").context("tally"));
        other.fail(anyhow!("a consequence of it"));
        assert!(stopping.wait(Duration::MAX));
        let failure = stopping.take_failure().expect("two failures were reported");
        assert_eq!(format!("{failure:#}"), "tally: the disk is full");
    }

    #[test]
    fn a_panic_is_reported_as_a_failure() {
        let stopping = ShutdownSignal::default();
        let of_thread = stopping.clone();
        let thread = std::thread::spawn(move || {
            let _guard = of_thread.guard("tally");
            panic!("the test wants it");
        });
        assert!(thread.join().is_err());
        let failure = stopping.take_failure().expect("the panic was reported");
        assert!(failure.to_string().starts_with("tally panicked"), "{failure}");
    }
}

//! The verdict on a history: the broken promises.

/// The evidence of a broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The topics: any subscriber can see it.
    Topics,
    /// The behaviour or the reports of the tasks.
    Tasks,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenPromise {
    /// The evidence.
    pub witness: Witness,
    /// The promise.
    pub promise: &'static str,
    /// Place and values.
    pub how: String,
}

/// The findings of the verifier, a few for each promise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    broken: Vec<BrokenPromise>,
}

/// Findings that are kept for each promise: a history can break one promise in a thousand places.
const ENOUGH: usize = 5;

impl Verdict {
    fn broken_by(&mut self, witness: Witness, promise: &'static str, how: String) {
        if self.broken.iter().filter(|one| one.promise == promise).count() < ENOUGH {
            self.broken.push(BrokenPromise { witness, promise, how });
        }
    }

    /// Records that the topics break a promise.
    pub(crate) fn broken(&mut self, promise: &'static str, how: String) {
        self.broken_by(Witness::Topics, promise, how);
    }

    /// Records that the topics break a promise unless `holds`.
    pub fn hold(&mut self, holds: bool, promise: &'static str, how: impl FnOnce() -> String) {
        if !holds {
            self.broken(promise, how());
        }
    }

    /// Records that the tasks break a promise unless `holds`.
    pub(crate) fn hold_tasks(&mut self, holds: bool, promise: &'static str, how: impl FnOnce() -> String) {
        if !holds {
            self.broken_by(Witness::Tasks, promise, how());
        }
    }

    /// Whether every promise was kept.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.broken.is_empty()
    }

    /// The broken promises.
    #[must_use]
    pub fn all(&self) -> &[BrokenPromise] {
        &self.broken
    }

    /// The first promise that the topics show to be broken.
    #[must_use]
    pub fn seen_in_topics(&self) -> Option<&BrokenPromise> {
        self.broken.iter().find(|broken| broken.witness == Witness::Topics)
    }
}

//! What the verifier has to say.

/// Where it shows that a promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// In what the topics hold: any subscriber can see it.
    Topics,
    /// In what the tasks do and say of themselves.
    Tasks,
}

/// A promise that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenPromise {
    /// Where it shows.
    pub witness: Witness,
    /// The promise.
    pub promise: &'static str,
    /// Where and how.
    pub how: String,
}

/// What the verifier found; of one promise the first few.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    broken: Vec<BrokenPromise>,
}

/// One history can break a promise in a thousand places; these tell enough.
const ENOUGH: usize = 5;

impl Verdict {
    fn broken_by(&mut self, witness: Witness, promise: &'static str, how: String) {
        if self.broken.iter().filter(|one| one.promise == promise).count() < ENOUGH {
            self.broken.push(BrokenPromise { witness, promise, how });
        }
    }

    /// What the topics hold breaks a promise.
    pub(crate) fn broken(&mut self, promise: &'static str, how: String) {
        self.broken_by(Witness::Topics, promise, how);
    }

    /// What the topics hold breaks a promise unless `holds`.
    pub fn hold(&mut self, holds: bool, promise: &'static str, how: impl FnOnce() -> String) {
        if !holds {
            self.broken(promise, how());
        }
    }

    /// What the tasks do or say of themselves breaks a promise unless `holds`.
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

    /// What was broken.
    #[must_use]
    pub fn all(&self) -> &[BrokenPromise] {
        &self.broken
    }

    /// The first promise of which the topics show that it was broken.
    #[must_use]
    pub fn seen_in_topics(&self) -> Option<&BrokenPromise> {
        self.broken.iter().find(|broken| broken.witness == Witness::Topics)
    }
}

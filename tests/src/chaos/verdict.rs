//! What the verifier has to say.

/// A promise that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The promise.
    pub promise: &'static str,
    /// Where and how.
    pub how: String,
}

/// What the verifier found; of one promise the first few.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    broken: Vec<Broken>,
}

/// One history can break a promise in a thousand places; these tell enough.
const ENOUGH: usize = 5;

impl Verdict {
    /// A promise is broken.
    pub(crate) fn broken(&mut self, promise: &'static str, how: String) {
        if self.broken.iter().filter(|one| one.promise == promise).count() < ENOUGH {
            self.broken.push(Broken { promise, how });
        }
    }

    /// A promise is broken unless `holds`.
    pub(crate) fn hold(&mut self, holds: bool, promise: &'static str, how: impl FnOnce() -> String) {
        if !holds {
            self.broken(promise, how());
        }
    }

    /// Whether every promise was kept.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.broken.is_empty()
    }

    /// What was broken.
    #[must_use]
    pub fn all(&self) -> &[Broken] {
        &self.broken
    }
}

//! The order in which entries decide.

use crate::registry::entry::Entry;

/// The precedence of an entry: the operator's entries first, then the entry that is later in the log.
///
/// An entry without an author comes from an older version. It ranks with those of feeds: as the operator's, a wrong entry of a feed
/// would outrank every later correction by that feed. The operator's own entries are added again at the next start, with their
/// author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Precedence {
    operator: bool,
    place: u64,
}

impl Precedence {
    /// The precedence of an entry at this place among the entries of the log.
    pub(crate) fn of(entry: &Entry, place: u64) -> Precedence {
        Precedence { operator: entry.is_operators(), place }
    }

    /// Whether the entry is the operator's.
    pub(crate) fn is_operators(self) -> bool {
        self.operator
    }
}

//! The latest conflicts of a partition. A conflict is a version with the number of a known version of the event and other content.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::time::calendar::Timestamp;

/// Most conflicts that are kept. A count tells of all.
pub const KEPT_CONFLICTS: usize = 1_000;

/// A version that the fold left out, because it knows another content under its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The feed.
    pub feed: Arc<str>,
    /// The id of the event, as the log holds it.
    pub id: String,
    /// The number that two versions share.
    pub version: u64,
    /// The time at which the log received the version that is left out.
    pub received_at: Timestamp,
}

/// The latest conflicts, oldest first.
#[derive(Clone, Debug, Default)]
pub struct ConflictList {
    latest: VecDeque<Conflict>,
}

impl ConflictList {
    /// Adds a conflict, and drops the oldest one of a full list.
    pub(crate) fn push(&mut self, conflict: Conflict) {
        if self.latest.len() == KEPT_CONFLICTS {
            self.latest.pop_front();
        }
        self.latest.push_back(conflict);
    }

    /// The conflicts, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Conflict> {
        self.latest.iter()
    }
}

//! Tally: reads one partition of `events`, folds facts, and at each counting tick writes the rows that changed and a mark.

use scorecard::calendar::Timestamp;

use crate::deployment::Deployment;
use crate::log::{Log, LogError};

/// What became of logged events: `logged = accepted + duplicate + stale + conflict + sealed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Newest versions that count, or hold, or take back.
    pub accepted: u64,
    /// Versions that were there already.
    pub duplicate: u64,
    /// Versions lower than the one that is there.
    pub stale: u64,
    /// Versions that are there with other content.
    pub conflict: u64,
    /// Newest versions whose month is sealed.
    pub sealed: u64,
    /// Of the accepted: retractions.
    pub retracted: u64,
}

/// The task of one partition.
#[derive(Debug)]
pub struct TallyTask<L> {
    log: L,
}

impl<L: Log> TallyTask<L> {
    /// Starts at the partition's earliest record, silent up to its own last mark.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn new(deployment: &Deployment, partition: u32, log: L) -> Result<TallyTask<L>, LogError> {
        let _ = (deployment, partition);
        Ok(TallyTask { log })
    }

    /// Reads and folds at most `most` records. Returns whether there may be more.
    ///
    /// # Errors
    /// [`LogError`] when the log fails; drop the task and start it anew.
    pub fn step(&mut self, most: usize) -> Result<bool, LogError> {
        let _ = (&self.log, most);
        Ok(false)
    }

    /// Writes the next tick of the grid if it is due at `now` and everything appended so far has been read. Call until it
    /// returns false, with [`TallyTask::step`] in between: it skips no instant.
    ///
    /// # Errors
    /// [`LogError`] when the log fails.
    pub fn clock(&mut self, now: Timestamp) -> Result<bool, LogError> {
        let _ = now;
        Ok(false)
    }

    /// What became of the events read so far.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes {
        Outcomes::default()
    }

    /// How many facts count but stand in no row, for want of a clinician.
    #[must_use]
    pub fn unattributed(&self) -> u64 {
        0
    }

    /// How many facts are held.
    #[must_use]
    pub fn facts(&self) -> u64 {
        0
    }
}

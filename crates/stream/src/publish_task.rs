//! Publish: takes the cuts one by one, verifies their rows, computes the cards that changed and publishes a run.

use scorecard::record::Run;

use crate::deployment::Deployment;
use crate::log::{Log, LogError};

/// The one active publisher.
#[derive(Debug)]
pub struct PublishTask<L> {
    log: L,
}

impl<L: Log> PublishTask<L> {
    /// Fences every earlier publisher, then reads back what is published.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn new(deployment: &Deployment, log: L) -> Result<PublishTask<L>, LogError> {
        let _ = deployment;
        Ok(PublishTask { log })
    }

    /// Publishes the next cut if every partition has a mark of it or later; `None` when it is not ready.
    ///
    /// # Errors
    /// [`LogError`] when the log fails; drop the task and start it anew.
    pub fn step(&mut self) -> Result<Option<Run>, LogError> {
        let _ = &self.log;
        Ok(None)
    }
}

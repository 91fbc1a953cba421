//! The published cards that a process serves: the log that holds them, and its index.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use stream::log::{LogError, Topic};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::kafka::log::KafkaLog;
use crate::log::local_log::LocalLog;
use crate::published_cards::card_index::CardIndex;
use crate::published_cards::mirror;

/// Published cards. Clones share the index.
#[derive(Clone, Debug)]
pub struct CardStore {
    /// The log that holds them, the deployment's own or a copy.
    pub cards: LocalLog,
    /// The places of the cards in it.
    pub index: Arc<RwLock<CardIndex>>,
    progress: watch::Sender<Progress>,
}

/// The progress of the index, for clients that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    revisions: usize,
    ends: bool,
}

impl CardStore {
    /// A store over the log of a deployment, with an empty index.
    #[must_use]
    pub fn over(cards: LocalLog) -> CardStore {
        let index = CardIndex::behind(expired_revisions(&cards));
        CardStore { cards, index: Arc::new(RwLock::new(index)), progress: watch::Sender::default() }
    }

    /// A store over a copy of the cards on Kafka, with an empty index. The offsets of Kafka have gaps, so they count no revisions.
    #[must_use]
    pub fn over_copy(cards: LocalLog) -> CardStore {
        CardStore { cards, index: Arc::default(), progress: watch::Sender::default() }
    }

    /// Builds the index again, after retention removed revisions. Readers see the old one until the new one is complete.
    ///
    /// # Errors
    /// [`LogError`] when the log of cards cannot be read. The old index stays.
    pub fn rebuild(&mut self) -> Result<(), LogError> {
        let mut index = CardIndex::behind(expired_revisions(&self.cards));
        index.follow(&mut self.cards)?;
        let mut shared = self.index.write().unwrap_or_else(PoisonError::into_inner);
        // Runs that were published meanwhile.
        index.follow(&mut self.cards)?;
        *shared = index;
        Ok(())
    }

    /// Adds to the index what the log of cards holds now.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be read.
    pub fn follow(&mut self) -> Result<(), LogError> {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.follow(&mut self.cards)?;
        let revisions = index.revisions();
        drop(index);
        self.progress.send_if_modified(|progress| std::mem::replace(&mut progress.revisions, revisions) != revisions);
        Ok(())
    }

    /// Waits until the index has more than `revisions` revisions or the service ends, at most `at_most`. Returns whether it came to
    /// that.
    pub async fn wait_beyond(&self, revisions: usize, at_most: Duration) -> bool {
        let mut progress = self.progress.subscribe();
        let is_over = |progress: &Progress| progress.revisions > revisions || progress.ends;
        timeout(at_most, progress.wait_for(is_over)).await.is_ok()
    }

    /// Whether the service ends.
    #[must_use]
    pub fn ends(&self) -> bool {
        self.progress.borrow().ends
    }

    /// Ends the wait of all clients, because the service ends.
    pub fn end(&self) {
        self.progress.send_modify(|progress| progress.ends = true);
    }

    /// Copies new records from Kafka and adds them to the index.
    ///
    /// # Errors
    /// [`LogError`] when either log fails.
    pub fn follow_copy(&mut self, from: &mut KafkaLog) -> Result<(), LogError> {
        mirror::copy(from, &mut self.cards)?;
        self.follow()
    }
}

/// The revisions that retention removed. The offsets of an embedded log have no gaps, and each record is one revision.
fn expired_revisions(cards: &LocalLog) -> usize {
    let removed = |partition| usize::try_from(cards.start_of(Topic::ScorecardRevisions, partition)).unwrap_or(usize::MAX);
    cards.partitions(Topic::ScorecardRevisions).into_iter().map(removed).sum()
}

//! The published cards that a process serves: the log that holds them, and its index.

use std::sync::{Arc, PoisonError, RwLock};

use stream::log::LogError;

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
}

impl CardStore {
    /// A store over this log with an empty index.
    #[must_use]
    pub fn over(cards: LocalLog) -> CardStore {
        CardStore { cards, index: Arc::default() }
    }

    /// Adds to the index what the log of cards holds now.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be read.
    pub fn follow(&mut self) -> Result<(), LogError> {
        self.index.write().unwrap_or_else(PoisonError::into_inner).follow(&mut self.cards)
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

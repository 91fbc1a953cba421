//! Published cards, for whoever asks: the log that holds them, and where they stand in it.

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
    /// Where they stand in it.
    pub index: Arc<RwLock<CardIndex>>,
}

impl CardStore {
    /// Over this log, of which nothing is known yet.
    #[must_use]
    pub fn over(cards: LocalLog) -> CardStore {
        CardStore { cards, index: Arc::default() }
    }

    /// Takes in what the log of cards holds by now.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be read.
    pub fn follow(&mut self) -> Result<(), LogError> {
        self.index.write().unwrap_or_else(PoisonError::into_inner).follow(&mut self.cards)
    }

    /// Copies what is new on Kafka, and takes it in.
    ///
    /// # Errors
    /// [`LogError`] when either log fails.
    pub fn follow_copy(&mut self, from: &mut KafkaLog) -> Result<(), LogError> {
        mirror::copy(from, &mut self.cards)?;
        self.follow()
    }
}

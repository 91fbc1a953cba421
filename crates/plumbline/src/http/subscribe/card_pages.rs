//! A page of the cards of a month: the index chooses the keys, and a blocking thread reads the cards.

use std::sync::Arc;

use scorecard::card::scorecard::Scorecard;
use scorecard::time::calendar::Month;
use stream::log::LogError;

use crate::http::subscribe::card_filter::CardFilter;
use crate::http::subscribe::next_page::{part, text_of};
use crate::process::limits::{CARDS_EXAMINED, CARDS_PER_READ};
use crate::published_cards::card_index::{RevisionPlace, card_at, read_index};
use crate::published_cards::card_key::CardKey;
use crate::published_cards::card_store::CardStore;

/// The cards that a request selects.
#[derive(Clone, Debug)]
pub(crate) struct CardQuery {
    pub(crate) month: Month,
    pub(crate) after: Option<CardKey>,
    pub(crate) limit: usize,
    pub(crate) filter: CardFilter,
}

/// The lines of a page, and the position of the next one.
#[derive(Clone, Debug, Default)]
pub(crate) struct CardPage {
    pub(crate) lines: Vec<String>,
    pub(crate) next: Option<String>,
}

impl CardQuery {
    /// Reads the page. It ends after `limit` cards, or after [`CARDS_EXAMINED`] cards where the filter needs the cards themselves.
    pub(crate) fn read(mut self, store: &mut CardStore) -> Result<CardPage, LogError> {
        let mut page = CardPage::default();
        let mut examined = 0;
        loop {
            let keys = self.keys(store);
            // The last key only shows that more follow.
            for (at, (key, place)) in keys.iter().take(CARDS_PER_READ).enumerate() {
                let card: Box<Scorecard> = card_at(&mut store.cards, *place)?;
                if let Some(card) = self.filter.admit(card) {
                    page.lines.push(self.filter.line(&card));
                }
                examined += 1;
                if page.lines.len() == self.limit || examined == CARDS_EXAMINED {
                    page.next = (at + 1 < keys.len()).then(|| position(key));
                    return Ok(page);
                }
            }
            if keys.len() <= CARDS_PER_READ {
                return Ok(page);
            }
            self.after = keys.get(CARDS_PER_READ - 1).map(|(key, _)| CardKey::clone(key));
        }
    }

    fn keys(&self, store: &CardStore) -> Vec<(Arc<CardKey>, RevisionPlace)> {
        read_index(&store.index, |index| {
            let cards = index.month_cards(self.month, self.after.as_ref(), self.filter.clinician.as_deref());
            let ours = cards.filter(|card| self.filter.admits_key(card.key, card.status));
            ours.take(CARDS_PER_READ + 1).map(|card| (card.key.clone(), card.newest)).collect()
        })
    }
}

/// The position of a card in its month.
fn position(key: &CardKey) -> String {
    format!("{}||{}", part(&key.clinician), part(&key.practice))
}

/// The key at a position.
pub(crate) fn key_at(position: &str, month: Month) -> CardKey {
    let (clinician, practice) = position.split_once("||").unwrap_or((position, ""));
    CardKey { clinician: text_of(clinician), month, practice: text_of(practice) }
}

//! Published cards: where each revision is in the log, and the copy that serves them.

pub mod card_metrics;
pub mod card_store;
pub mod mirror;
pub mod card_index;
pub mod newest_month;
pub mod card_key;

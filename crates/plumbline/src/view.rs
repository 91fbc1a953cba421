//! Views: a card, an explanation or rejected records as text, JSON or NDJSON.

pub mod first_cards;
pub mod explanation_view;
pub mod explain_request;
pub mod rejects_view;
pub mod conflicts_view;
pub mod pseudonym_text;
pub mod terminal_card;
pub mod card_reader;
pub mod export;

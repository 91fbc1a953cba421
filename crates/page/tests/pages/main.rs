//! Pages of cards that the real scorer made: words, numbers, HTML, disclosure and sizes.

#[path = "../../../scorecard/tests/simulated/definitions.rs"]
mod definitions;
#[path = "../../../scorecard/tests/simulated/draw.rs"]
mod draw;
#[path = "../../../scorecard/tests/sentences/random_cards.rs"]
mod random_cards;

mod card_pages;
mod card_words;
mod catalogue;
mod group_pages;
mod html_check;
mod network;
mod session_pages;
mod pictures;

//! Plain prose: no sentence that begins with a question word, no listed phrase, no sentence of more than 35 words.
//!
//! The way of one sentence: `texts` finds the texts of a file, such as Markdown, comments, messages and the docs of a schema.
//! `markdown` cuts a text into paragraphs, and `sentences` a paragraph into sentences. `rules` checks one sentence.

pub mod check;
mod rules;
pub mod phrases;
mod texts;
mod rust_texts;
mod fields;
mod sentences;
mod markdown;

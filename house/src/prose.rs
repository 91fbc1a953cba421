//! Plain prose: no sentence that begins with a question word, no listed phrase, no sentence of more than 35 words.
//!
//! The way of one sentence: [`texts`] finds the texts of a file (Markdown, doc comments, comments, messages, fields of schemas and
//! measures), [`markdown`] cuts a text into paragraphs, [`sentences`] a paragraph into sentences, and [`rules`] judges one sentence.

pub mod check;
mod waivers;
mod rules;
mod phrases;
mod texts;
mod rust_texts;
mod fields;
mod sentences;
mod markdown;

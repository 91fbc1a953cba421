//! From sums to the content of a card: values, comparisons, verdicts, points, sentences and disclosure.

#[cfg(test)]
pub(crate) mod sample;
pub mod scorer;
pub mod disclosure;
pub mod giants;
pub(crate) mod offers;
pub(crate) mod judgement;
pub(crate) mod sentences;
pub mod standard_sentence;
pub(crate) mod measure_draft;
pub(crate) mod change_draft;
pub(crate) mod points_draft;
pub mod points;
pub mod saving;
pub mod benchmark;
pub mod network;
pub mod spoken_number;
pub mod word_catalogue;

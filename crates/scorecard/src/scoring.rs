//! From sums to the content of a card: values, comparisons, points, sentences, highlights and disclosure.

#[cfg(test)]
pub(crate) mod sample;
pub mod scorer;
pub mod disclosure;
pub mod highlight;
pub mod giants;
pub mod window_value;
pub mod sentence;
pub mod saving;
pub mod comparison;
pub mod benchmark;
pub mod peer_position;
pub mod points;

//! Chance: the interval of a unit's own value.
//!
//! The formulas are those of [`crate::statistics`]; the result is in the types of a card.

pub mod confidence;

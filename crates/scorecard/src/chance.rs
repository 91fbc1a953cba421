//! Chance: how far a unit's value can differ from its network's target by chance alone, and how much of it is the unit's own.
//!
//! These files apply the formulas of [`crate::statistics`] to a measure and write the results in the types of a card.

pub mod trend;
pub mod reliability;
pub mod band;
pub mod confidence;
pub mod scale;

//! Change over time: the last months against a fixed baseline, and one year against the year before.

pub mod change_monitor;
pub mod year_change;
pub mod change_z;
pub mod season;
pub mod unlike_units;

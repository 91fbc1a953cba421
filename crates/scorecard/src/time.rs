//! Time: instants, civil days, calendar months and the grid of publication instants.

pub mod schedule;
pub mod month_state;
pub mod calendar;

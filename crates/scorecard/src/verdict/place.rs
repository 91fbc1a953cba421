//! The place of a unit among clinicians, its shrunk value, and its points.

pub mod composite;
pub mod improvement;
pub mod points;
pub mod threshold_place;

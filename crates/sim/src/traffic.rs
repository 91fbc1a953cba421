//! A seeded population and its disorderly traffic.

pub mod bulk;
pub mod deliveries;
pub(crate) mod story;
pub(crate) mod consultation;
pub(crate) mod draft;
pub mod oddity;
pub mod population;
pub mod truth;
pub(crate) mod instants;
pub(crate) mod formulary;
pub(crate) mod patient;
pub(crate) mod draw;

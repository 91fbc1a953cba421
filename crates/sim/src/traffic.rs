//! A seeded population and its disorderly traffic: the population and its truth, events, their arrival, and bulk traffic for
//! measurements.

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

//! Identity: keys, pseudonyms of patients, NHS numbers and the short names of identifier systems.

pub mod pseudonym;
pub mod nhs_number;
pub mod keys;
pub mod systems;

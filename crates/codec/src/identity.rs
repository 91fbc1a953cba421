//! Identity: keys, pseudonyms of patients, NHS numbers, the forms of clinicians' numbers, and the short names of identifier systems.

pub mod pseudonym;
pub(crate) mod number_forms;
pub mod nhs_number;
pub mod keys;
pub mod systems;

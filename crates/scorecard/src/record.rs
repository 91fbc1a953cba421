//! Records: one type for each record of Plumbline's topics, and the digests that identify their content.

pub mod item;
pub mod digest;
pub mod log_record;
pub mod access_record;

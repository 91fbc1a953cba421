//! The commands: each turns its arguments into work, and its result into text for standard output.

pub mod manual;
pub mod check;
pub mod config_show;
pub mod demo;
pub mod replay;
pub mod replay_settings;
pub mod recompute;
pub mod migrate;
pub mod source_data;
pub mod topics;
pub mod peek;
pub mod explain;
pub mod published;
pub mod card;
pub mod card_source;
pub mod clinician_alias;
pub mod health;
pub mod registry;
pub mod events;
pub mod erase;
pub mod log_salvage;
pub mod rejects;
pub mod conflicts;
pub mod measures;
pub mod reference;

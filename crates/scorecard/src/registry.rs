//! The registry: persons with their aliases, roles, leads and organisations, all effective-dated, the rules of feeds, and the
//! directory as of a day.

pub mod registry_file;
pub(crate) mod registry_check;
pub(crate) mod organisation_mistakes;
pub(crate) mod person_mistakes;
pub(crate) mod earlier_entries;
pub(crate) mod defined_names;
pub mod registry_update;
pub mod roll_up_roles;
pub mod directory;
pub(crate) mod organisation_book;
pub(crate) mod term_book;
pub(crate) mod alias_graph;
pub(crate) mod disjoint_sets;
pub(crate) mod precedence;
pub mod person_details;
pub mod entry;
pub mod setting;
pub mod role_words;
pub(crate) mod day_span;
pub mod identifier;

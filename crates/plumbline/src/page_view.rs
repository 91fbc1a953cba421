//! The pages of a folder that `demo` or `replay` wrote, on this machine only: a demonstration without sign-in.

pub mod folder_server;
pub(crate) mod page_handler;
pub(crate) mod person_pages;
pub(crate) mod group_pages;
pub(crate) mod open_pages;
pub(crate) mod page_request;
pub(crate) mod page_answer;
pub(crate) mod site_reader;
pub(crate) mod event_finder;
pub mod folder_cards;
pub(crate) mod folder_registry;
pub(crate) mod folder_counts;

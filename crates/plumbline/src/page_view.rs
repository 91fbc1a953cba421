//! The pages of cards: those of a folder that `demo` or `replay` wrote, on this machine and without sign-in, and those of a service.

pub mod folder_server;
pub(crate) mod page_handler;
pub mod page_service;
pub(crate) mod site_handler;
pub(crate) mod sign_in_pages;
pub(crate) mod session_reader;
pub(crate) mod site_state;
pub(crate) mod content_pages;
pub(crate) mod look_pages;
pub(crate) mod person_pages;
pub(crate) mod group_pages;
pub(crate) mod open_pages;
pub(crate) mod page_request;
pub(crate) mod demo_reader;
pub(crate) mod page_roles;
pub(crate) mod live_cards;
pub(crate) mod site_reader;
pub(crate) mod page_answer;
pub(crate) mod event_finder;
pub mod page_cards;
pub(crate) mod page_groups;
pub(crate) mod page_registry;
pub(crate) mod folder_counts;

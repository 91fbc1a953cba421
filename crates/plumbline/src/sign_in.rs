//! Sign-in: one-time links, the identity provider, a proxy in front, and sessions. Only the room [`access`] decides what a person may see.

pub mod invite_command;
pub mod sessions_command;
pub(crate) mod provider_sign_in;
pub mod session_store;
pub mod invite_store;
pub(crate) mod record_folder;
pub(crate) mod trusted_proxy;
pub(crate) mod cookies;
pub(crate) mod site_origin;
pub mod secret;
pub mod access;

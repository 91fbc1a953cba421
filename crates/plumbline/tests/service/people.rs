//! People: pages, sign-in and who sees what.

mod issuer;
mod pages;
mod provider;

//! One file a promise.

mod cards;
mod facts;
mod oracle;
mod patients;
mod protocol;

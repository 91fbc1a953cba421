//! One file a promise.

mod cards;
mod facts;
mod protocol;

//! One file a promise.

mod facts;
mod protocol;

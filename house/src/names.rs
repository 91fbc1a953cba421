//! Names of types: nouns, and each of them once.

pub mod check;
mod duplicates;
mod participles;
mod types;

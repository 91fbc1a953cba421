//! One file a promise.

mod cards;
mod explained;
mod facts;
mod openprescribing;
mod oracle;
mod patients;
mod protocol;
mod simulation;
mod thresholds;

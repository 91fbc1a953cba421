//! One file a promise.

mod cards;
mod example_card;
mod explained;
mod facts;
mod openprescribing;
mod oracle;
mod patients;
mod protocol;
mod simulation;
mod thresholds;

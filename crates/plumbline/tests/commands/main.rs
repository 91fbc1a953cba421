//! Commands of the binary as processes: exit codes, streams, files and figures.

mod backup;
mod checks;
mod conform;
mod exit_codes;
mod explain;
mod export;
mod log_salvage;
mod maps;
mod migrate;
mod output_folder;
mod patients;
mod peek;
mod recompute;
mod reference;
mod registry;
mod rejects;
mod replay_rights;
mod send;
mod view;

#[path = "../support/published.rs"]
mod published;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;

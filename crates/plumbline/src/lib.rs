//! Moves bytes, waits, fails, reads clocks and configuration: everything around the tasks that is not arithmetic of measures.
//!
//! A room imports only from rooms further down this list, and inside a room a file only from files further down.

pub mod run;
pub mod command;
pub mod service;
pub mod http;
pub mod deployment;
pub mod history;
pub mod view;
pub mod intake;
pub mod rejects;
pub mod published_cards;
pub mod log;
pub mod service_client;
pub mod logs;
pub mod config;
pub mod kafka;
pub mod cli;
pub mod measure_files;
pub mod process;
pub mod terminal;

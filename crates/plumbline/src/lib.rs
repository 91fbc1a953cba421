//! Moves bytes, waits, fails, reads clocks and configuration: everything around the tasks that is not arithmetic of measures.
//!
//! A file imports only from files further down this list.

pub mod run;
pub mod logs;
pub mod manual;
pub mod config_show;
pub mod service;
pub mod card_command;
pub mod http;
pub mod metrics;
pub mod taking;
pub mod workers;
pub mod site;
pub mod demo;
pub mod replay;
pub mod registry_check;
pub mod measures_command;
pub mod outputs;
pub mod line_view;
pub mod summary;
pub mod card_index;
pub mod newest_month;
pub mod vitals;
pub mod stopping;
pub mod terminal_card;
pub mod paint;
pub mod progress;
pub mod pipeline;
pub mod reading;
pub mod arrivals;
pub mod config_file;
pub mod config;
pub mod quantity;
pub mod did_you_mean;
pub mod keys_file;
pub mod local_log;
pub mod out_folder;
pub mod log_directory;
pub mod lock_file;
pub mod stored;
pub mod sources;
pub mod lines;
pub mod measures;
pub mod cli;
pub mod interrupt;
pub mod clock;

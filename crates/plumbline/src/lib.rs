//! The binary `plumbline`: commands, configuration, files, HTTP, Kafka and clocks around the tasks of the crate `stream`.
//!
//! The crate decides how events enter, where the log is, and how cards leave. [`config`] decides what an operator may choose, [`kafka`]
//! and [`log`] where records are stored, [`http`] who may write and read, [`history`] in which order past events are replayed. The
//! crate `scorecard` decides every number of a card; `codec` decides how records are read and written.
//!
//! The way of one event:
//!
//! 1. It arrives in a file ([`history::lines`]), in a request ([`http::routes`]) or on an input topic ([`intake::consumer_session`]).
//! 2. Intake decodes it ([`codec::formats::record_decoder`]). It appends the event to the topic `events`
//!    ([`stream::intake::intake_task`]), or stores a reject ([`rejects::reject_store`]).
//! 3. The log keeps it: [`log::local_log`] in the data folder, or [`kafka::log`] on the brokers.
//! 4. The tally of its partition folds it into rows, one for each clinician, practice and month ([`stream::tally::tally_task`]).
//! 5. At the next cut, publish computes the cards of the changed rows ([`stream::publish::publish_task`]).
//! 6. The cards are in the topics `scorecards` and `scorecard-revisions`. Processes that serve index them
//!    ([`published_cards::card_index`]).
//! 7. They leave over HTTP ([`http::routes`]), on a terminal ([`view::terminal_card`]), in files ([`history::outputs`]) or as pages in a
//!    browser ([`page_view::folder_server`]).
//!
//! `plumbline run` takes this way by the clock ([`service::run_service`]). `replay` and `demo` take it in virtual time
//! ([`history::pipeline`]).
//!
//! The crate never computes a measure or a statistic, and never changes an event in the log. It never prints or stores a patient's number
//! in the clear: rejected records are encrypted, and log lines carry none.
//!
//! A room imports only from rooms further down this list, and inside a room a file only from files further down.

pub mod run;
pub mod command;
pub mod service;
pub mod page_view;
pub mod contract;
pub mod http;
pub mod sign_in;
pub mod deployment;
pub mod send;
pub mod history;
pub mod view;
pub mod intake;
pub mod published_cards;
pub mod log;
pub mod service_client;
pub mod map;
pub mod logs;
pub mod cli;
pub mod config;
pub mod kafka;
pub mod input_files;
pub mod process;
pub mod terminal;

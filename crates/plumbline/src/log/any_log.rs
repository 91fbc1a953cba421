//! The log of a service: the embedded log or Kafka. Tasks work with either.

use std::ops::{ControlFlow, Range};

use scorecard::event::Event;
use scorecard::record::log_record::Record;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};

use crate::kafka::log::KafkaLog;
use crate::log::local_log::LocalLog;

/// A handle on either log. A clone is a new handle.
#[derive(Clone, Debug)]
pub enum AnyLog {
    /// The embedded log.
    Local(LocalLog),
    /// Kafka.
    Kafka(Box<KafkaLog>),
}

impl AnyLog {
    /// Where the log is, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            AnyLog::Local(log) => format!("the log in {}", log.path().display()),
            AnyLog::Kafka(log) => format!("the log at {} under {:?}", log.settings().brokers, log.settings().prefix),
        }
    }

    /// The handle on Kafka; `None` for the embedded log.
    #[must_use]
    pub fn kafka(&self) -> Option<&KafkaLog> {
        match self {
            AnyLog::Local(_) => None,
            AnyLog::Kafka(log) => Some(log),
        }
    }
}

impl Log for AnyLog {
    fn read(
        &mut self,
        topic: Topic,
        partition: u32,
        from: u64,
        most: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        match self {
            AnyLog::Local(log) => log.read(topic, partition, from, most, each),
            AnyLog::Kafka(log) => log.read(topic, partition, from, most, each),
        }
    }

    fn bounds(&mut self, topic: Topic, partition: u32) -> Result<Range<u64>, LogError> {
        match self {
            AnyLog::Local(log) => log.bounds(topic, partition),
            AnyLog::Kafka(log) => log.bounds(topic, partition),
        }
    }

    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError> {
        match self {
            AnyLog::Local(log) => log.pack(event, to),
            AnyLog::Kafka(log) => log.pack(event, to),
        }
    }

    fn append(&mut self, topic: Topic, partition: u32, key: &str, record: &Record<'_>) -> Result<(), LogError> {
        match self {
            AnyLog::Local(log) => log.append(topic, partition, key, record),
            AnyLog::Kafka(log) => log.append(topic, partition, key, record),
        }
    }

    fn flush(&mut self) -> Result<(), LogError> {
        match self {
            AnyLog::Local(log) => log.flush(),
            AnyLog::Kafka(log) => log.flush(),
        }
    }

    fn fence(&mut self) -> Result<(), LogError> {
        match self {
            AnyLog::Local(log) => log.fence(),
            AnyLog::Kafka(log) => log.fence(),
        }
    }

    fn append_atomically(&mut self, fill: &mut Fill<'_>) -> Result<(), LogError> {
        match self {
            AnyLog::Local(log) => log.append_atomically(fill),
            AnyLog::Kafka(log) => log.append_atomically(fill),
        }
    }
}

//! The producer of a process, shared by all handles on the log. Each handle counts its own unacknowledged records.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use stream::log::LogError;

use crate::kafka::access_right::is_refused;
use crate::kafka::contact::{Contact, log_line};
use crate::kafka::reader::{failed, failed_on};
use crate::kafka::settings::KafkaSettings;
use crate::process::limits::{FULL_QUEUE_PAUSE, SHUTDOWN_POLL};
use crate::process::shutdown_signal::ShutdownSignal;

/// The unacknowledged records of a handle, the first failure, and the acknowledged offsets.
#[derive(Debug, Default)]
pub(super) struct Acknowledgements {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    failure: Option<LogError>,
    /// One past the last acknowledged offset, by topic and partition.
    ends: BTreeMap<(String, i32), u64>,
}

impl Acknowledgements {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One past the last offset of a partition that brokers acknowledged to this handle.
    pub(super) fn end(&self, topic: &str, partition: u32) -> u64 {
        self.state().ends.get(&(topic.to_owned(), partition.cast_signed())).copied().unwrap_or(0)
    }

    /// Waits at most `at_most`. Returns whether everything is acknowledged; an error when a record is not stored for certain.
    pub(super) fn all(&self, at_most: Duration) -> Result<bool, LogError> {
        let waited = self.changed.wait_timeout_while(self.state(), at_most, |state| state.waiting > 0);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.waiting > 0 {
            return Ok(false);
        }
        match state.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(true),
        }
    }

    /// Waits until everything is acknowledged, or a shutdown begins.
    pub(super) fn wait(&self, stopping: &ShutdownSignal) -> Result<(), LogError> {
        while !self.all(SHUTDOWN_POLL)? {
            if stopping.asked() {
                return Err(LogError::Stopping { what: "the brokers" });
            }
        }
        Ok(())
    }

    fn sent(&self, contact: &Contact) {
        self.state().waiting += 1;
        contact.0.waiting.fetch_add(1, Ordering::Relaxed);
    }

    fn complete(&self, contact: &Contact, outcome: Result<(&str, i32, i64), LogError>) {
        contact.0.waiting.fetch_sub(1, Ordering::Relaxed);
        let mut state = self.state();
        state.waiting -= 1;
        match outcome {
            Ok((topic, partition, offset)) => {
                let end = state.ends.entry((topic.to_owned(), partition)).or_default();
                *end = (*end).max(u64::try_from(offset).unwrap_or(0) + 1);
            }
            Err(failure) => drop(state.failure.get_or_insert(failure)),
        }
        if state.waiting == 0 {
            self.changed.notify_all();
        }
    }
}

/// The context of the producer: it passes each delivery report to the handle that sent the record.
#[derive(Clone, Debug)]
pub(super) struct DeliveryCallback(Contact);

impl ClientContext for DeliveryCallback {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.report(&error, reason);
    }
}

impl ProducerContext for DeliveryCallback {
    type DeliveryOpaque = Arc<Acknowledgements>;

    fn delivery(&self, result: &DeliveryResult<'_>, acknowledgements: Arc<Acknowledgements>) {
        let outcome = match result {
            Ok(message) => Ok((message.topic(), message.partition(), message.offset())),
            Err((error, message)) if is_refused(error) => {
                Err(failed_on(message.topic(), "Write", &format!("a record for {} is refused", message.topic()), error))
            }
            Err((error, message)) => Err(LogError::Unacknowledged {
                what: format!("a record for {} was sent", message.topic()),
                source: Some(error.clone().into()),
            }),
        };
        acknowledgements.complete(&self.0, outcome);
    }
}

/// The producer of a process.
pub(super) struct Writer {
    producer: ThreadedProducer<DeliveryCallback>,
    contact: Contact,
}

/// An encoded record, ready to be sent.
pub(super) struct EncodedRecord<'a> {
    pub topic: &'a str,
    pub partition: u32,
    pub key: &'a str,
    /// No bytes are a tombstone, which Kafka stores as a null value.
    pub value: &'a [u8],
    pub headers: Option<OwnedHeaders>,
}

impl<'a> EncodedRecord<'a> {
    pub(super) fn with_opaque<D: rdkafka::util::IntoOpaque>(self, opaque: D) -> BaseRecord<'a, str, [u8], D> {
        let record = BaseRecord::with_opaque_to(self.topic, opaque).partition(self.partition.cast_signed()).key(self.key);
        let record = if self.value.is_empty() { record } else { record.payload(self.value) };
        match self.headers {
            Some(headers) => record.headers(headers),
            None => record,
        }
    }
}

impl Writer {
    pub(super) fn new(settings: &KafkaSettings, contact: Contact) -> Result<Writer, LogError> {
        let producer = settings.producer().create_with_context(DeliveryCallback(contact.clone()));
        Ok(Writer { producer: producer.map_err(|error| failed("a producer cannot be created", &error))?, contact })
    }

    /// Queues a record. Waits while the queue is full.
    pub(super) fn send(
        &self,
        encoded: EncodedRecord<'_>,
        acknowledgements: &Arc<Acknowledgements>,
        stopping: &ShutdownSignal,
    ) -> Result<(), LogError> {
        let topic = encoded.topic;
        let mut record = encoded.with_opaque(acknowledgements.clone());
        acknowledgements.sent(&self.contact);
        loop {
            let (error, back) = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err(rejected) => rejected,
            };
            let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            if !full || stopping.asked() {
                let rejected = || failed(&format!("a record for {topic} cannot be sent"), &error);
                acknowledgements.complete(&self.contact, Err(rejected()));
                return Err(rejected());
            }
            record = back;
            let _ = stopping.wait(FULL_QUEUE_PAUSE);
        }
    }

    /// Whether a fatal error ended the producer; it never sends again.
    pub(super) fn is_dead(&self) -> bool {
        self.producer.client().fatal_error().is_some()
    }
}

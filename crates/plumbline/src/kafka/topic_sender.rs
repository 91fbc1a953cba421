//! A producer of raw records for an input topic. The brokers choose the partition, and each record is acknowledged by all replicas.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use stream::log::LogError;

use crate::kafka::contact::log_line;
use crate::kafka::reader::failed;
use crate::kafka::settings::KafkaSettings;
use crate::process::limits::{BROKER_REQUEST_TIMEOUT, FULL_QUEUE_PAUSE, SHUTDOWN_POLL};

/// Why a topic takes no records.
#[derive(Debug, thiserror::Error)]
pub enum TopicSenderError {
    /// The topic does not exist.
    #[error("the topic {0} does not exist; create it, and declare it as [inputs.{0}] in the configuration of the service")]
    Absent(String),
    /// The topic is one of Plumbline's own.
    #[error("the topic {0} is one of Plumbline's own, whose records have another form; name an input topic")]
    Own(String),
    /// The brokers failed.
    #[error(transparent)]
    Brokers(#[from] LogError),
}

/// A record that the client refuses: it is larger than `message.max.bytes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordTooLarge;

/// The first failed delivery.
#[derive(Clone, Debug, Default)]
struct FirstFailure(Arc<Mutex<Option<KafkaError>>>);

impl ClientContext for FirstFailure {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }
}

impl ProducerContext for FirstFailure {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.clone());
        }
    }
}

/// A producer for one topic.
pub struct TopicSender {
    producer: ThreadedProducer<FirstFailure>,
    failure: FirstFailure,
    topic: String,
}

impl std::fmt::Debug for TopicSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TopicSender").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl TopicSender {
    /// A producer for an existing topic that is none of Plumbline's own.
    ///
    /// # Errors
    /// [`TopicSenderError`].
    pub fn new(settings: &KafkaSettings, topic: &str) -> Result<TopicSender, TopicSenderError> {
        if settings.topic_named(topic).is_some() {
            return Err(TopicSenderError::Own(topic.to_owned()));
        }
        let failure = FirstFailure::default();
        let producer: Result<ThreadedProducer<FirstFailure>, _> = settings.producer().create_with_context(failure.clone());
        let producer = producer.map_err(|error| failed("a producer cannot be created", &error))?;
        // Brokers may create a topic that a request names, so the request names none.
        let found = producer.client().fetch_metadata(None, BROKER_REQUEST_TIMEOUT);
        let found = found.map_err(|error| failed("the brokers do not name their topics", &error))?;
        if !found.topics().iter().any(|known| known.name() == topic) {
            return Err(TopicSenderError::Absent(topic.to_owned()));
        }
        Ok(TopicSender { producer, failure, topic: topic.to_owned() })
    }

    /// Queues a record, and waits while the queue is full.
    ///
    /// # Errors
    /// [`LogError`] when the producer has failed. The inner error is a record beyond its largest size.
    pub fn send(&self, record: &[u8], is_stopped: &dyn Fn() -> bool) -> Result<Result<(), RecordTooLarge>, LogError> {
        let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(&self.topic).payload(record);
        loop {
            let (error, back) = match self.producer.send(record) {
                Ok(()) => return Ok(Ok(())),
                Err(refused) => refused,
            };
            match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::QueueFull) if !is_stopped() => std::thread::sleep(FULL_QUEUE_PAUSE),
                Some(RDKafkaErrorCode::MessageSizeTooLarge) => return Ok(Err(RecordTooLarge)),
                _ => return Err(failed(&format!("a record for {} cannot be sent", self.topic), &error)),
            }
            record = back;
        }
    }

    /// Waits until every record is acknowledged, or for `at_most`. Returns whether all are.
    ///
    /// # Errors
    /// [`LogError`] with the first record that was not acknowledged.
    pub fn acknowledged(&self, at_most: Duration, is_stopped: &dyn Fn() -> bool) -> Result<bool, LogError> {
        let begun = std::time::Instant::now();
        while self.producer.in_flight_count() > 0 && begun.elapsed() < at_most && !is_stopped() {
            // The thread of the producer polls; a flush ends the wait for full batches.
            let _ = self.producer.flush(SHUTDOWN_POLL);
        }
        let failure = self.failure.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match failure {
            Some(error) => Err(failed(&format!("a record for {} was not acknowledged", self.topic), &error)),
            None => Ok(self.producer.in_flight_count() == 0),
        }
    }
}

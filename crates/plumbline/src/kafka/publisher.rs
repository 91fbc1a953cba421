//! Publishes runs in transactions, as the only one who may: whoever begins fences those before.

use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, DeliveryResult, Producer, ProducerContext};
use stream::log::LogError;
use tracing::warn;

use crate::kafka::contact::{Contact, tell};
use crate::kafka::reader::failed;
use crate::kafka::settings::KafkaSettings;
use crate::kafka::writer::Ready;
use crate::process::shutdown_signal::ShutdownSignal;

/// So long one step of a transaction may take before it is tried again.
const STEP: Duration = Duration::from_secs(10);
/// So long a transaction may take altogether, its begin and its end included: brokers end it by themselves sooner. The first cards
/// of 100,000 clinicians are computed within one.
const PATIENCE: Duration = Duration::from_secs(600);
/// So long an attempt to leave a transaction tidily may take; the next publisher ends it otherwise.
const TIDY: Duration = Duration::from_secs(5);

/// What the producer of runs does with what it is told.
#[derive(Clone, Debug)]
struct PublisherContext(Contact);

impl ClientContext for PublisherContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tell(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.told(&error, reason);
    }
}

impl ProducerContext for PublisherContext {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {
        // A record that is not stored fails the transaction's end.
    }
}

/// Sends one record of a transaction.
pub(super) type Send<'s> = dyn FnMut(Ready<'_>) -> Result<(), LogError> + 's;

/// The producer of runs. It serves for as long as each of its transactions ended for certain; then another takes its place.
pub(super) struct Publisher {
    producer: BaseProducer<PublisherContext>,
    contact: Contact,
    stopping: ShutdownSignal,
}

impl Publisher {
    /// Takes over: every earlier publisher is fenced when this returns, and its open transaction ended.
    pub(super) fn take_over(settings: &KafkaSettings, contact: Contact, stopping: ShutdownSignal) -> Result<Publisher, LogError> {
        let producer: BaseProducer<PublisherContext> = settings
            .publishing()
            .create_with_context(PublisherContext(contact.clone()))
            .map_err(|error| failed("the producer of runs cannot be made", &error))?;
        let begun = Instant::now();
        while let Err(error) = producer.init_transactions(STEP) {
            if !is_retriable(&error) || stopping.asked() || begun.elapsed() > PATIENCE {
                return Err(refused("taking over the publication", &error));
            }
            warn!("taking over the publication is tried again: {error}");
        }
        Ok(Publisher { producer, contact, stopping })
    }

    /// Publishes all that `fill` sends or nothing. After an error the publisher is of no use any more: its last transaction may have
    /// ended either way, and only whoever takes over anew finds out.
    pub(super) fn publish(&self, fill: impl FnOnce(&mut Send<'_>) -> Result<(), LogError>) -> Result<(), LogError> {
        let begun = Instant::now();
        let outcome = self.transaction(fill, begun);
        match &outcome {
            Ok(()) => {
                self.contact.count(|counters| &counters.committed);
                self.contact.0.timings.transaction.observe(begun.elapsed().as_secs_f64());
            }
            Err(LogError::Fenced) => self.contact.count(|counters| &counters.fenced),
            Err(_) => {
                self.contact.count(|counters| &counters.aborted);
                self.leave();
            }
        }
        outcome
    }

    fn transaction(&self, fill: impl FnOnce(&mut Send<'_>) -> Result<(), LogError>, begun: Instant) -> Result<(), LogError> {
        self.producer.begin_transaction().map_err(|error| refused("beginning a transaction", &error))?;
        fill(&mut |ready| self.send(ready, begun))?;
        self.drain(begun)?;
        loop {
            let Err(error) = self.producer.commit_transaction(STEP) else { return Ok(()) };
            if !is_retriable(&error) || self.is_too_late(begun) {
                return Err(refused("ending a transaction", &error));
            }
            warn!("the end of a transaction is asked for again: {error}");
        }
    }

    fn send(&self, ready: Ready<'_>, begun: Instant) -> Result<(), LogError> {
        let mut record = ready.with(());
        loop {
            let Err((error, back)) = self.producer.send(record) else { return Ok(()) };
            let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            if !full || self.is_too_late(begun) {
                return Err(refused("a record of a transaction", &error));
            }
            record = back;
            self.producer.poll(Duration::from_millis(5));
        }
    }

    /// Reports of delivery have to be taken before the end is asked for, or it waits for them.
    fn drain(&self, begun: Instant) -> Result<(), LogError> {
        while self.producer.in_flight_count() > 0 {
            if self.is_too_late(begun) {
                return Err(LogError::Failed("the records of a transaction were not acknowledged in time".to_owned()));
            }
            self.producer.poll(Duration::from_millis(1));
        }
        Ok(())
    }

    fn is_too_late(&self, begun: Instant) -> bool {
        self.stopping.asked() || begun.elapsed() > PATIENCE
    }

    /// Ends what is open, if that can be had quickly.
    fn leave(&self) {
        self.producer.purge(rdkafka::producer::PurgeConfig::default().queue().inflight());
        let begun = Instant::now();
        while self.producer.in_flight_count() > 0 && begun.elapsed() < TIDY {
            self.producer.poll(Duration::from_millis(1));
        }
        if let Err(error) = self.producer.abort_transaction(TIDY) {
            warn!("a transaction is left to whoever takes over: {error}");
        }
    }
}

fn is_retriable(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.is_retriable() && !error.is_fatal() && !error.txn_requires_abort())
}

fn refused(doing: &str, error: &KafkaError) -> LogError {
    let fenced = [RDKafkaErrorCode::Fenced, RDKafkaErrorCode::ProducerFenced, RDKafkaErrorCode::InvalidProducerEpoch];
    if error.rdkafka_error_code().is_some_and(|code| fenced.contains(&code)) {
        return LogError::Fenced;
    }
    failed(doing, error)
}

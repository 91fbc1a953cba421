//! The transactional producer of runs. A new publisher fences every earlier one, so only one can publish.

use std::time::Instant;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, DeliveryResult, Producer, ProducerContext};
use stream::log::LogError;
use tracing::warn;

use crate::kafka::contact::{Contact, log_line};
use crate::kafka::reader::{failed, failed_on};
use crate::kafka::settings::KafkaSettings;
use crate::kafka::writer::EncodedRecord;
use crate::process::limits::{
    DELIVERY_POLL, FULL_QUEUE_PAUSE, TRANSACTION_ABORT_TIMEOUT, TRANSACTION_STEP_TIMEOUT, TRANSACTION_TIMEOUT,
};
use crate::process::shutdown_signal::ShutdownSignal;

/// The context of the producer of runs.
#[derive(Clone, Debug)]
struct PublisherContext(Contact);

impl ClientContext for PublisherContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.report(&error, reason);
    }
}

impl ProducerContext for PublisherContext {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {
        // A record that is not stored makes the commit fail.
    }
}

/// Sends one record of a transaction.
pub(super) type Send<'s> = dyn FnMut(EncodedRecord<'_>) -> Result<(), LogError> + 's;

/// The producer of runs. After a transaction whose outcome is unknown, the owner replaces it with a new one.
pub(super) struct Publisher {
    producer: BaseProducer<PublisherContext>,
    contact: Contact,
    stopping: ShutdownSignal,
}

impl Publisher {
    /// Takes over the publication. When it returns, every earlier publisher is fenced and its open transaction is aborted.
    pub(super) fn take_over(settings: &KafkaSettings, contact: Contact, stopping: ShutdownSignal) -> Result<Publisher, LogError> {
        let producer: BaseProducer<PublisherContext> = settings
            .publisher()
            .create_with_context(PublisherContext(contact.clone()))
            .map_err(|error| failed("the producer of runs cannot be created", &error))?;
        let begun = Instant::now();
        while let Err(error) = producer.init_transactions(TRANSACTION_STEP_TIMEOUT) {
            if !is_retriable(&error) || stopping.asked() || begun.elapsed() > TRANSACTION_TIMEOUT {
                return Err(failed_or_fenced("the init of transactions failed", &error));
            }
            warn!(%error, "init of transactions failed, retrying");
        }
        Ok(Publisher { producer, contact, stopping })
    }

    /// Publishes everything that `fill` sends, or nothing. Drop the publisher after an error: its last transaction may be committed
    /// or aborted, and only the next [`Publisher::take_over`] settles that.
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
                self.abort();
            }
        }
        outcome
    }

    fn transaction(&self, fill: impl FnOnce(&mut Send<'_>) -> Result<(), LogError>, begun: Instant) -> Result<(), LogError> {
        self.producer.begin_transaction().map_err(|error| failed_or_fenced("the begin of a transaction failed", &error))?;
        fill(&mut |record| self.send(record, begun))?;
        self.drain(begun)?;
        loop {
            let Err(error) = self.producer.commit_transaction(TRANSACTION_STEP_TIMEOUT) else { return Ok(()) };
            if !is_retriable(&error) || self.is_too_late(begun) {
                return Err(failed_or_fenced("the commit of a transaction failed", &error));
            }
            warn!(%error, "commit of a transaction failed, retrying");
        }
    }

    fn send(&self, record: EncodedRecord<'_>, begun: Instant) -> Result<(), LogError> {
        let mut record = record.with_opaque(());
        loop {
            let Err((error, back)) = self.producer.send(record) else { return Ok(()) };
            let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            if !full || self.is_too_late(begun) {
                return Err(failed_or_fenced("a record of a transaction cannot be sent", &error));
            }
            record = back;
            self.producer.poll(FULL_QUEUE_PAUSE);
        }
    }

    /// Polls until every record is acknowledged: a commit waits for delivery reports that nobody polls.
    fn drain(&self, begun: Instant) -> Result<(), LogError> {
        while self.producer.in_flight_count() > 0 {
            if self.is_too_late(begun) {
                return Err(LogError::Unacknowledged { what: "the records of a transaction were sent".to_owned(), source: None });
            }
            self.producer.poll(DELIVERY_POLL);
        }
        Ok(())
    }

    fn is_too_late(&self, begun: Instant) -> bool {
        self.stopping.asked() || begun.elapsed() > TRANSACTION_TIMEOUT
    }

    /// Aborts the open transaction if that is quick; else the next publisher aborts it.
    fn abort(&self) {
        self.producer.purge(rdkafka::producer::PurgeConfig::default().queue().inflight());
        let begun = Instant::now();
        while self.producer.in_flight_count() > 0 && begun.elapsed() < TRANSACTION_ABORT_TIMEOUT {
            self.producer.poll(DELIVERY_POLL);
        }
        if let Err(error) = self.producer.abort_transaction(TRANSACTION_ABORT_TIMEOUT) {
            warn!(%error, "abort failed, the next publisher ends the transaction");
        }
    }
}

fn is_retriable(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.is_retriable() && !error.is_fatal() && !error.txn_requires_abort())
}

/// [`LogError::Fenced`] if another publisher took over, else a failure of the call.
fn failed_or_fenced(what: &str, error: &KafkaError) -> LogError {
    let fenced = [RDKafkaErrorCode::Fenced, RDKafkaErrorCode::ProducerFenced, RDKafkaErrorCode::InvalidProducerEpoch];
    if error.rdkafka_error_code().is_some_and(|code| fenced.contains(&code)) {
        return LogError::Fenced;
    }
    failed_on("under kafka.prefix", "Write", what, error)
}

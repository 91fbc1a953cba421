//! What every client of the brokers does with what it is told: state changes into the log, errors into counters.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::util::Timeout;
use tracing::{debug, error, warn};

use crate::kafka::client_timings::ClientTimings;

/// What has not changed is said again so much later.
const AGAIN: Duration = Duration::from_secs(30);

/// What is counted of the brokers, by all clients of a process.
#[derive(Debug, Default)]
pub struct Counters {
    /// Errors that clients told, whether they recovered or not.
    pub errors: AtomicU64,
    /// Times that no broker could be reached.
    pub all_down: AtomicU64,
    /// When that was said last: every client of a process finds it out, and one of them says so.
    said_down: Mutex<Option<Instant>>,
    /// Rebalances of the groups that this process belongs to.
    pub rebalances: AtomicU64,
    /// Transactions that were committed.
    pub committed: AtomicU64,
    /// Durations of calls to the brokers.
    pub timings: ClientTimings,
    /// Transactions that were given up because another publisher took over.
    pub fenced: AtomicU64,
    /// Transactions that were given up because they failed or their end is not known.
    pub aborted: AtomicU64,
    /// Tasks that were dropped and started anew.
    pub restarts: AtomicU64,
    /// Records that wait for an acknowledgement.
    pub waiting: AtomicI64,
}

/// The context of a client.
#[derive(Clone, Debug, Default)]
pub struct Contact(pub Arc<Counters>);

impl Contact {
    /// Adds one to a counter.
    pub(crate) fn count(&self, counter: impl Fn(&Counters) -> &AtomicU64) {
        counter(&self.0).fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn told(&self, error: &KafkaError, reason: &str) {
        if matches!(error, KafkaError::PartitionEOF(_)) {
            return;
        }
        self.count(|counters| &counters.errors);
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => {
                self.count(|counters| &counters.all_down);
                let mut said = self.0.said_down.lock().unwrap_or_else(PoisonError::into_inner);
                if said.is_none_or(|at| at.elapsed() > AGAIN) {
                    *said = Some(Instant::now());
                    warn!("no broker can be reached: {reason}");
                }
            }
            Some(RDKafkaErrorCode::Fatal) => error!("a client of the brokers cannot go on: {reason}"),
            Some(RDKafkaErrorCode::Authentication) => warn!("the brokers refuse who we say we are: {reason}"),
            _ => debug!("{error}: {reason}"),
        }
    }
}

impl ClientContext for Contact {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tell(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.told(&error, reason);
    }
}

impl ConsumerContext for Contact {
    fn main_queue_min_poll_interval(&self) -> Timeout {
        Timeout::After(Duration::from_millis(200))
    }
}

/// The library's own log: what matters comes as an error besides.
pub(crate) fn tell(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => error!("librdkafka {facility}: {message}"),
        // A broker that is away is told by every client, every few seconds.
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning if facility != "FAIL" && facility != "ERROR" => {
            warn!("librdkafka {facility}: {message}");
        }
        _ => debug!("librdkafka {facility}: {message}"),
    }
}

//! The context of every Kafka client: it logs state changes and counts errors.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::util::Timeout;
use tracing::{debug, error, warn};

use crate::kafka::access_right::missing_right;
use crate::kafka::client_timings::ClientTimings;
use crate::process::limits::{MAIN_QUEUE_POLL, OUTAGE_LOG_INTERVAL};

/// Counters of all Kafka clients of a process.
#[derive(Debug, Default)]
pub struct Counters {
    /// Errors that clients reported, whether they recovered or not.
    pub errors: AtomicU64,
    /// Times that no broker was reachable.
    pub all_down: AtomicU64,
    /// When this was last logged: every client detects an outage, and only one logs it.
    outage_logged: Mutex<Option<Instant>>,
    /// When a refusal of a group was last logged: a member polls many times a second.
    refusal_logged: Mutex<Option<Instant>>,
    /// Rebalances of the groups that this process belongs to.
    pub rebalances: AtomicU64,
    /// Committed transactions.
    pub committed: AtomicU64,
    /// Durations of calls to the brokers.
    pub timings: ClientTimings,
    /// Transactions that ended because another publisher fenced this one.
    pub fenced: AtomicU64,
    /// Transactions that failed, or whose outcome is unknown.
    pub aborted: AtomicU64,
    /// Restarts of failed tasks.
    pub restarts: AtomicU64,
    /// Unacknowledged records.
    pub waiting: AtomicI64,
}

/// The context of a client. Clones share the counters.
#[derive(Clone, Debug, Default)]
pub struct Contact(pub Arc<Counters>);

impl Contact {
    /// Adds one to a counter.
    pub(crate) fn count(&self, counter: impl Fn(&Counters) -> &AtomicU64) {
        counter(&self.0).fetch_add(1, Ordering::Relaxed);
    }

    /// Logs an error that a poll of a group returned. A refusal is a warning, at most one in half a minute.
    pub(crate) fn report_poll(&self, error: &KafkaError, group: &str) {
        let Some(right) = missing_right(error, "Read", "under kafka.prefix, or an input") else {
            return debug!(%error, group, "poll of a group failed");
        };
        let mut logged = self.0.refusal_logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_none_or(|at| at.elapsed() > OUTAGE_LOG_INTERVAL) {
            *logged = Some(Instant::now());
            warn!(%error, group, right, "brokers refuse a group member");
        }
    }

    /// Counts and logs an error of a client.
    pub(crate) fn report(&self, error: &KafkaError, reason: &str) {
        if matches!(error, KafkaError::PartitionEOF(_)) {
            return;
        }
        self.count(|counters| &counters.errors);
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => {
                self.count(|counters| &counters.all_down);
                let mut logged = self.0.outage_logged.lock().unwrap_or_else(PoisonError::into_inner);
                if logged.is_none_or(|at| at.elapsed() > OUTAGE_LOG_INTERVAL) {
                    *logged = Some(Instant::now());
                    warn!(reason, "no broker is reachable");
                }
            }
            Some(RDKafkaErrorCode::Fatal) => error!(reason, "kafka client failed for good"),
            Some(RDKafkaErrorCode::Authentication) => {
                warn!(reason, "broker rejected the authentication; check user and password in kafka.properties")
            }
            _ => match missing_right(error, "Read or Write", "of this deployment") {
                Some(right) => warn!(reason, right, "brokers refuse a request"),
                None => debug!(%error, reason, "kafka client error"),
            },
        }
    }
}

impl ClientContext for Contact {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.report(&error, reason);
    }
}

impl ConsumerContext for Contact {
    fn main_queue_min_poll_interval(&self) -> Timeout {
        Timeout::After(MAIN_QUEUE_POLL)
    }
}

/// Logs a line of librdkafka. Important errors also arrive through [`Contact::report`].
pub(crate) fn log_line(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            error!(facility, message, "librdkafka");
        }
        // Every client reports an absent broker every few seconds; these lines stay at debug level.
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning if facility != "FAIL" && facility != "ERROR" => {
            warn!(facility, message, "librdkafka");
        }
        _ => debug!(facility, message, "librdkafka"),
    }
}

//! The durations of calls to the brokers.

use prometheus::Histogram;

use crate::process::metric_registry::{MetricRegistry, histogram};

/// A run of 100,000 clinicians is computed within its transaction, which may take 10 minutes; a usual one ends within a minute.
const TRANSACTION_BOUNDS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 150.0, 300.0, 600.0];
/// Readers aim at 0.1 s a call; 10 minutes is the patience of a reader.
const READ_BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0, 60.0];
/// A request waits for the acknowledgement of its events, which aims at 0.25 s.
const ACKNOWLEDGEMENT_BOUNDS: [f64; 11] = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Durations that all clients of a process observe, in seconds.
#[derive(Debug)]
pub struct ClientTimings {
    /// A committed transaction, from its begin to the brokers' answer.
    pub transaction: Histogram,
    /// One call that returned records.
    pub read: Histogram,
    /// One wait for the acknowledgement of everything that a handle sent.
    pub acknowledgement: Histogram,
}

impl Default for ClientTimings {
    fn default() -> ClientTimings {
        let transaction = histogram(
            "plumbline_transaction_duration_seconds",
            "Time of a committed transaction, which publishes one run. High: the run is large, or the brokers are slow.",
            &TRANSACTION_BOUNDS,
        );
        let read = histogram(
            "plumbline_kafka_read_duration_seconds",
            "Time of one read that returned records of Plumbline's own topics, folding included. High: the brokers or the folding are slow.",
            &READ_BOUNDS,
        );
        let acknowledgement = histogram(
            "plumbline_kafka_acknowledgement_duration_seconds",
            "Time of one wait until the brokers acknowledged what was sent. High: the brokers are slow, and requests with them.",
            &ACKNOWLEDGEMENT_BOUNDS,
        );
        ClientTimings { transaction, read, acknowledgement }
    }
}

impl ClientTimings {
    /// Adds the histograms.
    pub fn register(&self, registry: &MetricRegistry) {
        [&self.transaction, &self.read, &self.acknowledgement].into_iter().for_each(|histogram| registry.observed(histogram));
    }
}

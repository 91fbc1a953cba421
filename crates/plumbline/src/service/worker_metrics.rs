//! The durations that tally and publish observe.

use prometheus::Histogram;

use crate::process::metric_registry::MetricRegistry;

/// An event aims to be in its row within a second. Hours are the lag after an outage.
const EVENT_TO_ROW_BOUNDS: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3_600.0, 14_400.0];
/// A run aims at one minute; its transaction may take ten.
const RUN_BOUNDS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 150.0, 300.0, 600.0];

/// Durations in seconds. Clones observe the same metrics.
#[derive(Clone, Debug)]
pub struct WorkerMetrics {
    /// From the append of an event to the row that counts it: one observation a batch, of its newest record, after the replay.
    pub event_to_row: Histogram,
    /// The computation and publication of one run.
    pub run: Histogram,
}

impl WorkerMetrics {
    /// Adds the histograms.
    #[must_use]
    pub fn register(registry: &MetricRegistry) -> WorkerMetrics {
        let event_to_row = registry.histogram(
            "plumbline_event_to_row_lag_seconds",
            "Lag from the append of an event to the row that counts it, one observation a batch; a replay is left out. \
             High: tally is too slow.",
            &EVENT_TO_ROW_BOUNDS,
        );
        let run = registry.histogram(
            "plumbline_run_duration_seconds",
            "Time of one run, from the marks of its cut to its published cards. High: many cards changed, or the log is slow.",
            &RUN_BOUNDS,
        );
        WorkerMetrics { event_to_row, run }
    }
}

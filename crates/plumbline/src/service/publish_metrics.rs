//! The metrics of publish, and the version and measures of this process.

use std::sync::Arc;

use stream::deployment::Deployment;
use stream::log_loss::LogLoss;

use crate::process::clock::Clock;
use crate::process::metric_registry::{MetricRegistry, age_seconds};
use crate::process::service_status::ServiceStatus;

/// Adds the metrics of publish.
pub fn register(registry: &MetricRegistry, status: &Arc<ServiceStatus>, deployment: &Deployment, clock: &Clock) {
    let (read, now) = (status.clone(), clock.clone());
    let help = "Age of the last published cut. Above two periods of `publish.every`: publication is behind.";
    registry.gauge("plumbline_cut_lag_seconds", help, move || {
        let last_cut = read.publish().last_cut;
        last_cut.map(|at| age_seconds(&now, at))
    });
    let (read, now) = (status.clone(), clock.clone());
    let help =
        "Time by which the last cut is ahead of the clock, if it is more than five minutes. Above 0: a clock was or is wrong.";
    registry.gauge("plumbline_cut_ahead_seconds", help, move || read.cut_ahead_seconds(now.now()));
    let read = status.clone();
    let help = "Threads that stopped because the log has lost records, by loss. Above 0: nothing is published; /readyz names the loss \
                and the cure.";
    registry.gauges("plumbline_log_losses", help, ["loss"], move || {
        LogLoss::WORDS.map(|word| ([word], read.faults.count(word) as f64)).to_vec()
    });
    let read = status.clone();
    let help = "Partitions that publish folded itself since the start, because rows and marks did not agree. High: instances run \
                different measures, or tally restarts often.";
    registry.counter("plumbline_publish_folds_total", help, move || read.publish().refolds);
    let build = [deployment.engine_version.clone(), deployment.measures.hash().to_string()];
    let help = "The version and the hash of the measures of this process; always 1. Two combinations: a rollout is not complete.";
    registry.gauges("plumbline_build_info", help, ["version", "measure_set"], move || vec![(build.clone(), 1.0)]);
}

//! The watch over the brokers: whether one answers, and whether `events` has more partitions than the log uses.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use stream::log::{LogError, Topic};
use tracing::{debug, info, warn};

use crate::kafka::log::KafkaLog;
use crate::process::limits::{BROKER_CHECK_INTERVAL, BROKER_CHECK_TIMEOUT};
use crate::process::metric_registry::MetricRegistry;
use crate::process::service_faults::{FaultPlace, ServiceFault};
use crate::process::service_status::ServiceStatus;
use crate::service::worker::WorkerContext;

/// Starts the thread.
///
/// # Errors
/// When the system starts no more threads.
pub(crate) fn start(work: &WorkerContext, log: KafkaLog) -> Result<JoinHandle<()>> {
    let work = work.clone();
    let run = move || {
        let _guard = work.stopping.guard("brokers");
        watch(&work, log);
    };
    thread::Builder::new().name("brokers".to_owned()).spawn(run).context("starting the thread that watches the brokers")
}

/// Adds the metrics of this watch.
pub(crate) fn register(registry: &MetricRegistry, status: &Arc<ServiceStatus>) {
    let read = status.clone();
    let help = "Whether a broker answers this process. 0: nothing is lost, and work resumes when one answers.";
    registry.gauge("plumbline_brokers_reachable", help, move || u64::from(read.faults.at(FaultPlace::Brokers).is_none()));
    let read = status.clone();
    let help = "Partitions of the events beyond those that the log uses. Above 0: records in them count nowhere.";
    registry.gauge("plumbline_events_extra_partitions", help, move || u64::from(read.extra_partitions.load(Ordering::Relaxed)));
}

fn watch(work: &WorkerContext, mut log: KafkaLog) {
    let faults = &work.status.faults;
    while !work.stopping.wait(BROKER_CHECK_INTERVAL) {
        match log.partitions_now(Topic::Events, BROKER_CHECK_TIMEOUT) {
            Ok(found) => {
                if faults.at(FaultPlace::Brokers).is_some() {
                    info!("a broker answers again");
                }
                faults.clear(FaultPlace::Brokers);
                note_partitions(work, found);
            }
            Err(error) => report(work, &log, &error),
        }
    }
}

fn report(work: &WorkerContext, log: &KafkaLog, error: &LogError) {
    debug!(%error, "no broker answers");
    let brokers = &log.settings().brokers;
    let text = format!("no broker at {brokers} answers; nothing is lost, and work resumes when one does");
    work.status.faults.report(FaultPlace::Brokers, ServiceFault::other(text));
}

fn note_partitions(work: &WorkerContext, found: u32) {
    let extra = found.saturating_sub(work.deployment.partitions);
    if work.status.extra_partitions.swap(extra, Ordering::Relaxed) != extra && extra > 0 {
        warn!(found, used = work.deployment.partitions, "events has more partitions than the log uses; the others are ignored");
    }
}

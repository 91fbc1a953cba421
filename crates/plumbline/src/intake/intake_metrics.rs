//! The metrics of intake: requests and input topics.

use std::collections::BTreeMap;
use std::sync::Arc;

use codec::fault::RejectReason;
use scorecard::time::calendar::Timestamp;

use crate::intake::source_check::{PRACTICE_NOT_ALLOWED, REGISTRY_NOT_ALLOWED};
use crate::process::clock::Clock;
use crate::process::metric_registry::{MetricRegistry, age_seconds};
use crate::process::service_status::{ServiceStatus, Way};

const WAYS: [(&str, Way); 3] = [("http", Way::Http), ("topics", Way::Topics), ("retry", Way::Retry)];

/// Adds the metrics of elements that came in by either way.
pub fn register(registry: &MetricRegistry, status: &Arc<ServiceStatus>, clock: &Clock) {
    let read = status.clone();
    let help = "Elements that came in since the start, by way. High: sources send more than usual.";
    registry.counters("plumbline_intake_received_total", help, ["source"], move || {
        WAYS.map(|(word, way)| ([word], read.intake(way).counts.received)).to_vec()
    });
    let read = status.clone();
    let help = "Elements that intake accepted since the start, by outcome. Skipped: known resources that no measure counts; \
                high: sources send what nobody needs.";
    registry.counters("plumbline_intake_items_total", help, ["outcome"], move || {
        let counts = read.all_intake().counts;
        let skipped = counts.skipped.values().sum();
        vec![(["logged"], counts.logged), (["registered"], counts.registered), (["skipped"], skipped)]
    });
    let read = status.clone();
    let help = "Elements that intake rejected since the start, by reason. High: a source is broken.";
    registry.counters("plumbline_intake_rejected_total", help, ["reason"], move || rejected(&read));
    let read = status.clone();
    let help = "Fields of native events that no measure uses, by way. High: a source sends more than Plumbline counts.";
    registry.counters("plumbline_intake_unknown_fields_total", help, ["source"], move || {
        WAYS.map(|(word, way)| ([word], read.intake(way).unknown_fields)).to_vec()
    });
    let read = status.clone();
    let help = "Faulty details of accepted events since the start, by outcome. Dropped: the detail is unknown; rounded: to \
                thousandths; impossible: a person's number has not the form of its system, and counts as it was sent. High for dropped: \
                a source sends quantities, costs or answers that nobody can count. High for impossible: a source splits persons.";
    registry.counters("plumbline_intake_details_total", help, ["outcome"], move || {
        let all = read.all_intake();
        vec![(["dropped"], all.dropped_details), (["rounded"], all.rounded_details), (["impossible"], all.impossible_numbers)]
    });
    let (read, clock) = (status.clone(), clock.clone());
    let help =
        "Age of the newest event that came in since the start, by its clinical time. High: the sources are silent or late.";
    registry.gauge("plumbline_event_time_lag_seconds", help, move || {
        read.all_intake().newest_event.map(|at| age_seconds(&clock, at))
    });
}

/// Every reason is shown, also those that never occurred.
fn rejected(status: &ServiceStatus) -> Vec<([String; 1], u64)> {
    let mut rejected: BTreeMap<String, u64> = RejectReason::ALL.iter().map(|reason| (reason.as_str().to_owned(), 0)).collect();
    rejected.extend([REGISTRY_NOT_ALLOWED, PRACTICE_NOT_ALLOWED].map(|reason| (reason.to_owned(), 0)));
    rejected.extend(status.all_intake().counts.rejected.iter().map(|(reason, n)| ((*reason).to_owned(), *n)));
    rejected.into_iter().map(|(reason, n)| ([reason], n)).collect()
}

/// Adds the metrics of input topics, which a deployment over Kafka has.
pub fn register_topics(registry: &MetricRegistry, status: &Arc<ServiceStatus>, clock: &Clock) {
    let read = status.clone();
    let help = "Records of an input topic, of all its partitions, that intake has not committed. Every instance with the role intake \
                reports it. Rising: intake is stuck, or too slow for its sources.";
    registry.gauges("plumbline_input_lag_records", help, ["topic"], move || {
        unread(&read).into_iter().map(|(topic, (records, _))| ([topic], records as f64)).collect()
    });
    let (read, clock) = (status.clone(), clock.clone());
    let help = "Time for which the oldest uncommitted record of an input topic has waited, as seen since the start; 0 at the topic's end. \
                Rising: intake is stuck or too slow.";
    registry.gauges("plumbline_input_lag_seconds", help, ["topic"], move || {
        let age = |since: Option<Timestamp>| since.map_or(0, |at| age_seconds(&clock, at)) as f64;
        unread(&read).into_iter().map(|(topic, (_, since))| ([topic], age(since))).collect()
    });
}

/// Uncommitted records by topic, and the time since which the slowest partition waits.
fn unread(status: &ServiceStatus) -> BTreeMap<String, (u64, Option<Timestamp>)> {
    let mut topics: BTreeMap<String, (u64, Option<Timestamp>)> = BTreeMap::new();
    for ((topic, _), input) in status.inputs().iter() {
        let (records, since) = topics.entry(topic.clone()).or_default();
        *records += input.end.saturating_sub(input.next);
        *since = [*since, input.waits.map(|(at, _)| at)].into_iter().flatten().min();
    }
    topics
}

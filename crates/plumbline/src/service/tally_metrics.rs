//! The metrics of tally: the partitions that this process folds.

use std::sync::Arc;

use scorecard::card::scorecard::CoverageState;
use scorecard::fold::code_counts::CodeCounts;
use scorecard::fold::feed_coverage::coverage;
use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::schedule::Schedule;
use stream::deployment::Deployment;

use crate::process::clock::Clock;
use crate::process::metric_registry::{MetricRegistry, age_seconds};
use crate::process::service_status::{PartitionStatus, ServiceStatus};

/// A month is sealed 13 months after its end, so 14 months are open at most once the first one is sealed.
const MOST_OPEN_MONTHS: i64 = 14;

/// Adds the metrics of all partitions that this process owns.
pub fn register(registry: &MetricRegistry, status: &Arc<ServiceStatus>, deployment: &Deployment, clock: &Clock) {
    contents(registry, status, deployment);
    codes(registry, status);
    progress(registry, status);
    lags(registry, status, clock);
    let (read, deployment) = (status.clone(), deployment.clone());
    let help = "Feeds by coverage of the last month that was over at the last tick. Behind: no event up to the month's end yet. Silent: \
                no event for three days; high: sources send nothing.";
    registry.gauges("plumbline_feeds", help, ["state"], move || feeds(&read, &deployment));
}

fn contents(registry: &MetricRegistry, status: &Arc<ServiceStatus>, deployment: &Deployment) {
    let read = status.clone();
    let help = "Events that tally folded, by outcome; a replay counts them again. High for conflict or stale: a source repeats versions.";
    registry.counters("plumbline_tally_events_total", help, ["outcome"], move || {
        vec![
            (["accepted"], read.total(|p| p.outcomes.accepted)),
            (["duplicate"], read.total(|p| p.outcomes.duplicate)),
            (["stale"], read.total(|p| p.outcomes.stale)),
            (["conflict"], read.total(|p| p.outcomes.conflict)),
            (["sealed"], read.total(|p| p.outcomes.sealed)),
        ]
    });
    let gauge = |name, help, value| gauge(registry, status, name, help, value);
    gauge("plumbline_facts", "Facts in memory. High: memory grows with them.", |p| p.facts);
    gauge("plumbline_facts_bytes", "Memory of the facts and their index.", |p| p.fact_bytes);
    let help = "Facts without a clinician. High: links of resources to encounters do not resolve.";
    gauge("plumbline_unattributed_facts", help, |p| p.unattributed);
    gauge("plumbline_rows", "Rows of open months in memory. High: many clinicians have changes in many months.", |p| p.rows);
    let read = status.clone();
    let help = "First instant of the first month of which the log has every event, in seconds since 1970; shown only where `events` has \
                lost its beginning. Later than the open months: late events of earlier months change no card.";
    registry.gauge("plumbline_months_whole_from_timestamp_seconds", help, move || read.whole_from().map(first_second));
    let (read, schedule) = (status.clone(), deployment.schedule.clone());
    let help =
        "Open months of which the log lacks the first events, at most 14. Above 0: late events of these months change no card.";
    registry.gauge("plumbline_months_not_whole", help, move || months_not_whole(&read, &schedule));
    gauge("plumbline_partitions_owned", "Partitions of the events that this process folds.", |_| 1);
}

fn codes(registry: &MetricRegistry, status: &Arc<ServiceStatus>) {
    let read = status.clone();
    let help = "Versions of prescriptions that tally folded; a replay counts them again.";
    registry.counter("plumbline_tally_prescriptions_total", help, move || read.total(|partition| partition.codes.prescriptions));
    let read = status.clone();
    let help = "Versions of prescriptions whose drug no table maps, by the system of the first coding; a replay counts them again. High: \
                measures of drugs show no value. `plumbline codes coverage` lists the codes.";
    registry.counters("plumbline_tally_unmapped_prescriptions_total", help, ["system"], move || {
        let of = |system| read.total(|partition| partition.codes.unmapped.get(system).copied().unwrap_or_default());
        CodeCounts::systems().map(|system| ([system], of(system))).to_vec()
    });
    let read = status.clone();
    let help = "Accepted events that count nowhere because of their codes: orders whose category no code tells, and feedback without a \
                known question; a replay counts them again. Rising: a code file lacks rows; `GET /v1/feeds` names the feed of orders.";
    registry.counters("plumbline_tally_uncounted_events_total", help, ["kind"], move || {
        vec![
            (["feedback"], read.total(|partition| partition.outcomes.unknown_feedback)),
            (["order"], read.total(|partition| partition.outcomes.uncategorised)),
        ]
    });
}

fn progress(registry: &MetricRegistry, status: &Arc<ServiceStatus>) {
    let gauge = |name, help, value| gauge(registry, status, name, help, value);
    gauge("plumbline_replay_records", "Records that the log held when the process started to fold it.", |p| p.replay_end);
    let help = "Records of plumbline_replay_records that are folded. Equal to it: the replay is complete.";
    gauge("plumbline_replay_done_records", help, |p| p.position.min(p.replay_end));
    let help = "Records of the events that are not folded yet, in the partitions of this process. Rising: tally is too slow.";
    gauge("plumbline_tally_lag_records", help, PartitionStatus::behind);
}

fn lags(registry: &MetricRegistry, status: &Arc<ServiceStatus>, clock: &Clock) {
    let (read, now) = (status.clone(), clock.clone());
    let help = "Age of the newest folded record, of the partition that is furthest behind; 0 at the end of the log. Rising: tally is \
                too slow.";
    registry.gauge("plumbline_tally_lag_seconds", help, move || {
        let behind = read.owned(|p| if p.behind() > 0 { p.newest } else { None });
        behind.into_iter().flatten().min().map_or(0, |at| age_seconds(&now, at))
    });
    let (read, now) = (status.clone(), clock.clone());
    let help =
        "Age of the last tick, of the partition that is furthest behind. Above the period of `publish.every`: publication waits.";
    registry.gauge("plumbline_tick_lag_seconds", help, move || {
        let ticks: Vec<Option<Timestamp>> = read.owned(|p| p.last_tick);
        ticks.into_iter().min().flatten().map(|at| age_seconds(&now, at))
    });
}

/// The open months before the first whole one. Before the first month is sealed every earlier month is open.
fn months_not_whole(status: &ServiceStatus, schedule: &Schedule) -> u64 {
    let Some(whole_from) = status.whole_from() else { return 0 };
    let tick = status.owned(|partition| partition.last_tick).into_iter().flatten().max();
    let open_from = tick.map_or(Month::EARLIEST, |tick| schedule.open_from(tick));
    u64::try_from((i64::from(whole_from.0) - i64::from(open_from.0)).clamp(0, MOST_OPEN_MONTHS)).unwrap_or(0)
}

/// The first second of a month in UTC, in seconds since 1970.
fn first_second(month: Month) -> u64 {
    u64::try_from(i64::from(month.first_day().0) * 86_400).unwrap_or(0)
}

/// A gauge of the sum over the partitions that this process owns.
fn gauge(registry: &MetricRegistry, status: &Arc<ServiceStatus>, name: &str, help: &str, value: fn(&PartitionStatus) -> u64) {
    let read = status.clone();
    registry.gauge(name, help, move || read.total(value));
}

/// Feeds by their state in the last month that was over at the last tick, as its cards report them.
fn feeds(status: &ServiceStatus, deployment: &Deployment) -> Vec<([&'static str; 1], f64)> {
    let states = status.owned(|partition| {
        let Some(cut) = partition.last_tick else { return Vec::new() };
        let month = deployment.schedule.zone.day_of(cut).month().plus(-1);
        partition.feeds.iter().map(|feed| coverage(feed, month, cut).state).collect()
    });
    let all = [(CoverageState::Complete, "complete"), (CoverageState::Behind, "behind"), (CoverageState::Silent, "silent")];
    let count = |state| states.iter().flatten().filter(|one| **one == state).count() as f64;
    all.map(|(state, word)| ([word], count(state))).to_vec()
}

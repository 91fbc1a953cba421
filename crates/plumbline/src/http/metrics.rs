//! Every metric of the service, in one place. Values are read when somebody asks, from what the threads tell; labels come from small
//! closed sets, and no clinician is in any.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use codec::fault::RejectReason;
use prometheus::core::Collector;
use prometheus::{Encoder, GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};
use scorecard::card::scorecard::{Cause, CoverageState};
use scorecard::fold::feed_coverage::coverage;
use scorecard::time::calendar::Timestamp;
use stream::deployment::Deployment;

use crate::kafka::contact::{Contact, Counters};
use crate::kafka::schema_registry::schema_registry::RegistryCounts;
use crate::process::clock::Clock;
use crate::process::service_status::{PartitionStatus, ServiceStatus, Way};
use crate::published_cards::card_index::CardIndex;
use crate::published_cards::newest_month::{BANDS, Spread};
use crate::rejects::reject_store::RejectStore;

/// Every cause of a revision; one that never came about is shown as 0.
const CAUSES: [Cause; 7] =
    [Cause::First, Cause::Late, Cause::Amended, Cause::Retracted, Cause::Attribution, Cause::DefinitionChange, Cause::Final];
const DECILES: [&str; 3] = ["p10", "p50", "p90"];

/// What the metrics are read from.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// What the threads tell.
    pub vitals: Arc<ServiceStatus>,
    /// What is published, where this process serves it.
    pub index: Option<Arc<RwLock<CardIndex>>>,
    /// What is counted of the brokers, where there are any.
    pub brokers: Option<Contact>,
    /// What was asked of a schema registry, where there is one.
    pub schema_registry: Option<RegistryCounts>,
    /// What was refused and waits for a repair.
    pub refused: RejectStore,
    /// Which deployment it is.
    pub deployment: Deployment,
    /// What lags are measured against.
    pub clock: Clock,
}

impl Metrics {
    /// All metrics as Prometheus reads them, through `registry`, which must hold none of them yet.
    ///
    /// # Errors
    /// [`prometheus::Error`] when the registry holds one of the same name.
    pub fn text(&self, registry: &Registry) -> Result<String, prometheus::Error> {
        self.intake(registry)?;
        self.tally(registry)?;
        self.publish(registry)?;
        if let Some(index) = &self.index {
            let index = index.read().unwrap_or_else(PoisonError::into_inner);
            self.published(registry, &index)?;
            self.network(registry, &index)?;
        }
        if let Some(Contact(brokers)) = &self.brokers {
            of_brokers(registry, brokers)?;
            self.inputs(registry)?;
        }
        if let Some(RegistryCounts { answered, failed }) = self.schema_registry {
            let help =
                "Unknown schema ids that the schema registry was asked for; failed ones wait with their records and partitions.";
            counters(registry, "schema_questions_total", help, "outcome", &[("answered", answered), ("failed", failed)])?;
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn intake(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        let vitals = self.vitals.both_intakes();
        let counts = &vitals.counts;
        let skipped = counts.skipped.values().sum();
        let items = [("logged", counts.logged), ("registered", counts.registered), ("skipped", skipped)];
        counters(registry, "intake_items_total", "Elements that were taken, by what became of them.", "outcome", &items)?;
        let ways = [("http", Way::Http), ("topics", Way::Topics)];
        let received = ways.map(|(word, way)| (word, self.vitals.intake(way).counts.received));
        counters(registry, "intake_received_total", "Elements that came in, by requests or topics.", "source", &received)?;
        let mut rejected: BTreeMap<&str, u64> = RejectReason::ALL.iter().map(|reason| (reason.as_str(), 0)).collect();
        rejected.extend(counts.rejected.iter().map(|(reason, n)| (reason.as_str(), *n)));
        let rejected: Vec<(&str, u64)> = rejected.into_iter().collect();
        counters(
            registry,
            "intake_rejected_total",
            "Elements that were refused; high means a source is broken.",
            "reason",
            &rejected,
        )?;
        let unknown = ways.map(|(word, way)| (word, self.vitals.intake(way).unknown_fields));
        let help =
            "Refused elements that nobody can retry any more, for want of room or for their age, since the folder was made.";
        let dropped = [("age_or_room", self.refused.dropped().elements)];
        counters(registry, "refused_dropped_total", help, "cause", &dropped)?;
        if let Ok(files) = self.refused.files() {
            let help = "Files of raw records that wait for a repair and a retry; see `plumbline rejects list`.";
            gauge(registry, "refused_files", help, files.len() as u64)?;
        }
        let help = "Fields of native events that nobody reads; high means a source says more than is counted.";
        counters(registry, "intake_unknown_fields_total", help, "source", &unknown)?;
        let help =
            "Seconds from the newest event that came in since the start to now; high means the sources are silent or late.";
        self.lag(registry, "event_time_lag_seconds", help, vitals.newest_event)
    }

    fn tally(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        let mut partitions = self.vitals.partitions();
        partitions.retain(|partition| partition.owned);
        let total = |of: fn(&PartitionStatus) -> u64| partitions.iter().map(of).sum::<u64>();
        let outcomes = [
            ("accepted", total(|p| p.outcomes.accepted)),
            ("duplicate", total(|p| p.outcomes.duplicate)),
            ("stale", total(|p| p.outcomes.stale)),
            ("conflict", total(|p| p.outcomes.conflict)),
            ("sealed", total(|p| p.outcomes.sealed)),
        ];
        let help = "Events of the log that were folded, by what became of them; every replay counts them again.";
        counters(registry, "tally_events_total", help, "outcome", &outcomes)?;
        gauge(registry, "facts", "Facts that are held; memory grows with them.", total(|p| p.facts))?;
        gauge(registry, "facts_bytes", "Bytes that facts and their index take.", total(|p| p.fact_bytes))?;
        gauge(
            registry,
            "unattributed_facts",
            "Facts without a clinician; high means links do not resolve.",
            total(|p| p.unattributed),
        )?;
        gauge(registry, "rows", "Open rows that are held.", total(|p| p.rows))?;
        gauge(registry, "replay_records", "Records of the log that were there at the start.", total(|p| p.replay_end))?;
        let done = total(|p| p.position.min(p.replay_end));
        gauge(registry, "replay_done_records", "Of those, read again so far; equal means the replay is over.", done)?;
        gauge(registry, "partitions_owned", "Partitions of the events that this process tallies.", partitions.len() as u64)?;
        let behind = |p: &PartitionStatus| p.end.saturating_sub(p.position);
        let help = "Records of the events that are still to be folded, by the partitions of this process.";
        gauge(registry, "tally_lag_records", help, partitions.iter().map(behind).sum())?;
        let late = partitions.iter().filter(|p| behind(p) > 0).filter_map(|p| p.newest).min();
        let help =
            "Seconds from the append time of the newest folded record of the partition that is furthest behind; 0 at the end.";
        gauge(registry, "tally_lag_seconds", help, late.map_or(0, |at| self.since(at)))?;
        let oldest = partitions.iter().map(|p| p.last_tick).min().flatten();
        let help = "Seconds from the last tick of the partition that is furthest behind to now; above the period it is behind.";
        self.lag(registry, "tick_lag_seconds", help, oldest)?;
        self.coverage(registry, &partitions)
    }

    /// What the cards of the last month that was over at the last tick say of their feeds.
    fn coverage(&self, registry: &Registry, partitions: &[PartitionStatus]) -> Result<(), prometheus::Error> {
        let mut counts = [
            (CoverageState::Complete, "complete", 0),
            (CoverageState::Behind, "behind", 0),
            (CoverageState::Silent, "silent", 0),
        ];
        for partition in partitions {
            let Some(cut) = partition.last_tick else { continue };
            let month = self.deployment.schedule.zone.day_of(cut).month().plus(-1);
            for feed in &partition.feeds {
                let state = coverage(feed, month, cut).state;
                let (_, _, count) = counts.iter_mut().find(|(one, ..)| *one == state).expect("all states are listed");
                *count += 1;
            }
        }
        let help = "Feeds by coverage of the last month that was over at the last tick: complete, behind (no event up to its end \
                    yet) or silent (nothing for three days).";
        let feeds = IntGaugeVec::new(options("feeds", help), &["state"])?;
        for (_, state, count) in counts {
            feeds.with_label_values(&[state]).set(count);
        }
        keep(registry, feeds)
    }

    fn publish(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        let vitals = self.vitals.publish().clone();
        let help = "Seconds from the last published cut to now; above twice the period publication is behind.";
        self.lag(registry, "cut_lag_seconds", help, vitals.last_cut)?;
        let help = "Partitions that publish had to fold itself since the start; high means rows and marks do not agree.";
        counters(registry, "publish_folds_total", help, "role", &[("publish", vitals.refolds)])?;
        let hash = self.deployment.measures.hash().to_string();
        let info =
            IntGaugeVec::new(options("build_info", "Which engine and which measures; always 1."), &["version", "measure_set"])?;
        info.with_label_values(&[self.deployment.engine_version.as_str(), hash.as_str()]).set(1);
        keep(registry, info)
    }

    fn published(&self, registry: &Registry, index: &CardIndex) -> Result<(), prometheus::Error> {
        let (counts, month) = (index.counts(), index.last_month());
        let runs = [("published", counts.published), ("skipped", counts.skipped)];
        counters(registry, "runs_total", "Runs since the log began; a skipped one published nothing.", "outcome", &runs)?;
        let of_cause = |cause: Cause| counts.revisions.get(cause.word()).copied().unwrap_or(0);
        let revisions = CAUSES.map(|cause| (cause.word(), of_cause(cause)));
        let help = "Revisions since the log began, by cause; one with several causes counts for each.";
        counters(registry, "revisions_total", help, "cause", &revisions)?;
        gauge(registry, "cards", "Cards that stand, withdrawn ones left out.", counts.cards)?;
        if let Some(month) = month {
            let help = "End of the last month with a card, seconds since 1970.";
            let end = self.deployment.schedule.end_of(month).0 / 1_000;
            gauge(registry, "last_published_month_timestamp_seconds", help, u64::try_from(end).unwrap_or(0))?;
        }
        Ok(())
    }

    /// The newest month over all clinicians, roll-ups left out.
    fn network(&self, registry: &Registry, index: &CardIndex) -> Result<(), prometheus::Error> {
        let help = "First decile, median and ninth decile of the network's values in the newest month, in the measure's unit, by \
                    role; headline window, groups of five or more.";
        let values = GaugeVec::new(options("measure_value", help), &["measure", "role", "decile"])?;
        let help = "Cards of the newest month by where they stand between the control limits of a measure; roll-ups left out.";
        let cards = IntGaugeVec::new(options("measure_cards", help), &["measure", "band"])?;
        for Spread { measure, role, deciles } in index.newest().spreads(&self.deployment.measures) {
            for (decile, value) in DECILES.iter().zip(deciles) {
                values.with_label_values(&[measure.as_str(), role.as_str(), *decile]).set(value);
            }
        }
        for (measure, counts) in index.newest().in_bands() {
            for ((_, band), count) in BANDS.iter().zip(counts) {
                cards.with_label_values(&[measure, *band]).set(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
        keep(registry, values)?;
        keep(registry, cards)
    }

    /// A lag that is not there yet is not shown.
    fn lag(&self, registry: &Registry, name: &str, help: &str, at: Option<Timestamp>) -> Result<(), prometheus::Error> {
        let Some(at) = at else { return Ok(()) };
        gauge(registry, name, help, self.since(at))
    }

    /// Whole seconds from then to now.
    fn since(&self, at: Timestamp) -> u64 {
        u64::try_from((self.clock.now().0 - at.0) / 1_000).unwrap_or(0)
    }

    /// How far the intake of topics is behind them.
    fn inputs(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        let inputs = self.vitals.inputs().clone();
        let mut by_topic: BTreeMap<&str, (u64, Option<Timestamp>)> = BTreeMap::new();
        for ((topic, _), input) in &inputs {
            let behind = input.end.saturating_sub(input.next);
            let (records, newest) = by_topic.entry(topic).or_default();
            *records += behind;
            if behind > 0 {
                *newest = [*newest, input.newest].into_iter().flatten().min();
            }
        }
        let records =
            IntGaugeVec::new(options("input_lag_records", "Records of an input topic that are still to be taken."), &["topic"])?;
        let help = "Seconds from the newest record that was taken of an input topic to now; 0 at its end.";
        let seconds = IntGaugeVec::new(options("input_lag_seconds", help), &["topic"])?;
        for (topic, (behind, newest)) in by_topic {
            records.with_label_values(&[topic]).set(i64::try_from(behind).unwrap_or(i64::MAX));
            let late = newest.map_or(0, |at| self.since(at));
            seconds.with_label_values(&[topic]).set(i64::try_from(late).unwrap_or(i64::MAX));
        }
        keep(registry, records)?;
        keep(registry, seconds)
    }
}

/// What is counted of the brokers.
fn of_brokers(registry: &Registry, brokers: &Counters) -> Result<(), prometheus::Error> {
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let errors = [("any", of(&brokers.errors)), ("all_down", of(&brokers.all_down))];
    let help = "Errors that clients of the brokers told, whether they recovered or not; all_down: none could be reached.";
    counters(registry, "broker_errors_total", help, "kind", &errors)?;
    let help = "Changes of what the consumer groups assign to this process.";
    counters(registry, "rebalances_total", help, "groups", &[("all", of(&brokers.rebalances))])?;
    let ends = [("committed", of(&brokers.committed)), ("fenced", of(&brokers.fenced)), ("aborted", of(&brokers.aborted))];
    let help = "Transactions of runs, by how they ended; fenced: another publisher had taken over.";
    counters(registry, "transactions_total", help, "end", &ends)?;
    let help = "Milliseconds that committed transactions took, all together.";
    counters(registry, "transaction_milliseconds_total", help, "end", &[("committed", of(&brokers.committing_ms))])?;
    let help = "Tasks that failed, were dropped and started anew.";
    counters(registry, "task_restarts_total", help, "roles", &[("all", of(&brokers.restarts))])?;
    let waiting = u64::try_from(brokers.waiting.load(Ordering::Relaxed)).unwrap_or(0);
    gauge(registry, "producer_waiting_records", "Records that wait for the brokers' acknowledgement.", waiting)
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("plumbline")
}

fn keep(registry: &Registry, collector: impl Collector + 'static) -> Result<(), prometheus::Error> {
    registry.register(Box::new(collector))
}

fn gauge(registry: &Registry, name: &str, help: &str, value: u64) -> Result<(), prometheus::Error> {
    let gauge = IntGauge::with_opts(options(name, help))?;
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    keep(registry, gauge)
}

fn counters(registry: &Registry, name: &str, help: &str, label: &str, values: &[(&str, u64)]) -> Result<(), prometheus::Error> {
    let counters = IntCounterVec::new(options(name, help), &[label])?;
    for (value, count) in values {
        counters.with_label_values(&[*value]).inc_by(*count);
    }
    keep(registry, counters)
}

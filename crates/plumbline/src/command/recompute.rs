//! `replay --from-kafka`: everything that is published of a log, computed once more from its events and its registry, and what
//! would change.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;

use anyhow::{Context, Result, ensure};
use scorecard::record::log_record::Record;
use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::month_state::MonthState;
use stream::deployment::Deployment;
use stream::log::{CARD_PARTITIONS, Log, Topic};
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::{Outcomes, TallyTask};

use crate::cli::ReplayArgs;
use crate::config::options::Config;
use crate::deployment::data_directory;
use crate::history::card_difference::{CardOutline, differences};
use crate::history::output_folder::OutputFolder;
use crate::history::outputs;
use crate::history::recomputed_log::RecomputedLog;
use crate::history::summary::Summary;
use crate::log::any_log::AnyLog;
use crate::log::local_log::{Durability, LocalLog};
use crate::measure_files::BuiltIn;
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
use crate::process::limits::{RECORDS_PER_READ, RECORDS_PER_STEP};

/// Clocks of sources may be ahead; see the rules of facts in `docs/internals/protocol.md`.
const DAY_SECONDS: i64 = 86_400;

/// Computes everything from the log of the configuration, leaves it in the folder that the arguments name, and writes what would change
/// to `out` if they ask for it. Nothing is written to the log. Returns what there is to tell.
///
/// # Errors
/// When the log, the measures or the folder cannot be taken; and [`crate::process::interrupt::CleanStop`].
pub fn recompute(args: &ReplayArgs, config: &Config, interrupt: &Interrupt, out: &mut impl Write) -> Result<String> {
    ensure!(config.kafka.is_some(), "there are no brokers to replay from; set kafka.brokers, or name files");
    let own = args.measures.measures.is_some() || args.measures.built_in != BuiltIn::Keep;
    let measures = if own { args.measures.chosen()?.set } else { data_directory::files(config)?.measures };
    let (source, deployment) = data_directory::read_under(config, measures)?;
    recompute_log(args, source, deployment, interrupt, out)
}

/// The same of a log that is open, under this deployment's measures.
///
/// # Errors
/// As [`recompute`].
pub fn recompute_log(
    args: &ReplayArgs,
    source: AnyLog,
    deployment: Deployment,
    interrupt: &Interrupt,
    out: &mut impl Write,
) -> Result<String> {
    let folder = OutputFolder::make(&args.out)?;
    let told = Recomputation { args, folder: &folder, source, deployment, interrupt }.told(out);
    folder.finish(&told)?;
    told
}

/// What a recomputation needs from its beginning to its end.
struct Recomputation<'a> {
    args: &'a ReplayArgs,
    folder: &'a OutputFolder,
    source: AnyLog,
    deployment: Deployment,
    interrupt: &'a Interrupt,
}

/// What was played.
struct RecomputeResult {
    /// What each tally made of the events, and its facts without a clinician.
    tallies: Vec<(Outcomes, u64)>,
    last_cut: Option<Timestamp>,
}

impl Recomputation<'_> {
    fn told(&self, out: &mut impl Write) -> Result<String> {
        let Recomputation { args, folder, source, deployment, interrupt } = self;
        let mut result = LocalLog::open(&folder.log(), Clock::System, Durability::Buffered)?;
        let played = self.play(&RecomputedLog::new(source.clone(), result.clone()))?;
        let mut summary = Summary {
            engine_version: deployment.engine_version.clone(),
            measure_set: deployment.measures.hash().to_string(),
            zone: deployment.schedule.zone.name().to_owned(),
            ..Summary::default()
        };
        played.tallies.iter().for_each(|(outcomes, unattributed)| summary.add_outcomes(*outcomes, *unattributed));
        summary.logged = summary.accepted + summary.duplicate + summary.stale + summary.conflict + summary.sealed;
        let written = outputs::OutputOptions { measures: &deployment.measures, folder, interrupt };
        let Summary { logged, cuts, revisions, cards, measure_set, .. } =
            written.all(&mut result, &mut source.clone(), summary)?;
        let dir = args.out.display();
        let told = format!(
            "{logged} events, {cuts} cuts, {revisions} revisions of {cards} cards under the measures {measure_set}; in {dir}\n"
        );
        let compared = if args.compare { self.compare(&mut result, played.last_cut, out)? } else { String::new() };
        Ok(told + &compared)
    }

    /// Nobody runs ahead: publish holds what lies between the slowest and the fastest partition.
    fn play(&self, log: &RecomputedLog) -> Result<RecomputeResult> {
        let tally = |partition| TallyTask::new(&self.deployment, partition, log.clone());
        let mut tallies: Vec<_> = (0..self.deployment.partitions).map(tally).collect::<Result<_, _>>()?;
        let mut publish = PublishTask::new(&self.deployment, log.clone())?;
        let mut under_way: Vec<usize> = (0..tallies.len()).collect();
        while !under_way.is_empty() {
            self.interrupt.check()?;
            let slowest = under_way.iter().map(|at| tallies[*at].last_tick()).min().flatten();
            let mut ended = Vec::new();
            for at in under_way.iter().copied().filter(|at| tallies[*at].last_tick() == slowest).collect::<Vec<_>>() {
                if !tallies[at].step(RECORDS_PER_STEP).with_context(|| format!("folding partition {at}"))? {
                    ended.push(at);
                }
            }
            under_way.retain(|at| !ended.contains(at));
            publish_what_is_ready(&mut publish, log, self.interrupt)?;
        }
        Ok(RecomputeResult {
            tallies: tallies.iter().map(|tally| (tally.outcomes(), tally.unattributed())).collect(),
            last_cut: publish.last_cut(),
        })
    }

    /// Writes a line for each difference. A month that is sealed keeps its cards whatever is computed, and of a month that the log does
    /// not hold whole nothing is computed: both are left out.
    fn compare(&self, result: &mut LocalLog, last_cut: Option<Timestamp>, out: &mut impl Write) -> Result<String> {
        let Some(last_cut) = last_cut else { return Ok("nothing was published, so nothing is compared\n".to_owned()) };
        let schedule = &self.deployment.schedule;
        let whole_from = self.whole_from()?;
        let open = |card: &CardOutline| {
            schedule.state_of(card.month(), last_cut) < MonthState::Sealed && whole_from.is_none_or(|month| card.month() >= month)
        };
        let mut published = outlines(&mut self.source.clone())?;
        let mut computed = outlines(result)?;
        published.retain(|_, card| open(card));
        computed.retain(|_, card| open(card));
        let found = differences(&published, &computed);
        for (key, difference) in &found {
            writeln!(out, "{key}: {difference}")?;
        }
        out.flush()?;
        let mut changed: Vec<&str> = found.iter().map(|(key, _)| *key).collect();
        changed.dedup();
        Ok(format!("{} of {} published cards of open months would change\n", changed.len(), published.len()))
    }

    /// The first month of which every partition holds everything; none where the log still has its beginning.
    fn whole_from(&self) -> Result<Option<Month>> {
        let mut source = self.source.clone();
        let mut whole = None;
        for partition in 0..self.deployment.partitions {
            let start = source.bounds(Topic::Events, partition)?.start;
            if start == 0 {
                continue;
            }
            source.read(Topic::Events, partition, start, 1, &mut |lent| {
                let month = self.deployment.schedule.zone.day_of(lent.appended.plus_seconds(DAY_SECONDS)).month();
                whole = whole.max(Some(month.plus(2)));
                ControlFlow::Break(())
            })?;
        }
        Ok(whole)
    }
}

fn publish_what_is_ready(publish: &mut PublishTask<RecomputedLog>, log: &RecomputedLog, interrupt: &Interrupt) -> Result<()> {
    loop {
        match publish.step() {
            Ok(Some(_)) => interrupt.check()?,
            Ok(None) => return Ok(()),
            Err(_) if log.has_ended() => return Ok(()),
            Err(error) => return Err(error).context("publishing"),
        }
    }
}

/// The newest revision of every card, as far as it is compared.
fn outlines(log: &mut impl Log) -> Result<BTreeMap<String, CardOutline>> {
    let mut cards = BTreeMap::new();
    for partition in 0..CARD_PARTITIONS {
        let end = log.bounds(Topic::Scorecards, partition)?.end;
        let mut from = 0;
        while from < end {
            let next = log.read(Topic::Scorecards, partition, from, RECORDS_PER_READ, &mut |lent| {
                if let Record::Scorecard(card) = lent.record {
                    cards.insert(lent.key.to_owned(), CardOutline::of(&card));
                }
                ControlFlow::Continue(())
            })?;
            if next == from {
                break;
            }
            from = next;
        }
    }
    Ok(cards)
}

//! `replay --from-kafka`: the cards of a deployment, computed again from the events and the registry of its log, and compared with the
//! published ones.

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
use crate::terminal::count::counted;

/// Seconds by which the clock of a source may be ahead. Events later than that are rejected.
const DAY_SECONDS: i64 = 86_400;

/// Recomputes the cards from the log of the configuration into the folder of the arguments. With `--compare` it writes the differences to
/// `out`. Nothing is written to the log. Returns the report for standard error.
///
/// # Errors
/// When the log, the measures or the folder are invalid; and [`crate::process::interrupt::CleanStop`].
pub fn recompute(args: &ReplayArgs, config: &Config, interrupt: &Interrupt, out: &mut impl Write) -> Result<String> {
    ensure!(config.kafka.is_some(), "--from-kafka needs brokers, and kafka.brokers is not set; set it, or name files to replay");
    let own = args.measures.measures.is_some() || args.measures.built_in != BuiltIn::Keep;
    let measures = if own { args.measures.chosen()?.set } else { data_directory::files(config)?.measures };
    let (source, deployment) = data_directory::read_under(config, measures)?;
    recompute_log(args, source, deployment, interrupt, out)
}

/// Recomputes the cards from a log that is open, under this deployment's measures.
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
    let report = Recomputation { args, folder: &folder, source, deployment, interrupt }.run(out);
    folder.finish(&report)?;
    report
}

/// The inputs of a recomputation.
struct Recomputation<'a> {
    args: &'a ReplayArgs,
    folder: &'a OutputFolder,
    source: AnyLog,
    deployment: Deployment,
    interrupt: &'a Interrupt,
}

/// The tallies' counts and the last cut of a recomputation.
struct RecomputeResult {
    /// Outcomes of the events, and facts without a clinician, of each tally.
    tallies: Vec<(Outcomes, u64)>,
    last_cut: Option<Timestamp>,
}

impl Recomputation<'_> {
    fn run(&self, out: &mut impl Write) -> Result<String> {
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
        let report = format!(
            "{}, {}, {} of {} under the measures {measure_set}; files are in {dir}\n\
             To see a clinician's cards: plumbline card CLINICIAN --replayed {dir}\n",
            counted(logged, "event", "events"),
            counted(cuts, "cut", "cuts"),
            counted(revisions, "revision", "revisions"),
            counted(cards, "card", "cards")
        );
        let compared = if args.compare { self.compare(&mut result, played.last_cut, out)? } else { String::new() };
        Ok(report + &compared)
    }

    /// The slowest partitions go first: publish keeps in memory the events between the slowest and the fastest partition.
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

    /// Writes a line for each difference. Two kinds of months are left out: sealed ones, whose cards never change, and those whose events
    /// the log no longer holds completely.
    fn compare(&self, result: &mut LocalLog, last_cut: Option<Timestamp>, out: &mut impl Write) -> Result<String> {
        let Some(last_cut) = last_cut else { return Ok("no card was published, so there is nothing to compare\n".to_owned()) };
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
        let cards = counted(published.len() as u64, "published card", "published cards");
        Ok(format!("{} of {cards} of unsealed months would change\n", changed.len()))
    }

    /// The first month whose events every partition holds completely; `None` if no partition has lost its first record.
    fn whole_from(&self) -> Result<Option<Month>> {
        let mut source = self.source.clone();
        let mut whole = None;
        for partition in 0..self.deployment.partitions {
            let start = source.bounds(Topic::Events, partition)?.start;
            if start == 0 {
                continue;
            }
            source.read(Topic::Events, partition, start, 1, &mut |entry| {
                let month = self.deployment.schedule.zone.day_of(entry.appended.plus_seconds(DAY_SECONDS)).month();
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

/// The compared part of the newest revision of every card.
fn outlines(log: &mut impl Log) -> Result<BTreeMap<String, CardOutline>> {
    let mut cards = BTreeMap::new();
    for partition in 0..CARD_PARTITIONS {
        let end = log.bounds(Topic::Scorecards, partition)?.end;
        let mut from = 0;
        while from < end {
            let next = log.read(Topic::Scorecards, partition, from, RECORDS_PER_READ, &mut |entry| {
                if let Record::Scorecard(card) = entry.record {
                    cards.insert(entry.key.to_owned(), CardOutline::of(&card));
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

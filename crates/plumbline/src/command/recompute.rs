//! `replay --from-kafka`: the cards of a deployment, computed again from the events and the registry of its log, and compared with the
//! published ones.

use std::io::Write;
use std::ops::ControlFlow;

use anyhow::{Result, ensure};
use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::month_state::MonthState;
use stream::deployment::Deployment;
use stream::log::{Log, Topic};

use crate::cli::ReplayArgs;
use crate::config::options::Config;
use crate::deployment::configured_files::files;
use crate::deployment::read_only_log::read_under;
use crate::history::card_difference::{CardOutline, differences};
use crate::history::card_outlines::CardOutlines;
use crate::history::output_folder::OutputFolder;
use crate::history::outputs;
use crate::history::recomputed_cuts::RecomputedCuts;
use crate::history::recomputed_log::RecomputedLog;
use crate::history::summary::Summary;
use crate::input_files::measure_files::{BuiltIn, MeasureSource};
use crate::log::any_log::AnyLog;
use crate::log::local_log::{Durability, LocalLog};
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
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
    let configured = || files(config)?.measures.with_reference(args.measures.reference.as_deref()).map_err(anyhow::Error::from);
    let measures = if own { args.measures.chosen()? } else { configured()? };
    let (source, deployment) = read_under(config, measures.set)?;
    recompute_log(args, source, deployment, &measures.source, interrupt, out)
}

/// Recomputes the cards from a log that is open, under this deployment's measures, which come from `files`.
///
/// # Errors
/// As [`recompute`].
pub fn recompute_log(
    args: &ReplayArgs,
    source: AnyLog,
    deployment: Deployment,
    files: &MeasureSource,
    interrupt: &Interrupt,
    out: &mut impl Write,
) -> Result<String> {
    let folder = OutputFolder::make(&args.out)?;
    let report = Recomputation { args, folder: &folder, source, deployment, files, interrupt }.run(out);
    folder.finish(&report)?;
    report
}

/// The inputs of a recomputation.
struct Recomputation<'a> {
    args: &'a ReplayArgs,
    folder: &'a OutputFolder,
    source: AnyLog,
    deployment: Deployment,
    files: &'a MeasureSource,
    interrupt: &'a Interrupt,
}

impl Recomputation<'_> {
    fn run(&self, out: &mut impl Write) -> Result<String> {
        let Recomputation { args, folder, source, deployment, files, interrupt } = self;
        let mut result = LocalLog::open(&folder.log(), Clock::System, Durability::Buffered)?;
        folder.keep_measures(files)?;
        let log = RecomputedLog::new(source.clone(), result.clone());
        let played = RecomputedCuts::compute(deployment, &log, &|| log.has_ended(), interrupt, &|_| ())?;
        let written = outputs::OutputOptions { deployment, folder, interrupt };
        let Summary { logged, cuts, revisions, cards, measure_set, .. } =
            written.all(&mut result, &mut source.clone(), played.summary(deployment))?;
        let dir = args.out.display();
        let report = format!(
            "{}, {}, {} of {} under the measures {measure_set}; files are in {dir}\n\
             To see a clinician's cards: plumbline card CLINICIAN --data {dir}\n",
            counted(logged, "event", "events"),
            counted(cuts, "cut", "cuts"),
            counted(revisions, "revision", "revisions"),
            counted(cards, "card", "cards")
        );
        let compared = if args.compare { self.compare(&mut result, played.last_cut, out)? } else { String::new() };
        Ok(report + &compared)
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
        let mut published = CardOutlines::read(&mut self.source.clone())?.cards;
        let mut computed = CardOutlines::read(result)?.cards;
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

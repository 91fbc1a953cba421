//! `migrate`: the events of an older log in a new folder, and every cut of the past computed again.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use codec::identity::keys::{Keys, fingerprint};
use scorecard::card::scorecard::Status;
use scorecard::record::log_record::{Genesis, Record};
use stream::deployment::{Deployment, FORMAT, GenesisError, check_key, genesis_of, schedule_of};
use stream::log::{Log, Topic};

use crate::cli::MigrateArgs;
use crate::config::keys_file::{self, identity_seed};
use crate::config::options::Config;
use crate::deployment::configured_files::{in_use, measures_of};
use crate::history::card_difference::{Difference, differences};
use crate::history::card_outlines::CardOutlines;
use crate::history::finished_output::FinishedOutput;
use crate::history::log_copy::{CopyCounts, copy};
use crate::history::output_folder::{OutputFolder, OutputFolderError, REFUSED};
use crate::history::outputs::{OutputOptions, each};
use crate::history::recomputed_cuts::RecomputedCuts;
use crate::input_files::measure_files::MeasureSelection;
use crate::log::local_log::{Durability, LocalLog};
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
use crate::terminal::count::counted;
use crate::terminal::progress::Progress;

/// Migrates the folder of the arguments. `config` is the configuration of a service on the old folder. Returns the report for standard
/// error.
///
/// # Errors
/// When the old log cannot be read or the new folder is not empty; and [`crate::process::interrupt::CleanStop`]. The old folder is never
/// changed.
pub fn migrate(args: &MigrateArgs, config: &Config, interrupt: &Interrupt) -> Result<String> {
    let old = OldFolder::open(&args.old, config)?;
    let folder = empty_folder(&args.new)?;
    let report = Migration { args, old, folder: &folder, interrupt }.run();
    folder.finish(&report)?;
    report
}

/// The new folder. It may hold what an earlier migration left unfinished, and nothing else.
fn empty_folder(dir: &Path) -> Result<OutputFolder> {
    match FinishedOutput::find(dir) {
        Ok(Some(_)) => bail!("{} holds the result of another command; name an empty or a new folder", dir.display()),
        Ok(None) | Err(OutputFolderError::Unfinished { .. }) => Ok(OutputFolder::make(dir)?),
        Err(error) => Err(error.into()),
    }
}

/// The old folder, open.
struct OldFolder {
    log: LocalLog,
    genesis: Genesis,
    keys: Keys,
    /// The keys are in the folder itself, so the new folder needs them too.
    holds_keys: bool,
    measures: MeasureSelection,
    /// The folder is the output of `demo` or `replay`.
    output: Option<FinishedOutput>,
}

impl OldFolder {
    fn open(dir: &Path, config: &Config) -> Result<OldFolder> {
        let output = FinishedOutput::find(dir)?;
        let path = dir.join("log");
        ensure!(
            path.is_dir(),
            "{} has no log; name the data folder of a service, or the folder of `demo` or `replay`",
            dir.display()
        );
        let mut log = LocalLog::open(&path, Clock::System, Durability::Synced).map_err(|error| in_use(dir, error))?;
        let place = || format!("the log in {}", path.display());
        let genesis = genesis_of(&mut log).with_context(place)?.with_context(|| format!("{} is empty", place()))?;
        let format = genesis.format;
        ensure!(format <= FORMAT, anyhow::Error::new(GenesisError::Newer { format }).context(place()));
        let keys_path = output.as_ref().map_or_else(|| config.keys.clone(), FinishedOutput::keys);
        let keys = keys_file::read(&keys_path)?;
        check_key(&fingerprint(keys.permanent()), &genesis).with_context(place)?;
        let measures = match &output {
            Some(output) => output.measures_of_this_version()?,
            None => measures_of(config)?,
        };
        Ok(OldFolder { log, genesis, keys, holds_keys: keys_path.starts_with(dir), measures, output })
    }
}

/// The inputs of a migration.
struct Migration<'a> {
    args: &'a MigrateArgs,
    old: OldFolder,
    folder: &'a OutputFolder,
    interrupt: &'a Interrupt,
}

impl Migration<'_> {
    fn run(&self) -> Result<String> {
        let Migration { old, folder, interrupt, .. } = self;
        let mut log = LocalLog::open(&folder.log(), Clock::System, Durability::Buffered)?;
        if old.holds_keys {
            folder.keep_keys(&old.keys)?;
        }
        let genesis = Genesis { format: FORMAT, ..old.genesis.clone() };
        let copied = copy(&mut old.log.clone(), &mut log, &genesis, interrupt)?;
        let deployment = Deployment {
            schedule: schedule_of(&genesis)?,
            partitions: genesis.partitions,
            measures: std::sync::Arc::new(old.measures.set.clone()),
            identity_seed: identity_seed(&old.keys),
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let cuts = self.compute(&deployment, &mut log)?;
        if old.output.is_some() {
            self.write_files(&deployment, &mut log, &cuts)?;
        } else {
            self.copy_refused()?;
            log.sync()?;
        }
        let report = self.report(&mut log, &deployment, copied)?;
        drop(log);
        if old.output.is_none() {
            folder.release()?;
        }
        Ok(report)
    }

    fn compute(&self, deployment: &Deployment, log: &mut LocalLog) -> Result<RecomputedCuts> {
        let mut records = 0;
        for partition in 0..deployment.partitions {
            records += log.bounds(Topic::Events, partition)?.end;
        }
        let progress = Progress::new("migrate", records);
        let at = |done| progress.at(done, counted(done, "record", "records"));
        RecomputedCuts::compute(deployment, log, &|| false, self.interrupt, &at)
    }

    /// The files of a `replay`.
    fn write_files(&self, deployment: &Deployment, log: &mut LocalLog, cuts: &RecomputedCuts) -> Result<()> {
        let Migration { old, folder, interrupt, .. } = self;
        folder.keep_measures(&old.measures.source)?;
        let options = OutputOptions { deployment, folder, interrupt };
        options.all(log, &mut log.clone(), cuts.summary(deployment))?;
        Ok(())
    }

    /// Copies the rejected records of a service. They are encrypted with the same keys.
    fn copy_refused(&self) -> Result<()> {
        let (from, to) = (self.args.old.join(REFUSED), self.args.new.join(REFUSED));
        if !from.is_dir() {
            return Ok(());
        }
        let doing = || format!("copying {} to {}", from.display(), to.display());
        fs::create_dir_all(&to).with_context(doing)?;
        fs::set_permissions(&to, fs::metadata(&from).with_context(doing)?.permissions()).with_context(doing)?;
        for entry in fs::read_dir(&from).with_context(doing)? {
            let entry = entry.with_context(doing)?;
            fs::copy(entry.path(), to.join(entry.file_name())).with_context(doing)?;
        }
        Ok(())
    }

    fn report(&self, log: &mut LocalLog, deployment: &Deployment, copied: CopyCounts) -> Result<String> {
        let CopyCounts { events, entries, undecodable, .. } = copied;
        let mut cuts = 0;
        each(log, Topic::Runs, 0, |entry| {
            cuts += u64::from(matches!(entry.record, Record::Run(_)));
            Ok(())
        })?;
        let new = CardOutlines::read(log)?;
        let cards = new.cards.values().filter(|card| card.status() != Status::Withdrawn).count() as u64;
        let unread = match undecodable {
            0 => String::new(),
            some => format!("{} cannot be read and are left out\n", counted(some, "record", "records")),
        };
        let old = CardOutlines::read(&mut self.old.log.clone())?;
        Ok(format!(
            "copied {}, {}; computed {} and {} under the measures {}\n{unread}{}\n{}\n",
            counted(events, "event", "events"),
            counted(entries, "registry entry", "registry entries"),
            counted(cuts, "cut", "cuts"),
            counted(cards, "card", "cards"),
            deployment.measures.hash(),
            comparison(&old, &new),
            self.next_step()
        ))
    }

    fn next_step(&self) -> String {
        let MigrateArgs { old, new, .. } = self.args;
        let (old, new) = (old.display(), new.display());
        match self.old.output {
            Some(_) => format!("To see a clinician's cards: plumbline card CLINICIAN --data {new}"),
            None => format!("Set the data folder of the service to {new}, and keep {old} until you have checked the cards."),
        }
    }
}

/// How the new cards compare with the old ones.
fn comparison(old: &CardOutlines, new: &CardOutlines) -> String {
    if old.unreadable > 0 {
        let revisions = counted(old.unreadable, "revision", "revisions");
        return format!("{revisions} of old cards have an older format, so the new cards are not compared with them");
    }
    let found = differences(&old.cards, &new.cards);
    let keys = |context: bool| {
        let of = found.iter().filter(|(_, difference)| (*difference == Difference::Context) == context);
        let mut keys: Vec<&str> = of.map(|(key, _)| *key).collect();
        keys.dedup();
        keys.len() as u64
    };
    let cards = counted(old.cards.len() as u64, "old card", "old cards");
    format!(
        "compared with {cards}: {} differ in a number, {} only in peers, limits, points or definition",
        keys(false),
        keys(true)
    )
}

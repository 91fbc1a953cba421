//! An open data folder: its keys, its log, and the deployment that the log's genesis record fixes.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use codec::identity::pseudonym::Pseudonyms;
use scorecard::registry::registry_file::RegistryContent;
use scorecard::time::calendar::Day;
use scorecard::time::schedule::Schedule;
use stream::deployment::Deployment;
use stream::feed_rules::FeedRules;
use tracing::info;

use crate::config::decoder_settings::decoder_config;
use crate::config::keys_file;
use crate::config::options::{Config, FirstDay};
use crate::deployment::configured_files::{ADDRESS_FILE, Files, files, in_use, keys, refuse_output};
use crate::deployment::log_deployment::settled;
use crate::deployment::protected_registry::protected;
use crate::deployment::read_only_log::{LOG_FOLDER, cards_of_copy, log_to_read, registry_settings};
use crate::deployment::registry_change::RegistryChange;
use crate::history::output_folder::REFUSED;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::rejects::reject_store::RejectStore;
use crate::kafka::log::KafkaLog;
use crate::kafka::schema_registry::registry::SchemaRegistry;
use crate::log::any_log::AnyLog;
use crate::log::local_log::{Durability, LocalLog};
use crate::process::clock::Clock;
use crate::process::disk_space::DiskSpace;
use crate::process::roles::{ProcessRole, ProcessRoles};
use crate::process::shutdown_signal::ShutdownSignal;
use crate::published_cards::card_store::CardStore;

/// Months before the first publication of which a service accepts events, unless the configuration says otherwise: five years.
const ACCEPTED_MONTHS: i32 = 60;

/// An open data folder. No other process can open it meanwhile.
#[derive(Debug)]
pub struct DataDirectory {
    /// The log.
    pub log: AnyLog,
    /// The published cards, where this process serves them.
    pub shelf: Option<CardStore>,
    /// The deployment.
    pub deployment: Deployment,
    /// Decodes requests, input topics and retried records.
    pub decoder: IntakeDecoder,
    /// Raw records that were rejected.
    pub refused: RejectStore,
    /// The disk of the folder, with the reserve of an embedded log.
    pub disk: DiskSpace,
    /// The clock of the process.
    pub clock: Clock,
    data: PathBuf,
}

impl DataDirectory {
    /// Opens an existing log for an operator's change to it.
    ///
    /// # Errors
    /// Those of [`DataDirectory::open`], and when there is no log.
    pub fn open_existing(config: &Config, clock: Clock) -> Result<DataDirectory> {
        // Opening a folder without a log would create one.
        drop(log_to_read(config)?);
        // A process of this role neither serves cards nor reads the configured registry file.
        DataDirectory::open(config, clock, ProcessRoles::of(&[ProcessRole::Tally]), &ShutdownSignal::default())
    }

    /// Opens the data folder and the log. The first start creates both and the keys, and logs a warning to copy the keys. Over Kafka the
    /// roles decide which parts are opened, and `stopping` ends a wait for the brokers.
    ///
    /// # Errors
    /// When another process has the folder open, the log belongs to another configuration, or the file system or the brokers fail. The
    /// message names the cure.
    pub fn open(config: &Config, clock: Clock, roles: ProcessRoles, stopping: &ShutdownSignal) -> Result<DataDirectory> {
        refuse_output(config)?;
        let Files { measures, registry } = files(config)?;
        let (mut log, shelf) = match &config.kafka {
            Some(settings) => {
                fs::create_dir_all(&config.data).with_context(|| format!("creating the folder {}", config.data.display()))?;
                let registry = registry_settings(config, settings, stopping).map(|settings| SchemaRegistry::start(&settings));
                let log = KafkaLog::new(settings.clone(), registry.transpose()?.map(Arc::new), stopping.clone());
                let shelf = roles.has(ProcessRole::Serve).then(|| cards_of_copy(config)).transpose()?;
                (AnyLog::Kafka(Box::new(log)), shelf)
            }
            None => {
                let dir = config.data.join(LOG_FOLDER);
                // The lock comes first: two first starts at once must not create two sets of keys.
                let log = LocalLog::open(&dir, clock.clone(), Durability::Synced).map_err(|error| in_use(&config.data, error))?;
                (AnyLog::Local(log.clone()), Some(CardStore::over(log)))
            }
        };
        let keys = keys(config, &mut log)?;
        let deployment = settled(config, &mut log, &keys, measures.set, &clock)?;
        let registry = protected(registry, &Pseudonyms::new(&keys));
        let refused = RejectStore::new(&config.data.join(REFUSED), &keys, config.refused);
        let decoder = decoder_config(config, keys, first_day(config, &deployment))?;
        let decoder = IntakeDecoder::new(decoder);
        let reserve = if config.kafka.is_none() { config.disk_reserve as u64 } else { 0 };
        let disk = DiskSpace::of(&config.data, reserve);
        let mut directory = DataDirectory { log, shelf, deployment, decoder, refused, disk, clock, data: config.data.clone() };
        if roles.has(ProcessRole::Intake) {
            directory.check_feeds(config)?;
            directory.register(&registry)?;
        }
        Ok(directory)
    }

    /// Compares the declared feeds with the rules that their first events fixed. A versioning that the configuration leaves open stays
    /// as it is.
    fn check_feeds(&mut self, config: &Config) -> Result<()> {
        let rules = FeedRules::read(&mut self.log)?;
        rules.all().for_each(|rule| self.decoder.records.fix_versioning(&rule.feed, rule.versioning));
        config.feeds.values().try_for_each(|feed| Ok(rules.check(&self.decoder.records.feed(&feed.name))?))
    }

    /// Adds the entries that the log lacks, so that every start may read the same file.
    fn register(&mut self, file: &RegistryContent) -> Result<()> {
        let change = RegistryChange::of(file, &mut self.log)?;
        change.add(&mut self.log, self.deployment.partitions)?;
        if !file.entries.is_empty() {
            info!(entries = change.entries.len(), people = change.people.len(), "registry file read");
        }
        Ok(())
    }

    /// Writes the address of this process into the folder, for the message to a second process. Only a process that serves cards does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn answers_at(&self, address: &str) -> Result<()> {
        if self.shelf.is_none() {
            return Ok(());
        }
        let path = self.data.join(ADDRESS_FILE);
        fs::write(&path, format!("{address}\n")).with_context(|| format!("writing {}", path.display()))
    }
}

impl Drop for DataDirectory {
    fn drop(&mut self) {
        if self.shelf.is_none() {
            return;
        }
        // A file that remains does no harm: messages show the address only while a process holds the lock.
        let _ = fs::remove_file(self.data.join(ADDRESS_FILE));
    }
}

/// The rejected records of a data folder, also while a process serves it.
///
/// # Errors
/// When the keys that seal them cannot be read, or the folder is the output of a `replay`.
pub fn refused(config: &Config) -> Result<RejectStore> {
    refuse_output(config)?;
    Ok(RejectStore::new(&config.data.join(REFUSED), &keys_file::read(&config.keys)?, config.refused))
}

/// The first day of which a service accepts events: the configured one, else the day five years before the first publication.
pub(crate) fn first_day(config: &Config, deployment: &Deployment) -> Option<Day> {
    match config.first_day {
        Some(FirstDay::On(day)) => Some(day),
        Some(FirstDay::Unbounded) => None,
        None => {
            let Schedule { zone, first, .. } = &deployment.schedule;
            Some(zone.day_of(zone.plus(*first, 0, -ACCEPTED_MONTHS)))
        }
    }
}

/// Checks that the folder exists, or that it can be created, and that it can be written to. A probe file is removed at once.
///
/// # Errors
/// When the path is not a folder, or cannot be read or written.
pub fn check_folder(data: &Path) -> Result<()> {
    let absolute = std::path::absolute(data).with_context(|| format!("reading {}", data.display()))?;
    let is_absent = |kind| matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory);
    let existing = absolute.ancestors().find(|path| !fs::symlink_metadata(path).is_err_and(|error| is_absent(error.kind())));
    let existing = existing.unwrap_or(Path::new("/"));
    let found = fs::metadata(existing).with_context(|| format!("data {}: reading {}", data.display(), existing.display()))?;
    if !found.is_dir() {
        let cure = "move it, or set another folder with `data`";
        return Err(anyhow!("data {}: {} is not a folder; {cure}", data.display(), existing.display()));
    }
    let probe = existing.join(format!(".plumbline-check-{}", std::process::id()));
    let written = fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe));
    written.map_err(|error| {
        let cure = "give the user of the service the right to write, or set another folder with `data`";
        anyhow!("data {}: {} cannot be written: {error}; {cure}", data.display(), existing.display())
    })
}

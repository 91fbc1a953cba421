//! An open data folder: its keys, its log, and the deployment that the log's genesis record fixes.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use codec::formats::record_decoder::DecoderConfig;
use codec::identity::keys::{Keys, fingerprint};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::Genesis;
use scorecard::registry::registry_file::RegistryContent;
use stream::deployment::{Deployment, FORMAT, schedule_of, settle_genesis};
use stream::log::{Log, Topic};
use tracing::{info, warn};

use crate::config::keys_file::{self, KeysState, identity_seed};
use crate::config::options::Config;
use crate::deployment::registry_change::RegistryChange;
use crate::deployment::registry_file_check;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::kafka::log::KafkaLog;
use crate::kafka::schema_registry::registry::{RegistrySettings, SchemaRegistry};
use crate::kafka::settings::KafkaSettings;
use crate::log::any_log::AnyLog;
use crate::log::local_log::{Durability, LocalLog};
use crate::log::log_directory::LocalLogError;
use crate::measure_files;
use crate::process::clock::Clock;
use crate::process::limits::REGISTRY_START_WAIT;
use crate::process::roles::{ProcessRole, ProcessRoles};
use crate::process::shutdown_signal::ShutdownSignal;
use crate::published_cards::card_store::CardStore;
use crate::rejects::reject_store::RejectStore;

/// The folder of rejected records in the data folder.
const REFUSED_FOLDER: &str = "refused";
/// The folder of the log in the data folder.
pub const LOG_FOLDER: &str = "log";
/// The folder with the copy of the cards, where the log is on Kafka.
const CARDS_FOLDER: &str = "cards";
/// The file that holds the address of the serving process.
const ADDRESS_FILE: &str = "ADDRESS";

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
    /// The clock of the process.
    pub clock: Clock,
    data: PathBuf,
}

/// The contents of the files that a configuration names.
#[derive(Debug)]
pub struct Files {
    /// The measures.
    pub measures: MeasureSet,
    /// The content of the registry file.
    pub registry: RegistryContent,
}

/// Reads the measures and the registry that a configuration names.
///
/// # Errors
/// [`measure_files::MeasuresError`] and [`registry_file_check::RegistryFileError`], which name every mistake of their files.
pub fn files(config: &Config) -> Result<Files> {
    let measures = measure_files::chosen(config.measures.as_deref(), config.built_in_measures)?.set;
    let registry = config.registry.as_deref().map(registry_file_check::read).transpose()?.unwrap_or_default();
    Ok(Files { measures, registry })
}

/// A log that was opened to be read only.
#[derive(Debug)]
pub struct ReadOnlyLog {
    /// The log.
    pub log: AnyLog,
    /// The published cards.
    pub shelf: CardStore,
    /// The deployment.
    pub deployment: Deployment,
}

/// Opens the log of a configuration to read it; adds nothing. No process may have an embedded log open.
///
/// # Errors
/// When there is no log, another process has it open, or it belongs to another configuration. The message names the cure.
pub fn read(config: &Config) -> Result<ReadOnlyLog> {
    let (mut log, shelf) = open_to_read(config)?;
    let deployment = existing_deployment(config, &mut log, files(config)?.measures)?;
    Ok(ReadOnlyLog { log, shelf, deployment })
}

/// Opens the log as [`read`] does, without the published cards, and with these measures instead of those of the configuration.
///
/// # Errors
/// As [`read`].
pub fn read_under(config: &Config, measures: MeasureSet) -> Result<(AnyLog, Deployment)> {
    let mut log = log_to_read(config)?;
    let deployment = existing_deployment(config, &mut log, measures)?;
    Ok((log, deployment))
}

/// The deployment of a log that has its genesis record.
fn existing_deployment(config: &Config, log: &mut AnyLog, measures: MeasureSet) -> Result<Deployment> {
    ensure!(log.bounds(Topic::Registry, 0)?.end > 0, "{} is empty; `plumbline run` begins it", log.place());
    let keys = keys(config, log)?;
    deployment(config, log, &keys, measures, &Clock::System)
}

/// The published cards of a log that no process serves.
///
/// # Errors
/// When there is no log, or another process has it open.
pub fn published(config: &Config) -> Result<CardStore> {
    Ok(open_to_read(config)?.1)
}

/// The log of a configuration, to read it. Creates and adds nothing.
///
/// # Errors
/// When the data folder has no log, or another process has it open.
pub fn log_to_read(config: &Config) -> Result<AnyLog> {
    if let Some(settings) = &config.kafka {
        let registry = registry_settings(config, settings, &ShutdownSignal::default());
        let registry = registry.map(|settings| Arc::new(SchemaRegistry::reading(&settings)));
        return Ok(AnyLog::Kafka(Box::new(KafkaLog::new(settings.clone(), registry, ShutdownSignal::default()))));
    }
    let dir = config.data.join(LOG_FOLDER);
    // Opening would create a log.
    ensure!(dir.is_dir(), "{} has no log; set the folder of `plumbline run` with --data", config.data.display());
    let log = LocalLog::open(&dir, Clock::System, Durability::Synced).map_err(|error| in_use(&config.data, error))?;
    Ok(AnyLog::Local(log))
}

fn open_to_read(config: &Config) -> Result<(AnyLog, CardStore)> {
    let mut log = log_to_read(config)?;
    let shelf = match &mut log {
        AnyLog::Kafka(log) => {
            let mut shelf = cards_of_copy(config)?;
            shelf.follow_copy(log.as_mut())?;
            shelf
        }
        AnyLog::Local(log) => {
            let mut shelf = CardStore::over(log.clone());
            shelf.follow()?;
            shelf
        }
    };
    Ok((log, shelf))
}

/// The settings of the schema registry's client, where a registry is configured.
fn registry_settings(config: &Config, kafka: &KafkaSettings, stopping: &ShutdownSignal) -> Option<RegistrySettings> {
    Some(RegistrySettings {
        address: kafka.schema_registry.clone()?,
        prefix: kafka.prefix.clone(),
        folder: config.data.clone(),
        patience: REGISTRY_START_WAIT,
        stopping: stopping.clone(),
    })
}

/// The store over the copy of the cards on Kafka, in the data folder.
fn cards_of_copy(config: &Config) -> Result<CardStore> {
    let dir = config.data.join(CARDS_FOLDER);
    let cards = LocalLog::open(&dir, Clock::System, Durability::Buffered).map_err(|error| in_use(&config.data, error))?;
    Ok(CardStore::over(cards))
}

/// The rejected records of a data folder, also while a process serves it.
///
/// # Errors
/// When the keys that seal them cannot be read.
pub fn refused(config: &Config) -> Result<RejectStore> {
    Ok(RejectStore::new(&config.data.join(REFUSED_FOLDER), &keys_file::read(&config.keys)?, config.refused))
}

/// The deployment that the log's genesis record fixes. An empty log gets the record of this configuration.
fn deployment(config: &Config, log: &mut AnyLog, keys: &Keys, measures: MeasureSet, clock: &Clock) -> Result<Deployment> {
    let ours = Genesis {
        format: FORMAT,
        partitions: config.partitions,
        zone: config.zone.name().to_owned(),
        grid_period_seconds: config.grid.period_seconds,
        grid_offset_seconds: config.grid.offset_seconds,
        first: config.grid.at_or_after(clock.now()),
        permanent_key: fingerprint(keys.permanent()),
        patient_keys: keys.patients().iter().map(fingerprint).collect(),
    };
    let genesis = settle_genesis(log, &ours).with_context(|| log.place())?;
    if let AnyLog::Kafka(log) = log {
        let found = log.partitions(Topic::Events)?;
        let name = log.settings().topic(Topic::Events);
        let needed = genesis.partitions;
        ensure!(
            found == needed,
            "{name} has {found} partitions, and the log was created with {needed}: feeds would move between them and count twice; \
             set a new prefix with `kafka.prefix` and send the events again"
        );
    }
    Ok(Deployment {
        schedule: schedule_of(&genesis)?,
        partitions: genesis.partitions,
        measures: Arc::new(measures),
        identity_seed: identity_seed(keys),
        engine_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

impl DataDirectory {
    /// Opens the data folder and the log. The first start creates both and the keys, and logs a warning to copy the keys. Over Kafka the
    /// roles decide which parts are opened, and `stopping` ends a wait for the brokers.
    ///
    /// # Errors
    /// When another process has the folder open, the log belongs to another configuration, or the file system or the brokers fail. The
    /// message names the cure.
    pub fn open(config: &Config, clock: Clock, roles: ProcessRoles, stopping: &ShutdownSignal) -> Result<DataDirectory> {
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
        let deployment = deployment(config, &mut log, &keys, measures, &clock)?;
        let refused = RejectStore::new(&config.data.join(REFUSED_FOLDER), &keys, config.refused);
        let decoder = DecoderConfig { keys, feeds: config.feeds.clone(), zone: config.zone.clone(), ..DecoderConfig::default() };
        let decoder = IntakeDecoder::new(decoder);
        let mut directory = DataDirectory { log, shelf, deployment, decoder, refused, clock, data: config.data.clone() };
        if roles.has(ProcessRole::Intake) {
            directory.register(&registry)?;
        }
        Ok(directory)
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

/// The keys of the log. They are created only for an empty log: with new keys, the versions of an event would no longer match.
fn keys(config: &Config, log: &mut AnyLog) -> Result<Keys> {
    if log.bounds(Topic::Registry, 0)?.end > 0 {
        let lost = || "the log exists and its keys are missing; restore the file of the keys from a copy";
        return keys_file::read(&config.keys).with_context(lost);
    }
    let (keys, found) = keys_file::read_or_make(&config.keys)?;
    if found == KeysState::Made {
        warn!(path = %config.keys.display(), "keys created; keep a copy in a safe place, without them no event can be amended");
    }
    Ok(keys)
}

/// The error with the address of the process that has the folder open.
fn in_use(data: &Path, error: LocalLogError) -> anyhow::Error {
    let held = matches!(error, LocalLogError::InUse { .. });
    let error = anyhow::Error::new(error);
    match running_at(data) {
        Some(address) if held => error.context(format!("another process serves this folder at {address}")),
        _ => error,
    }
}

/// The address of the process that has this folder open, if it wrote one.
#[must_use]
pub fn running_at(data: &Path) -> Option<String> {
    let text = fs::read_to_string(data.join(ADDRESS_FILE)).ok()?;
    Some(text.trim().to_owned()).filter(|address| !address.is_empty())
}

/// Checks that the folder exists or could be created, without creating it.
///
/// # Errors
/// When the path is not a folder, or cannot be read.
pub fn check_folder(data: &Path) -> Result<()> {
    match fs::metadata(data) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(anyhow!("{} is not a folder; move it, or set another folder with `data`", data.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("reading {}", data.display())),
    }
}

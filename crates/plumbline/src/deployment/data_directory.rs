//! What a data folder holds, opened: the keys, the log and the deployment that its genesis record fixes.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use codec::formats::record_decoder::DecoderConfig;
use codec::identity::keys::{Keys, fingerprint};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::item::Item;
use scorecard::record::log_record::{Genesis, Record};
use scorecard::registry::entry::Entry;
use stream::deployment::{Deployment, FORMAT, schedule_of, settle_genesis};
use stream::intake::intake_task::Intake;
use stream::log::{Log, Topic};
use tracing::{info, warn};

use crate::config::keys_file::{self, KeysState, identity_seed};
use crate::config::options::Config;
use crate::deployment::registry_file_check;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::kafka::log::KafkaLog;
use crate::kafka::schema_registry::schema_registry::{RegistrySettings, SchemaRegistry};
use crate::kafka::settings::KafkaSettings;
use crate::log::any_log::AnyLog;
use crate::log::local_log::{Durability, LocalLog};
use crate::log::log_directory::LocalLogError;
use crate::measure_files;
use crate::process::clock::Clock;
use crate::process::limits::{RECORDS_PER_READ, REGISTRY_START_WAIT};
use crate::process::roles::{ProcessRole, ProcessRoles};
use crate::process::shutdown_signal::ShutdownSignal;
use crate::published_cards::card_store::CardStore;
use crate::rejects::reject_store::RejectStore;

/// Where raw records that were refused lie inside the data folder.
const REFUSED_FOLDER: &str = "refused";
/// Where the log lies inside the data folder.
pub const LOG_FOLDER: &str = "log";
/// Where a process that serves cards keeps its copy of them when the log is on Kafka.
const CARDS_FOLDER: &str = "cards";
const ADDRESS_FILE: &str = "ADDRESS";

/// A data folder that is open, and nobody else's while it is.
#[derive(Debug)]
pub struct DataDirectory {
    /// The log.
    pub log: AnyLog,
    /// The published cards, where they are to be served.
    pub shelf: Option<CardStore>,
    /// What its tasks agree on.
    pub deployment: Deployment,
    /// Decodes requests, input topics and retried records.
    pub decoder: IntakeDecoder,
    /// Where raw records wait that were refused.
    pub refused: RejectStore,
    /// Where time comes from.
    pub clock: Clock,
    data: PathBuf,
}

/// Everything of a configuration that lies in other files, read.
#[derive(Debug)]
pub struct Files {
    /// The measures that are counted.
    pub measures: MeasureSet,
    /// The entries of the registry file.
    pub registry: Vec<Entry>,
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

/// A log that is only read.
#[derive(Debug)]
pub struct ReadOnlyLog {
    /// The log.
    pub log: AnyLog,
    /// What is published, by now.
    pub shelf: CardStore,
    /// What its tasks agree on.
    pub deployment: Deployment,
}

/// Opens the log of a configuration, to read what is there: nothing is added to it. An embedded one must not be served by a process.
///
/// # Errors
/// When there is no log, somebody else has it open, or it belongs to another configuration; all with their cure.
pub fn read(config: &Config) -> Result<ReadOnlyLog> {
    let (mut log, shelf) = open_to_read(config)?;
    let deployment = begun(config, &mut log, files(config)?.measures)?;
    Ok(ReadOnlyLog { log, shelf, deployment })
}

/// The same without what is published, and with these measures instead of those of the configuration.
///
/// # Errors
/// As [`read`].
pub fn read_under(config: &Config, measures: MeasureSet) -> Result<(AnyLog, Deployment)> {
    let mut log = log_to_read(config)?;
    let deployment = begun(config, &mut log, measures)?;
    Ok((log, deployment))
}

/// The deployment of a log that is begun.
fn begun(config: &Config, log: &mut AnyLog, measures: MeasureSet) -> Result<Deployment> {
    ensure!(log.bounds(Topic::Registry, 0)?.end > 0, "{} holds nothing yet; `plumbline run` begins it", log.place());
    let keys = keys(config, log)?;
    deployment(config, log, &keys, measures, &Clock::System)
}

/// What is published, by now, where no process serves it.
///
/// # Errors
/// When there is no log, or somebody else has it open.
pub fn published(config: &Config) -> Result<CardStore> {
    Ok(open_to_read(config)?.1)
}

/// The log of a configuration, to look at: nothing is made and nothing is added.
///
/// # Errors
/// When there is none in the data folder, or another process has it open.
pub fn log_to_read(config: &Config) -> Result<AnyLog> {
    if let Some(settings) = &config.kafka {
        let registry = registry_settings(config, settings, &ShutdownSignal::default());
        let registry = registry.map(|settings| Arc::new(SchemaRegistry::reading(&settings)));
        return Ok(AnyLog::Kafka(Box::new(KafkaLog::new(settings.clone(), registry, ShutdownSignal::default()))));
    }
    let dir = config.data.join(LOG_FOLDER);
    // Opening would make a log where none is.
    ensure!(dir.is_dir(), "{} holds no log; name the folder of `plumbline run` with --data", config.data.display());
    let log = LocalLog::open(&dir, Clock::System, Durability::Synced).map_err(|error| in_use(&config.data, error))?;
    Ok(AnyLog::Local(log))
}

fn open_to_read(config: &Config) -> Result<(AnyLog, CardStore)> {
    let mut log = log_to_read(config)?;
    let shelf = match &mut log {
        AnyLog::Kafka(log) => {
            let mut shelf = shelf_beside(config)?;
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

/// What the schema registry of a deployment needs to know, if it has one.
fn registry_settings(config: &Config, kafka: &KafkaSettings, stopping: &ShutdownSignal) -> Option<RegistrySettings> {
    Some(RegistrySettings {
        address: kafka.schema_registry.clone()?,
        prefix: kafka.prefix.clone(),
        folder: config.data.clone(),
        patience: REGISTRY_START_WAIT,
        stopping: stopping.clone(),
    })
}

/// The copy of what is published on Kafka, in the data folder.
fn shelf_beside(config: &Config) -> Result<CardStore> {
    let dir = config.data.join(CARDS_FOLDER);
    let cards = LocalLog::open(&dir, Clock::System, Durability::Buffered).map_err(|error| in_use(&config.data, error))?;
    Ok(CardStore::over(cards))
}

/// Where raw records wait that were refused, whether somebody serves the folder or not.
///
/// # Errors
/// When the keys cannot be read that they are sealed with.
pub fn refused(config: &Config) -> Result<RejectStore> {
    Ok(RejectStore::new(&config.data.join(REFUSED_FOLDER), &keys_file::read(&config.keys)?, config.refused))
}

/// The deployment of a log, fixed by its genesis record, which is written into an empty one.
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
            "{name} has {found} partitions, and the log was begun with {needed}: feeds would move between them and count twice; \
             begin a new prefix with `kafka.prefix` and send the events again"
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
    /// Opens the log, and the data folder, which is made at the first start. Its keys are made then, too, and it is said once. Over
    /// Kafka these roles decide what is needed, and `stopping` ends whoever waits for the brokers.
    ///
    /// # Errors
    /// When somebody else has it open, it belongs to another configuration, or the file system or the brokers refuse; all with
    /// their cure.
    pub fn open(config: &Config, clock: Clock, roles: ProcessRoles, stopping: &ShutdownSignal) -> Result<DataDirectory> {
        let Files { measures, registry } = files(config)?;
        let (mut log, shelf) = match &config.kafka {
            Some(settings) => {
                fs::create_dir_all(&config.data).with_context(|| format!("{} cannot be made", config.data.display()))?;
                let registry = registry_settings(config, settings, stopping).map(|settings| SchemaRegistry::start(&settings));
                let log = KafkaLog::new(settings.clone(), registry.transpose()?.map(Arc::new), stopping.clone());
                let shelf = roles.has(ProcessRole::Serve).then(|| shelf_beside(config)).transpose()?;
                (AnyLog::Kafka(Box::new(log)), shelf)
            }
            None => {
                let dir = config.data.join(LOG_FOLDER);
                // The lock comes first: two first starts at once must not make two keys.
                let log = LocalLog::open(&dir, clock.clone(), Durability::Synced).map_err(|error| in_use(&config.data, error))?;
                (AnyLog::Local(log.clone()), Some(CardStore::over(log)))
            }
        };
        let keys = keys(config, &mut log)?;
        let deployment = deployment(config, &mut log, &keys, measures, &clock)?;
        let refused = RejectStore::new(&config.data.join(REFUSED_FOLDER), &keys, config.refused);
        let decoder = DecoderConfig { keys, feeds: config.feeds.clone(), zone: config.zone.clone(), ..DecoderConfig::default() };
        let decoder = IntakeDecoder::new(decoder);
        let mut site = DataDirectory { log, shelf, deployment, decoder, refused, clock, data: config.data.clone() };
        if roles.has(ProcessRole::Intake) {
            site.register(registry)?;
        }
        Ok(site)
    }

    /// Adds the entries that the log does not hold yet. An entry that was taken once is never added again, so a file may be read
    /// at every start.
    fn register(&mut self, entries: Vec<Entry>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let text = |entry: &Entry| serde_json::to_string(entry).expect("an entry is texts and words");
        let mut known = BTreeSet::new();
        let mut from = 0;
        loop {
            let next = self.log.read(Topic::Registry, 0, from, RECORDS_PER_READ, &mut |lent| {
                if let Record::Registry(entry) = lent.record {
                    known.insert(text(&entry));
                }
                ControlFlow::Continue(())
            })?;
            if next == from {
                break;
            }
            from = next;
        }
        let mut intake = Intake::new(self.deployment.partitions, 1);
        for entry in entries.into_iter().filter(|entry| !known.contains(&text(entry))) {
            intake.take(&mut self.log, Item::Registry(entry))?;
        }
        intake.flush(&mut self.log)?;
        info!(entries = intake.counts().registered, "registry file read");
        Ok(())
    }

    /// Says in the folder where this process answers, for whoever is refused; only who serves cards does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn answers_at(&self, address: &str) -> Result<()> {
        if self.shelf.is_none() {
            return Ok(());
        }
        let path = self.data.join(ADDRESS_FILE);
        fs::write(&path, format!("{address}\n")).with_context(|| format!("{} cannot be written", path.display()))
    }
}

impl Drop for DataDirectory {
    fn drop(&mut self) {
        if self.shelf.is_none() {
            return;
        }
        // An address that stays behind misleads nobody: it is shown only while the lock is held.
        let _ = fs::remove_file(self.data.join(ADDRESS_FILE));
    }
}

/// Keys are made only for a log that holds nothing: events of an older one would be strangers to those under new keys.
fn keys(config: &Config, log: &mut AnyLog) -> Result<Keys> {
    if log.bounds(Topic::Registry, 0)?.end > 0 {
        let lost = || "the log was made with keys that are not there; restore their file from a copy";
        return keys_file::read(&config.keys).with_context(lost);
    }
    let (keys, found) = keys_file::read_or_make(&config.keys)?;
    if found == KeysState::Made {
        warn!(path = %config.keys.display(), "keys made; keep a copy in a safe place, without them no event can be amended");
    }
    Ok(keys)
}

/// Who is refused learns whom to ask instead.
fn in_use(data: &Path, error: LocalLogError) -> anyhow::Error {
    let held = matches!(error, LocalLogError::InUse { .. });
    let error = anyhow::Error::new(error);
    match running_at(data) {
        Some(address) if held => error.context(format!("another process serves this folder at {address}")),
        _ => error,
    }
}

/// Where the process that has this folder open answers, if one said so.
#[must_use]
pub fn running_at(data: &Path) -> Option<String> {
    let text = fs::read_to_string(data.join(ADDRESS_FILE)).ok()?;
    Some(text.trim().to_owned()).filter(|address| !address.is_empty())
}

/// Whether a fresh folder could be made here: what `check` can say without making one.
///
/// # Errors
/// When something other than a folder is in the way.
pub fn check_folder(data: &Path) -> Result<()> {
    match fs::metadata(data) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(anyhow!("{} is no folder; move it, or name another one with `data`", data.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be looked at", data.display())),
    }
}

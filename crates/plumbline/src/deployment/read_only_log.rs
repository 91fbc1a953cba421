//! A log that a command opens to read it: of a service's data folder, of Kafka, or of the folder of `demo`, `replay` and `migrate`.

use std::sync::Arc;

use anyhow::{Result, ensure};
use scorecard::measure::measure_set::MeasureSet;
use stream::deployment::Deployment;
use stream::log::{Log, Topic};

use crate::config::options::Config;
use crate::deployment::configured_files::{files, in_use, keys};
use crate::deployment::log_deployment::{adopted, check_readable};
use crate::history::finished_output::FinishedOutput;
use crate::kafka::log::KafkaLog;
use crate::kafka::schema_registry::registry::{RegistrySettings, SchemaRegistry};
use crate::kafka::settings::KafkaSettings;
use crate::log::any_log::AnyLog;
use crate::log::local_log::{Durability, LocalLog};
use crate::process::clock::Clock;
use crate::process::limits::REGISTRY_START_WAIT;
use crate::process::shutdown_signal::ShutdownSignal;
use crate::published_cards::card_store::CardStore;

/// The folder of the log in the data folder.
pub const LOG_FOLDER: &str = "log";
/// The folder with the copy of the cards, where the log is on Kafka.
const CARDS_FOLDER: &str = "cards";

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
/// When there is no log, another process has it open, or it has another format or other keys. The message names the cure.
pub fn read(config: &Config) -> Result<ReadOnlyLog> {
    let (mut log, shelf) = open_to_read(config)?;
    let deployment = existing_deployment(config, &mut log, files(config)?.measures.set)?;
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
    let begun = log.bounds(Topic::Registry, 0)?.end > 0;
    if !begun && FinishedOutput::find(&config.data)?.is_some() {
        anyhow::bail!(
            "the folder {} holds cards without events, because `replay --from-kafka` leaves the events on Kafka; name the \
             configuration of that deployment with --config",
            config.data.display()
        );
    }
    ensure!(begun, "{} is empty; `plumbline run` begins it", log.place());
    let keys = keys(config, log)?;
    adopted(config, log, &keys, measures)
}

/// The published cards of a log that no process serves.
///
/// # Errors
/// When there is no log, another process has it open, or it has another format.
pub fn published(config: &Config) -> Result<CardStore> {
    Ok(open_to_read(config)?.1)
}

/// The log of a configuration, to read it in any format. Creates and adds nothing.
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
    if !dir.is_dir() && FinishedOutput::find(&config.data)?.is_some() {
        anyhow::bail!("an earlier version wrote {} and kept no log; run the command that wrote it again", config.data.display());
    }
    let cure = "set the folder of `plumbline run`, `demo` or `replay` with --data";
    ensure!(dir.is_dir(), "{} has no log; {cure}", config.data.display());
    let log = LocalLog::open(&dir, Clock::System, Durability::Synced).map_err(|error| in_use(&config.data, error))?;
    Ok(AnyLog::Local(log))
}

fn open_to_read(config: &Config) -> Result<(AnyLog, CardStore)> {
    let mut log = log_to_read(config)?;
    check_readable(config, &mut log)?;
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
pub(crate) fn registry_settings(config: &Config, kafka: &KafkaSettings, stopping: &ShutdownSignal) -> Option<RegistrySettings> {
    Some(RegistrySettings {
        address: kafka.schema_registry.clone()?,
        prefix: kafka.prefix.clone(),
        folder: config.data.clone(),
        patience: REGISTRY_START_WAIT,
        stopping: stopping.clone(),
    })
}

/// The store over the copy of the cards on Kafka, in the data folder.
pub(crate) fn cards_of_copy(config: &Config) -> Result<CardStore> {
    let dir = config.data.join(CARDS_FOLDER);
    let cards = LocalLog::open(&dir, Clock::System, Durability::Buffered).map_err(|error| in_use(&config.data, error))?;
    Ok(CardStore::over_copy(cards))
}

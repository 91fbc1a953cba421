//! The log that a backup reads: of the running service, over HTTP, or of a data folder that no process has open.

use std::ops::Range;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::{Deserialize, Serialize};
use stream::log::Topic;

use crate::config::options::Config;
use crate::deployment::backup::backup_manifest::hash;
use crate::deployment::backup::log_page::{page, parsed, topic_named};
use crate::deployment::configured_files::{in_use, running_at};
use crate::deployment::read_only_log::LOG_FOLDER;
use crate::log::local_log::{Durability, LocalLog};
use crate::process::clock::Clock;
use crate::service_client::{ask, ask_running};

/// The partitions of a log at one moment: the answer of `GET /v1/backup`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogSnapshot {
    /// XXH3-128 of the first record of the registry.
    pub log: String,
    /// Topic, partition, first offset and one past the last one.
    pub partitions: Vec<(String, u32, u64, u64)>,
}

impl LogSnapshot {
    /// The present bounds of a log. A transaction is in it as a whole or not at all.
    ///
    /// # Errors
    /// When the log is empty or cannot be read.
    pub fn of(log: &LocalLog) -> Result<LogSnapshot> {
        let first = log.stored(Topic::Registry, 0, 0)?.context("the log is empty; there is nothing to back up")?;
        let partitions = log.all_bounds().into_iter();
        let partitions =
            partitions.map(|(topic, partition, at)| (topic.name().to_owned(), partition, at.start, at.end)).collect();
        Ok(LogSnapshot { log: hash(&first), partitions })
    }
}

/// Either source.
pub(crate) enum BackupSource {
    Service(String),
    Folder(LocalLog),
}

impl BackupSource {
    /// The service of a configuration, or its log where none runs.
    ///
    /// # Errors
    /// When the log is on Kafka or there is none, or another process has it open and does not answer.
    pub fn of(config: &Config) -> Result<BackupSource> {
        if config.kafka.is_some() {
            bail!("the log is on Kafka, whose replicas protect it; docs/operate/backup.md says what else to back up");
        }
        if let Some(address) = running_at(&config.data)
            && ask(&address, "GET", "/livez", "text/plain")?.is_some()
        {
            return Ok(BackupSource::Service(address));
        }
        let dir = config.data.join(LOG_FOLDER);
        ensure!(dir.is_dir(), "{} has no log; name the data folder with --data", config.data.display());
        let log = LocalLog::open(&dir, Clock::System, Durability::Synced).map_err(|error| in_use(&config.data, error))?;
        Ok(BackupSource::Folder(log))
    }

    /// The present bounds of the log.
    ///
    /// # Errors
    /// When the service refuses, or the log cannot be read.
    pub fn snapshot(&self) -> Result<LogSnapshot> {
        match self {
            BackupSource::Folder(log) => LogSnapshot::of(log),
            BackupSource::Service(address) => {
                ask_running(Some(address.clone()), "GET", "/v1/backup", |_| None)?.ok_or_else(|| gone(address))
            }
        }
    }

    /// Some records of a partition from the first of these offsets on; none where there are no more.
    ///
    /// # Errors
    /// As [`BackupSource::snapshot`].
    pub fn page(&self, topic: Topic, partition: u32, offsets: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>> {
        let text = match self {
            BackupSource::Folder(log) => page(log, topic, partition, offsets)?,
            BackupSource::Service(address) => {
                let Range { start, end } = offsets;
                let path = format!("/v1/backup/records?topic={}&partition={partition}&from={start}&to={end}", topic.name());
                let response = ask(address, "GET", &path, "text/plain")?.ok_or_else(|| gone(address))?;
                ensure!(response.status == 200, "{}", response.error());
                response.body
            }
        };
        parsed(&text).context("the service answered with records that cannot be read; run the backup again")
    }

    /// The stored value of one record; `None` where it was removed.
    ///
    /// # Errors
    /// As [`BackupSource::snapshot`].
    pub fn value(&self, topic: Topic, partition: u32, offset: u64) -> Result<Option<Vec<u8>>> {
        let found = self.page(topic, partition, offset..offset + 1)?;
        Ok(found.into_iter().next().filter(|(at, _)| *at == offset).map(|(_, value)| value))
    }
}

fn gone(address: &str) -> anyhow::Error {
    anyhow!("the service at {address} ended during the backup; what was finished stays, run the backup again")
}

/// The topic of a name that a snapshot holds.
pub(crate) fn known_topic(name: &str) -> Result<Topic> {
    topic_named(name).with_context(|| format!("the topic {name:?} is unknown to this version; use the version of the service"))
}

//! The deployment that the genesis record of a log fixes.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use codec::identity::keys::{Keys, fingerprint};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::Genesis;
use stream::deployment::{
    Deployment, FORMAT, GenesisError, adopt_genesis, check_format, genesis_of, schedule_of, settle_genesis,
};
use stream::log::Topic;
use stream::log_loss::RUNBOOK;
use tracing::warn;

use crate::config::keys_file::identity_seed;
use crate::config::options::Config;
use crate::log::any_log::AnyLog;
use crate::process::clock::Clock;

/// The deployment of a log that a service starts on. An empty log gets the genesis record of this configuration.
///
/// # Errors
/// When the log has another format, or the configuration differs from it.
pub(crate) fn settled(config: &Config, log: &mut AnyLog, keys: &Keys, measures: MeasureSet, clock: &Clock) -> Result<Deployment> {
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
    let genesis = settle_genesis(log, &ours).map_err(|error| with_cure(config, log, error))?;
    of_genesis(log, &genesis, keys, measures)
}

/// The deployment of a log that is only read. Its own settings count, not those of the configuration.
///
/// # Errors
/// When the log is empty, has another format or other keys.
pub(crate) fn adopted(config: &Config, log: &mut AnyLog, keys: &Keys, measures: MeasureSet) -> Result<Deployment> {
    let key = fingerprint(keys.permanent());
    let genesis = adopt_genesis(log, &key).map_err(|error| with_cure(config, log, error))?;
    let genesis = genesis.with_context(|| format!("{} is empty; `plumbline run` begins it", log.place()))?;
    of_genesis(log, &genesis, keys, measures)
}

/// Checks that this version reads the cards of a log.
///
/// # Errors
/// When the log has another format. The message names the cure.
pub(crate) fn check_readable(config: &Config, log: &mut AnyLog) -> Result<()> {
    let checked = genesis_of(log).and_then(|genesis| genesis.map_or(Ok(()), |genesis| check_format(&genesis)));
    checked.map_err(|error| with_cure(config, log, error))
}

fn of_genesis(log: &mut AnyLog, genesis: &Genesis, keys: &Keys, measures: MeasureSet) -> Result<Deployment> {
    check_partitions(log, genesis)?;
    Ok(Deployment {
        schedule: schedule_of(genesis)?,
        partitions: genesis.partitions,
        measures: Arc::new(measures),
        identity_seed: identity_seed(keys),
        engine_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Checks that `events` has the partitions of the log. More partitions are ignored: every producer of Plumbline names the partition.
fn check_partitions(log: &mut AnyLog, genesis: &Genesis) -> Result<()> {
    let AnyLog::Kafka(log) = log else { return Ok(()) };
    let found = log.partitions(Topic::Events)?;
    let name = log.settings().topic(Topic::Events);
    let needed = genesis.partitions;
    ensure!(
        found >= needed,
        "{name} has {found} partitions, and the log was created with {needed}: the topic was deleted and created again. \
         The events of its feeds are gone; {RUNBOOK}#a-topic-was-created-again has the cure"
    );
    if found > needed {
        warn!(topic = name, found, needed, "more partitions than the log uses; the others are ignored");
    }
    Ok(())
}

/// The error with the place of the log. For a log of an older format it names the command that converts it.
fn with_cure(config: &Config, log: &AnyLog, error: GenesisError) -> anyhow::Error {
    let place = log.place();
    let context = match (&error, log) {
        (GenesisError::Older { .. }, AnyLog::Local(_)) => {
            let old = config.data.display();
            format!("{place} is of an older version; run `plumbline migrate {old} NEW`, then use the folder NEW")
        }
        (GenesisError::Older { .. }, AnyLog::Kafka(_)) => format!(
            "{place} is of an older version; set a new prefix with `kafka.prefix` and send the events again, because \
             `plumbline migrate OLD NEW` converts folders only"
        ),
        _ => place,
    };
    anyhow::Error::new(error).context(context)
}

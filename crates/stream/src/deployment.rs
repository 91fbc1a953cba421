//! The settings that all tasks of one deployment share, and the genesis record that fixes them.

use std::ops::ControlFlow;
use std::sync::Arc;

use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::{Genesis, Record};
use scorecard::time::calendar::{Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use crate::log::{Log, LogError, Topic};

/// The version of the stored formats that this code writes.
pub const FORMAT: u32 = 1;

/// The settings that all tasks of one deployment share.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Zone, grid and first publication instant.
    pub schedule: Schedule,
    /// Partitions of `events`.
    pub partitions: u32,
    /// The measures.
    pub measures: Arc<MeasureSet>,
    /// Seed of the hash of event identities.
    pub identity_seed: u64,
    /// Version of this engine, as cards name it.
    pub engine_version: String,
}

/// Why a process must not use this log.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// The log was created with another value.
    #[error("{field} is {ours} here, but the log was created with {theirs}; restore the old value or create a new log")]
    Differs {
        /// The setting.
        field: &'static str,
        /// The configuration's value.
        ours: String,
        /// The log's value.
        theirs: String,
    },
    /// The registry does not begin with a genesis record.
    #[error("the registry does not begin with a genesis record, so Plumbline did not create this log; use another log")]
    Missing,
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Writes the genesis record into an empty registry, or compares `ours` with the existing one.
///
/// Returns the record of the log. Its first publication instant may differ from that of `ours`.
///
/// # Errors
/// [`GenesisError::Differs`] names the first setting that differs.
pub fn settle_genesis(log: &mut impl Log, ours: &Genesis) -> Result<Genesis, GenesisError> {
    let first = match first_record(log)? {
        Some(first) => Some(first),
        None => {
            log.append(Topic::Registry, 0, "genesis", &Record::Genesis(ours.clone()))?;
            log.flush()?;
            // Where several processes start at once, the first genesis record counts.
            first_record(log)?
        }
    };
    match first {
        Some(Record::Genesis(theirs)) => {
            compare(ours, &theirs)?;
            Ok(theirs)
        }
        Some(_) => Err(GenesisError::Missing),
        None => Err(LogError::Missing { what: "the genesis record that was just written".to_owned() }.into()),
    }
}

fn first_record(log: &mut impl Log) -> Result<Option<Record<'static>>, LogError> {
    let mut found = None;
    log.read(Topic::Registry, 0, 0, 1, &mut |lent| {
        found = Some(lent.record.into_owned());
        ControlFlow::Break(())
    })?;
    Ok(found)
}

fn compare(ours: &Genesis, theirs: &Genesis) -> Result<(), GenesisError> {
    let grid = |g: &Genesis| format!("{} s + {} s", g.grid_period_seconds, g.grid_offset_seconds);
    let fields = [
        ("the format", ours.format.to_string(), theirs.format.to_string()),
        ("the number of partitions", ours.partitions.to_string(), theirs.partitions.to_string()),
        ("the zone", ours.zone.clone(), theirs.zone.clone()),
        ("the grid of publication instants", grid(ours), grid(theirs)),
        ("the permanent key's fingerprint", ours.permanent_key.clone(), theirs.permanent_key.clone()),
    ];
    for (field, ours, theirs) in fields {
        if ours != theirs {
            return Err(GenesisError::Differs { field, ours, theirs });
        }
    }
    Ok(())
}

/// The schedule of a genesis record.
///
/// # Errors
/// [`scorecard::time::calendar::UnknownZone`] when the time zone database of this build has no such zone.
pub fn schedule_of(genesis: &Genesis) -> Result<Schedule, scorecard::time::calendar::UnknownZone> {
    Ok(Schedule {
        zone: Zone::named(&genesis.zone)?,
        grid: Grid { period_seconds: genesis.grid_period_seconds, offset_seconds: genesis.grid_offset_seconds },
        first: Timestamp(genesis.first.0),
    })
}

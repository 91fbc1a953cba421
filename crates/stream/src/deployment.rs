//! What all tasks of one deployment agree on, and the genesis record that holds them to it.

use std::ops::ControlFlow;
use std::sync::Arc;

use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::{Genesis, Record};
use scorecard::time::calendar::{Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use crate::log::{Log, LogError, Topic};

/// Version of the stored formats that this code writes.
pub const FORMAT: u32 = 1;

/// What all tasks of one deployment agree on.
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

/// Why a process may not work on this log.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// The log was made with another value.
    #[error("{field} is {ours} here, but the log was made with {theirs}; set it back, or start a new log")]
    Differs {
        /// What differs.
        field: &'static str,
        /// The configuration's value.
        ours: String,
        /// The log's value.
        theirs: String,
    },
    /// The registry does not begin with a genesis record.
    #[error("the registry begins with something other than its genesis record; this is not a log of Plumbline's")]
    Missing,
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Writes the genesis record into an empty registry, or compares the one that is there. Returns the one in force; its first
/// publication instant is the log's, whatever `ours` says.
///
/// # Errors
/// [`GenesisError`] names the first field that differs.
pub fn settle_genesis(log: &mut impl Log, ours: &Genesis) -> Result<Genesis, GenesisError> {
    let first = match first_record(log)? {
        Some(first) => Some(first),
        None => {
            log.append(Topic::Registry, 0, "genesis", &Record::Genesis(ours.clone()))?;
            log.flush()?;
            // Of several processes that start at once the first is in force.
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

/// The schedule that a genesis record fixes.
///
/// # Errors
/// [`scorecard::time::calendar::UnknownZone`] when this build's database lacks the zone.
pub fn schedule_of(genesis: &Genesis) -> Result<Schedule, scorecard::time::calendar::UnknownZone> {
    Ok(Schedule {
        zone: Zone::named(&genesis.zone)?,
        grid: Grid { period_seconds: genesis.grid_period_seconds, offset_seconds: genesis.grid_offset_seconds },
        first: Timestamp(genesis.first.0),
    })
}

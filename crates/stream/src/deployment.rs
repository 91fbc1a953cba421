//! The settings that all tasks of one deployment share, and the genesis record that fixes them.

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::sync::Arc;

use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::log_record::{Genesis, Record};
use scorecard::time::calendar::{Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use crate::log::{Log, LogError, Topic};
use crate::log_loss::LogLoss;

/// The version of the stored formats that this code writes and reads.
///
/// Readers of older `events` and `registry` records stay for good. Rows, cards, peer groups and runs of an older format are
/// not read.
pub const FORMAT: u32 = 2;

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
    /// An earlier version of Plumbline created the log.
    #[error("the log has format {format}, and this version does not read rows, cards and groups of format {format}")]
    Older {
        /// The log's format.
        format: u32,
    },
    /// A later version of Plumbline created the log.
    #[error(
        "the log has format {format}, and this version reads format {FORMAT}; use the version of Plumbline that created the log, \
         or a later one"
    )]
    Newer {
        /// The log's format.
        format: u32,
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
/// [`GenesisError::Older`] and [`GenesisError::Newer`] for a log of another format; [`GenesisError::Differs`] names the first
/// setting that differs; [`LogLoss::Genesis`] for an empty registry where another topic holds records.
pub fn settle_genesis(log: &mut impl Log, ours: &Genesis) -> Result<Genesis, GenesisError> {
    let theirs = match genesis_of(log)? {
        Some(theirs) => theirs,
        None => begin(log, ours)?,
    };
    check_format(&theirs)?;
    compare(ours, &theirs)?;
    Ok(theirs)
}

/// Writes the genesis record of an empty log. Where several processes start at once, the first record counts.
fn begin(log: &mut impl Log, ours: &Genesis) -> Result<Genesis, GenesisError> {
    let loss = first_holder(log, ours.partitions)?;
    // Another process may have begun the log since the first look at the registry.
    if let Some(theirs) = genesis_of(log)? {
        return Ok(theirs);
    }
    if let Some(loss) = loss {
        return Err(LogError::from(loss).into());
    }
    log.append(Topic::Registry, 0, "genesis", &Record::Genesis(ours.clone()))?;
    log.flush()?;
    let written = || LogError::Missing { what: "the genesis record that was just written".to_owned() };
    Ok(genesis_of(log)?.ok_or_else(written)?)
}

/// The first partition outside of the registry that holds records or held some: then the log had a genesis record.
fn first_holder(log: &mut impl Log, partitions: u32) -> Result<Option<LogLoss>, LogError> {
    for topic in Topic::ALL.into_iter().filter(|topic| *topic != Topic::Registry) {
        for partition in 0..topic.partitions(partitions) {
            let end = log.bounds(topic, partition)?.end;
            if end > 0 {
                return Ok(Some(LogLoss::Genesis { topic: topic.name(), partition, end }));
            }
        }
    }
    Ok(None)
}

/// The genesis record of a log that is only read; `None` for an empty log. The settings of the log count, whatever a configuration
/// says. The permanent key must be the log's: without it no event is found again.
///
/// # Errors
/// [`GenesisError::Older`], [`GenesisError::Newer`] and, for another key, [`GenesisError::Differs`].
pub fn adopt_genesis(log: &mut impl Log, permanent_key: &str) -> Result<Option<Genesis>, GenesisError> {
    let Some(genesis) = genesis_of(log)? else { return Ok(None) };
    check_format(&genesis)?;
    check_key(permanent_key, &genesis)?;
    Ok(Some(genesis))
}

/// The genesis record of a log in any format; `None` for an empty log.
///
/// # Errors
/// [`GenesisError::Missing`] where the registry begins with another record.
pub fn genesis_of(log: &mut impl Log) -> Result<Option<Genesis>, GenesisError> {
    match first_record(log)? {
        Some(Record::Genesis(genesis)) => Ok(Some(genesis)),
        Some(_) => Err(GenesisError::Missing),
        None => Ok(None),
    }
}

/// Checks that this version reads the rows and cards of a log.
///
/// # Errors
/// [`GenesisError::Older`] and [`GenesisError::Newer`].
pub fn check_format(genesis: &Genesis) -> Result<(), GenesisError> {
    let format = genesis.format;
    match format.cmp(&FORMAT) {
        Ordering::Less => Err(GenesisError::Older { format }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(GenesisError::Newer { format }),
    }
}

/// Checks that a permanent key is that of a log.
///
/// # Errors
/// [`GenesisError::Differs`].
pub fn check_key(ours: &str, genesis: &Genesis) -> Result<(), GenesisError> {
    let theirs = &genesis.permanent_key;
    let field = "the permanent key's fingerprint";
    if ours == theirs { Ok(()) } else { Err(GenesisError::Differs { field, ours: ours.to_owned(), theirs: theirs.clone() }) }
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
        ("the number of partitions", ours.partitions.to_string(), theirs.partitions.to_string()),
        ("the zone", ours.zone.clone(), theirs.zone.clone()),
        ("the grid of publication instants", grid(ours), grid(theirs)),
    ];
    for (field, ours, theirs) in fields {
        if ours != theirs {
            return Err(GenesisError::Differs { field, ours, theirs });
        }
    }
    check_key(&ours.permanent_key, theirs)
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

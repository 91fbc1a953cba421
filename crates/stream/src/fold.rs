//! One partition of the log, folded from its earliest record. Tally and publish run the same fold, so that publish gets the same
//! answer where it cannot trust the rows it was given.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use scorecard::calendar::{Month, Timestamp};
use scorecard::digest::mark_check;
use scorecard::measure::{MeasureSet, SetHash};
use scorecard::record::{ClinicianMonth, Mark, Record, RowKey};
use scorecard::sums::Sums;
use scorecard::tally::{CutState, Tally};

use crate::deployment::Deployment;
use crate::log::{Log, LogError, Topic};

/// A counting tick and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadTick {
    pub at: Timestamp,
    pub position: u64,
}

/// The fold of one partition's log from its earliest record. Tally and publish run the same one.
#[derive(Debug)]
pub(crate) struct Fold {
    pub tally: Tally,
    pub names: MeasureNames,
    partition: u32,
    pub position: u64,
    /// The first month that the log surely holds whole.
    pub reach: Month,
}

impl Fold {
    /// An empty fold that begins where the partition's log begins.
    pub(crate) fn start(deployment: &Deployment, partition: u32, log: &mut impl Log) -> Result<Fold, LogError> {
        let start = log.bounds(Topic::Events, partition)?.start;
        let reach = reach(deployment, partition, start, log)?;
        let measures = &deployment.measures;
        let tally = Tally::new(measures, &deployment.schedule, deployment.identity_seed, reach);
        Ok(Fold { tally, names: MeasureNames::new(measures), partition, position: start, reach })
    }

    /// Reads at most `most` records; stops behind a counting tick and hands it out before it is settled.
    pub(crate) fn read(&mut self, log: &mut impl Log, most: usize) -> Result<Option<ReadTick>, LogError> {
        let Fold { tally, .. } = self;
        let mut found = None;
        let next = log.read(Topic::Events, self.partition, self.position, most, &mut |lent| match lent.record {
            Record::Batch(batch) => {
                tally.apply(&batch, lent.appended);
                ControlFlow::Continue(())
            }
            Record::Tick(tick) if tally.counts(tick.at, lent.appended) => {
                found = Some(ReadTick { at: tick.at, position: lent.offset });
                ControlFlow::Break(())
            }
            // A tick that does not count, or bytes that intake did not write: nothing is folded from them.
            _ => ControlFlow::Continue(()),
        })?;
        self.position = next;
        Ok(found)
    }
}

/// The first month that the log surely holds whole: of one that begins at offset 0 every month, else the first that begins after
/// the earliest retained record was appended [9].
fn reach(deployment: &Deployment, partition: u32, start: u64, log: &mut impl Log) -> Result<Month, LogError> {
    if start == 0 {
        return Ok(Month::EARLIEST);
    }
    let mut first = None;
    log.read(Topic::Events, partition, start, 1, &mut |lent| {
        first = Some(lent.appended);
        ControlFlow::Break(())
    })?;
    Ok(first.map_or(Month::EARLIEST, |at| deployment.schedule.zone.day_of(at).month().plus(1)))
}

/// Names of the measures as rows carry them, by index and back.
#[derive(Clone, Debug)]
pub(crate) struct MeasureNames {
    names: Vec<Arc<str>>,
    indexes: BTreeMap<Arc<str>, usize>,
}

impl MeasureNames {
    pub(crate) fn new(measures: &MeasureSet) -> MeasureNames {
        let names: Vec<Arc<str>> = measures.measures().iter().map(|m| m.name().into()).collect();
        let indexes = names.iter().cloned().zip(0..).collect();
        MeasureNames { names, indexes }
    }

    /// The sums of a row by index; `None` when it names a measure that is not in the set.
    pub(crate) fn sums_of(&self, row: &ClinicianMonth) -> Option<Sums> {
        let mut sums = Sums::zero(self.names.len());
        sums.base = row.base;
        for (name, measure) in &row.measures {
            sums.measures[*self.indexes.get(name)?] = *measure;
        }
        Some(sums)
    }
}

/// The record of a row at a tick.
pub(crate) fn row_record(
    measures: &MeasureSet,
    names: &MeasureNames,
    key: RowKey,
    sums: &Sums,
    partition: u32,
    tick: ReadTick,
) -> ClinicianMonth {
    let named = names.names.iter().cloned().zip(sums.measures.iter().copied());
    ClinicianMonth {
        key,
        partition,
        position: tick.position,
        at: tick.at,
        measure_set: measures.hash(),
        base: sums.base,
        measures: named.filter(|(_, sums)| !sums.is_zero()).collect(),
    }
}

/// The mark that the owner of a partition writes for a cut.
pub(crate) fn mark_of(cut: &CutState, partition: u32, tick: ReadTick, measure_set: SetHash) -> Mark {
    let mut mark = Mark {
        partition,
        at: tick.at,
        position: tick.position,
        digest: cut.digest,
        rows: cut.rows,
        measure_set,
        open_from: cut.open_from,
        feeds: cut.feeds.clone(),
        check: 0,
    };
    mark.check = mark_check(&mark);
    mark
}

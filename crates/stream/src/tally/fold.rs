//! The fold of one partition of `events` from its earliest record.
//!
//! Tally and publish run the same fold, so publish computes the same rows where it cannot verify those of tally.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use scorecard::fold::tally::{CLOCK_MARGIN_SECONDS, CutState, Tally};
use scorecard::measure::measure_set::{MeasureSet, SetHash};
use scorecard::record::digest::mark_check;
use scorecard::record::log_record::{ClinicianMonth, Mark, Record, RowKey};
use scorecard::registry::entry::{Entry, EntrySource};
use scorecard::sums::cell_sum::CELL_COUNT;
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::{Month, Timestamp, Zone};

use crate::deployment::Deployment;
use crate::limits::LINK_MONTHS;
use crate::log::{Log, LogError, Topic};
use crate::log_loss::{LogLoss, Reliance};

/// A counting tick and its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadTick {
    pub at: Timestamp,
    pub position: u64,
}

/// A tick that does not count: the clock of the log was behind it when the log appended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EarlyTick {
    pub at: Timestamp,
    pub appended: Timestamp,
}

/// The fold of one partition's log from its earliest record.
#[derive(Debug)]
pub(crate) struct Fold {
    pub tally: Tally,
    pub names: MeasureNames,
    zone: Zone,
    partition: u32,
    /// Offset of the next record.
    pub position: u64,
    /// The log lost its beginning, and the fold has read no record yet.
    lost_beginning: bool,
    /// The first month of which the log has every event [9].
    ///
    /// A log that begins at offset 0 has every month. Another log has the months that begin after its earliest record was
    /// appended, except those from which a usual link reaches back before that record.
    pub reach: Month,
    /// The last tick that was ahead of the log's clock.
    pub early: Option<EarlyTick>,
    /// The append time of the newest record.
    pub newest: Option<Timestamp>,
}

impl Fold {
    /// An empty fold at the first offset of the partition.
    pub(crate) fn start(deployment: &Deployment, partition: u32, log: &mut impl Log) -> Result<Fold, LogError> {
        let start = log.bounds(Topic::Events, partition)?.start;
        let measures = &deployment.measures;
        Ok(Fold {
            tally: Tally::new(measures, &deployment.schedule, deployment.identity_seed, Month::EARLIEST),
            names: MeasureNames::new(measures),
            zone: deployment.schedule.zone.clone(),
            partition,
            position: start,
            lost_beginning: start > 0,
            reach: Month::EARLIEST,
            early: None,
            newest: None,
        })
    }

    /// Reads at most `most` records. Stops after a counting tick and returns it before the fold settles it.
    ///
    /// # Errors
    /// [`LogError::LostBeginning`] when the log lost records that this fold had not read. A new fold computes its reach again.
    pub(crate) fn read(&mut self, log: &mut impl Log, most: usize) -> Result<Option<ReadTick>, LogError> {
        let Fold { tally, zone, lost_beginning, reach, early, position, newest, .. } = self;
        let (mut first, mut found) = (None, None);
        let next = log.read(Topic::Events, self.partition, *position, most, &mut |entry| {
            first.get_or_insert(entry.offset);
            *newest = Some(entry.appended);
            if std::mem::take(lost_beginning) {
                let begun = zone.day_of(entry.appended.plus_seconds(CLOCK_MARGIN_SECONDS)).month();
                *reach = begun.plus(1 + LINK_MONTHS);
                tally.reaches_from(*reach);
            }
            match entry.record {
                Record::Batch(batch) => tally.apply(&batch, entry.appended),
                Record::Tick(tick) if tally.counts(tick.at, entry.appended) => {
                    found = Some(ReadTick { at: tick.at, position: entry.offset });
                    return ControlFlow::Break(());
                }
                Record::Tick(tick) if tick.at > entry.appended => {
                    *early = Some(EarlyTick { at: tick.at, appended: entry.appended });
                }
                Record::Registry(Entry::Fence(fence)) if fence.source == Some(EntrySource::Operator) => {
                    tally.fence(&fence.feed, &fence.id);
                }
                // A tick that does not count, or bytes that intake did not write, changes nothing.
                _ => {}
            }
            ControlFlow::Continue(())
        })?;
        if first.is_some_and(|first| first > *position) {
            self.check_bounds(log)?;
        }
        self.position = next;
        Ok(found)
    }

    /// The bounds of the partition, unless retention deleted records that the fold has not read, or the partition lost records that
    /// it has read. Other gaps are allowed.
    pub(crate) fn check_bounds(&self, log: &mut impl Log) -> Result<Range<u64>, LogError> {
        let bounds = log.bounds(Topic::Events, self.partition)?;
        if bounds.end < self.position {
            let (partition, end, position) = (self.partition, bounds.end, self.position - 1);
            let reliance = Reliance::Task;
            return Err(LogLoss::End { topic: Topic::Events.name(), partition, end, position, reliance }.into());
        }
        if bounds.start > self.position {
            return Err(LogError::LostBeginning { partition: self.partition, lost: self.position..bounds.start });
        }
        Ok(bounds)
    }
}

/// The names of the measures in rows, by index, and the indexes by name.
#[derive(Clone, Debug)]
pub(crate) struct MeasureNames {
    /// Number of distinct sides.
    sides: usize,
    names: Vec<Arc<str>>,
    indexes: BTreeMap<Arc<str>, usize>,
}

impl MeasureNames {
    pub(crate) fn new(measures: &MeasureSet) -> MeasureNames {
        let names: Vec<Arc<str>> = measures.measures().iter().map(|m| m.name().into()).collect();
        let indexes = names.iter().cloned().zip(0..).collect();
        MeasureNames { sides: measures.sides().len(), names, indexes }
    }

    /// The sums of a row by index; `None` when the row names a measure, a side or a cell outside the set.
    pub(crate) fn sums_of(&self, row: &ClinicianMonth) -> Option<Sums> {
        let mut sums = Sums::zero(self.names.len());
        sums.base = row.base;
        for (name, measure) in &row.measures {
            sums.measures[*self.indexes.get(name)?] = *measure;
        }
        for (side, signed) in &row.signed {
            let side = usize::try_from(*side).ok().filter(|side| *side < self.sides)?;
            sums.add_signed(side, *signed);
        }
        for cell in &row.cells {
            let is_known = usize::try_from(cell.side).is_ok_and(|side| side < 2 * self.names.len());
            sums.cells.add(Some(*cell).filter(|cell| is_known && usize::from(cell.cell) < CELL_COUNT)?);
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
        signed: sums.signed().map(|(side, signed)| (u32::try_from(side).expect("sides are few"), signed)).collect(),
        cells: sums.cells.iter().collect(),
    }
}

/// The mark of a partition at a cut.
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

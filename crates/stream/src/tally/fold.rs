//! One partition of the log, folded from its earliest record. Tally and publish run the same fold, so that publish gets the same
//! answer where it cannot trust the rows it was given.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use scorecard::fold::tally::{CLOCK_MARGIN_SECONDS, CutState, Tally};
use scorecard::measure::measure_set::{MeasureSet, SetHash};
use scorecard::record::digest::mark_check;
use scorecard::record::log_record::{ClinicianMonth, Mark, Record, RowKey};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::{Month, Timestamp, Zone};

use crate::deployment::Deployment;
use crate::log::{Log, LogError, Topic};

/// Events of so many months before a month may decide where its facts stand, by a link. A link may span more; then a log that has
/// lost its beginning may lack what it names.
const LINK_MONTHS: i32 = 1;

/// A counting tick and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadTick {
    pub at: Timestamp,
    pub position: u64,
}

/// A tick that was read and does not count because the log's clock had not come so far when it took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EarlyTick {
    pub at: Timestamp,
    pub appended: Timestamp,
}

/// The fold of one partition's log from its earliest record. Tally and publish run the same one.
#[derive(Debug)]
pub(crate) struct Fold {
    pub tally: Tally,
    pub names: MeasureNames,
    zone: Zone,
    partition: u32,
    pub position: u64,
    /// The log has lost its beginning, and no record was read yet.
    torn: bool,
    /// The first month that the log holds whole: of one that begins at offset 0 every month; else those that begin after the
    /// earliest record was appended, less those from which a usual link reaches back behind it [9].
    pub reach: Month,
    /// The last tick from the future.
    pub early: Option<EarlyTick>,
    /// When the newest record that was read was appended.
    pub newest: Option<Timestamp>,
}

impl Fold {
    /// An empty fold that begins where the partition's log begins.
    pub(crate) fn start(deployment: &Deployment, partition: u32, log: &mut impl Log) -> Result<Fold, LogError> {
        let start = log.bounds(Topic::Events, partition)?.start;
        let measures = &deployment.measures;
        Ok(Fold {
            tally: Tally::new(measures, &deployment.schedule, deployment.identity_seed, Month::EARLIEST),
            names: MeasureNames::new(measures),
            zone: deployment.schedule.zone.clone(),
            partition,
            position: start,
            torn: start > 0,
            reach: Month::EARLIEST,
            early: None,
            newest: None,
        })
    }

    /// Reads at most `most` records; stops behind a counting tick and hands it out before it is settled.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read, or has lost records that this fold had not yet come to: a new fold knows then
    /// which months it holds whole.
    pub(crate) fn read(&mut self, log: &mut impl Log, most: usize) -> Result<Option<ReadTick>, LogError> {
        let Fold { tally, zone, torn, reach, early, position, newest, .. } = self;
        let (mut first, mut found) = (None, None);
        let next = log.read(Topic::Events, self.partition, *position, most, &mut |lent| {
            first.get_or_insert(lent.offset);
            *newest = Some(lent.appended);
            if std::mem::take(torn) {
                let begun = zone.day_of(lent.appended.plus_seconds(CLOCK_MARGIN_SECONDS)).month();
                *reach = begun.plus(1 + LINK_MONTHS);
                tally.reaches_from(*reach);
            }
            match lent.record {
                Record::Batch(batch) => tally.apply(&batch, lent.appended),
                Record::Tick(tick) if tally.counts(tick.at, lent.appended) => {
                    found = Some(ReadTick { at: tick.at, position: lent.offset });
                    return ControlFlow::Break(());
                }
                Record::Tick(tick) if tick.at > lent.appended => {
                    *early = Some(EarlyTick { at: tick.at, appended: lent.appended });
                }
                // A tick that does not count, or bytes that intake did not write: nothing is folded from them.
                _ => {}
            }
            ControlFlow::Continue(())
        })?;
        if first.is_some_and(|first| first > *position) {
            self.check_beginning(log)?;
        }
        self.position = next;
        Ok(found)
    }

    /// Offsets may have gaps, but none that retention tore into what was still to be read.
    pub(crate) fn check_beginning(&self, log: &mut impl Log) -> Result<Range<u64>, LogError> {
        let bounds = log.bounds(Topic::Events, self.partition)?;
        if bounds.start > self.position {
            return Err(LogError::LostBeginning { partition: self.partition, lost: self.position..bounds.start });
        }
        Ok(bounds)
    }
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

//! Rows and marks that publish has read, and their verification: by the digest of a mark, else by folding the log itself.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::record::digest::mark_check;
use scorecard::record::log_record::{Mark, Record, RowKey, Run};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::{Month, Timestamp};

use crate::deployment::Deployment;
use crate::limits::RECORDS_PER_READ;
use crate::log::{Log, LogError, Topic};
use crate::log_loss::{LogLoss, Reliance};
use crate::rows::row_versions::{RowChange, RowVersionStore};
use crate::tally::fold::{Fold, MeasureNames, mark_of};

/// Rows and marks from `clinician-months`.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub rows: RowVersionStore,
    names: MeasureNames,
    /// Offset of the next record.
    position: u64,
    /// Marks by partition and cut.
    marks: Vec<BTreeMap<Timestamp, Vec<Mark>>>,
    /// Rows that changed at cuts that could not be published.
    carried: BTreeSet<RowChange>,
    /// How often publish folded a partition's log itself.
    pub refolds: u64,
}

/// The verified rows of every partition at a cut.
#[derive(Debug)]
pub(crate) struct CutBasis {
    /// By partition.
    pub marks: Vec<Mark>,
    pub changed: BTreeSet<RowChange>,
    /// Partitions whose log publish folded itself.
    pub refolded: Vec<u32>,
}

/// Why a cut cannot be published.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// A partition has no mark of the cut yet.
    NotReady,
    /// Retention deleted records that the cut needs.
    Gone(String),
}

/// A partition at a cut, folded by publish itself.
#[derive(Debug)]
struct PartitionFold {
    mark: Mark,
    rows: Vec<(RowKey, Sums)>,
}

impl Ledger {
    pub(crate) fn new(deployment: &Deployment, log: &mut impl Log) -> Result<Ledger, LogError> {
        Ok(Ledger {
            rows: RowVersionStore::new(deployment.measures.hash(), deployment.partitions),
            names: MeasureNames::new(&deployment.measures),
            position: log.bounds(Topic::ClinicianMonths, 0)?.start,
            marks: vec![BTreeMap::new(); deployment.partitions as usize],
            carried: BTreeSet::new(),
            refolds: 0,
        })
    }

    /// Reads new records of `clinician-months`. Drops marks of cuts up to `done`.
    pub(crate) fn read(&mut self, deployment: &Deployment, log: &mut impl Log, done: Option<Timestamp>) -> Result<(), LogError> {
        let ours = deployment.measures.hash();
        self.check_end(log)?;
        let Ledger { rows, marks, names, position, .. } = self;
        log.read_to_end(Topic::ClinicianMonths, 0, position, &mut |entry| match entry.record {
            Record::ClinicianMonth(row) if row.measure_set == ours => {
                if let Some(sums) = names.sums_of(&row) {
                    rows.add(row.partition, row.position, row.key, &sums);
                }
            }
            Record::Mark(mark) if mark.check == mark_check(&mark) && done.is_none_or(|done| mark.at > done) => {
                if let Some(of_partition) = marks.get_mut(mark.partition as usize) {
                    of_partition.entry(mark.at).or_default().push(mark);
                }
            }
            _ => {}
        })
    }

    /// Checks that `clinician-months` does not end below the records that were read. A publisher that reads it again continues.
    fn check_end(&self, log: &mut impl Log) -> Result<(), LogError> {
        let (topic, end) = (Topic::ClinicianMonths, log.bounds(Topic::ClinicianMonths, 0)?.end);
        match self.position.checked_sub(1).filter(|last| end <= *last) {
            Some(position) => {
                Err(LogLoss::End { topic: topic.name(), partition: 0, end, position, reliance: Reliance::Task }.into())
            }
            None => Ok(()),
        }
    }

    /// Whether every partition has a mark of this cut or of a later one.
    pub(crate) fn is_ready(&self, cut: Timestamp) -> bool {
        self.marks.iter().all(|marks| marks.range(cut..).next().is_some())
    }

    /// Verifies every partition at this cut: by the digest of its mark, else by folding its log.
    ///
    /// `open_from` is the first month that was open after the last cut.
    pub(crate) fn verify(
        &mut self,
        deployment: &Deployment,
        log: &mut impl Log,
        cut: Timestamp,
        open_from: Month,
    ) -> Result<Result<CutBasis, Obstacle>, LogError> {
        if !self.is_ready(cut) {
            return Ok(Err(Obstacle::NotReady));
        }
        let mut basis = CutBasis { marks: Vec::new(), changed: std::mem::take(&mut self.carried), refolded: Vec::new() };
        for partition in 0..deployment.partitions {
            if let Some(mark) = self.verified_mark(deployment, partition, cut, &mut basis.changed) {
                basis.marks.push(mark);
                continue;
            }
            self.refolds += 1;
            match refold(deployment, log, partition, cut, open_from)? {
                Ok(folded) => {
                    basis.changed.extend(self.rows.replace(&folded.mark, folded.rows));
                    basis.refolded.push(partition);
                    basis.marks.push(folded.mark);
                }
                Err(obstacle) => {
                    self.carried = basis.changed;
                    return Ok(Err(obstacle));
                }
            }
        }
        Ok(Ok(basis))
    }

    /// Restores every partition to its state after the last run, so that the next cut does not depend on which process publishes
    /// it.
    ///
    /// The digest of the run's own mark verifies the rows, else publish folds the log. Where the log does not reach back far
    /// enough, the rows stay as read. `sealed` has the position of the tick that sealed a month.
    pub(crate) fn resume(
        &mut self,
        deployment: &Deployment,
        log: &mut impl Log,
        run: &Run,
        sealed: &BTreeMap<(u32, Month), u64>,
    ) -> Result<(), LogError> {
        let schedule = &deployment.schedule;
        let open_from = schedule.open_from(schedule.grid.at_or_before(Timestamp(run.at.0 - 1)));
        self.rows.resume(&run.positions, open_from, sealed);
        if run.measure_set != deployment.measures.hash() {
            // The next run computes every card again.
            return Ok(());
        }
        for (partition, &position) in (0u32..).zip(&run.positions) {
            let mark = self.own_mark(deployment, partition, run.at).filter(|mark| mark.position == position);
            if mark.is_some_and(|mark| self.rows.matches(&mark)) || log.bounds(Topic::Events, partition)?.start > position {
                continue;
            }
            self.refolds += 1;
            match refold(deployment, log, partition, run.at, open_from)? {
                Ok(folded) => drop(self.rows.replace(&folded.mark, folded.rows)),
                Err(Obstacle::Gone(_)) => {}
                Err(Obstacle::NotReady) => {
                    let end = log.bounds(Topic::Events, partition)?.end;
                    let reliance = Reliance::Run(run.at);
                    return Err(LogLoss::End { topic: Topic::Events.name(), partition, end, position, reliance }.into());
                }
            }
        }
        Ok(())
    }

    /// Advances the rows of a partition to this cut. Returns its mark if the rows have exactly the digest of the mark.
    fn verified_mark(
        &mut self,
        deployment: &Deployment,
        partition: u32,
        cut: Timestamp,
        changed: &mut BTreeSet<RowChange>,
    ) -> Option<Mark> {
        let mark = self.own_mark(deployment, partition, cut)?;
        let (exact, moved) = self.rows.advance(&mark);
        changed.extend(moved);
        exact.then_some(mark)
    }

    /// The partition's mark of exactly this cut under our measure set. The one with the lowest position, if there are several.
    fn own_mark(&self, deployment: &Deployment, partition: u32, cut: Timestamp) -> Option<Mark> {
        let ours = deployment.measures.hash();
        let marks = self.marks[partition as usize].get(&cut)?;
        marks.iter().filter(|mark| mark.measure_set == ours).min_by_key(|mark| mark.position).cloned()
    }

    /// Drops the marks of this cut and of earlier ones.
    pub(crate) fn drop_marks(&mut self, cut: Timestamp) {
        for marks in &mut self.marks {
            *marks = marks.split_off(&Timestamp(cut.0 + 1));
        }
    }
}

/// Folds a partition's log with the code of tally up to the tick of this cut.
fn refold(
    deployment: &Deployment,
    log: &mut impl Log,
    partition: u32,
    cut: Timestamp,
    open_from: Month,
) -> Result<Result<PartitionFold, Obstacle>, LogError> {
    let mut fold = Fold::start(deployment, partition, log)?;
    loop {
        let before = fold.position;
        let Some(tick) = fold.read(log, RECORDS_PER_READ)? else {
            if fold.position == before {
                return Ok(Err(Obstacle::NotReady));
            }
            continue;
        };
        let state = fold.tally.cut();
        if tick.at < cut {
            fold.tally.settle(tick.at);
            continue;
        }
        if tick.at > cut || (fold.reach > open_from && fold.reach > Month::EARLIEST) {
            let why =
                format!("partition {partition} of events lost its beginning; it has whole months only from {} on", fold.reach);
            return Ok(Err(Obstacle::Gone(why)));
        }
        let mark = mark_of(&state, partition, tick, deployment.measures.hash());
        let rows = fold.tally.all_rows(&state).collect();
        return Ok(Ok(PartitionFold { mark, rows }));
    }
}

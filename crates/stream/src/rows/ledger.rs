//! What publish knows of rows and marks, and how it makes sure of them: by the mark's digest, else by folding the log itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use scorecard::record::digest::mark_check;
use scorecard::record::log_record::{Mark, Record, RowKey, Run};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::{Month, Timestamp};

use crate::deployment::Deployment;
use crate::log::{Log, LogError, Topic};
use crate::rows::row_versions::{RowChange, RowVersionStore};
use crate::tally::fold::{Fold, MeasureNames, mark_of};

/// Rows and marks as they were read from `clinician-months`.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub rows: RowVersionStore,
    names: MeasureNames,
    read: u64,
    marks: Vec<BTreeMap<Timestamp, Vec<Mark>>>,
    /// Rows that changed at cuts that could not be published.
    carried: BTreeSet<RowChange>,
    /// How often a partition's log had to be folded here.
    pub refolds: u64,
}

/// What a cut rests on, once every partition is known exactly.
#[derive(Debug)]
pub(crate) struct Ground {
    /// By partition.
    pub marks: Vec<Mark>,
    pub changed: BTreeSet<RowChange>,
    pub refolded: Vec<u32>,
}

/// Why a cut cannot be published from what there is.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// A partition has not come so far.
    NotReady,
    /// The log no longer holds what the cut needs.
    Gone(String),
}

/// A partition at a cut as publish folded it itself.
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
            read: log.bounds(Topic::ClinicianMonths, 0)?.start,
            marks: vec![BTreeMap::new(); deployment.partitions as usize],
            carried: BTreeSet::new(),
            refolds: 0,
        })
    }

    /// Reads what is new in `clinician-months`; marks of cuts up to `done` are of no use any more.
    pub(crate) fn read(&mut self, deployment: &Deployment, log: &mut impl Log, done: Option<Timestamp>) -> Result<(), LogError> {
        let ours = deployment.measures.hash();
        let Ledger { rows, marks, names, read, .. } = self;
        loop {
            let next = log.read(Topic::ClinicianMonths, 0, *read, 10_000, &mut |lent| {
                match lent.record {
                    Record::ClinicianMonth(row) if row.measure_set == ours => {
                        if let Some(sums) = names.sums_of(&row) {
                            rows.offer(row.partition, row.position, row.key, &sums);
                        }
                    }
                    Record::Mark(mark) if mark.check == mark_check(&mark) && done.is_none_or(|done| mark.at > done) => {
                        if let Some(of_partition) = marks.get_mut(mark.partition as usize) {
                            of_partition.entry(mark.at).or_default().push(mark);
                        }
                    }
                    _ => {}
                }
                ControlFlow::Continue(())
            })?;
            if next == *read {
                return Ok(());
            }
            *read = next;
        }
    }

    /// Makes sure of every partition at this cut: by its rows where their digest is the mark's, else by folding its log.
    /// `open_from` is the first month that was open after the last cut.
    pub(crate) fn ground(
        &mut self,
        deployment: &Deployment,
        log: &mut impl Log,
        cut: Timestamp,
        open_from: Month,
    ) -> Result<Result<Ground, Obstacle>, LogError> {
        if self.marks.iter().any(|marks| marks.range(cut..).next().is_none()) {
            return Ok(Err(Obstacle::NotReady));
        }
        let mut ground = Ground { marks: Vec::new(), changed: std::mem::take(&mut self.carried), refolded: Vec::new() };
        for partition in 0..deployment.partitions {
            if let Some(mark) = self.trusted(deployment, partition, cut, &mut ground.changed) {
                ground.marks.push(mark);
                continue;
            }
            self.refolds += 1;
            match refold(deployment, log, partition, cut, open_from)? {
                Ok(folded) => {
                    ground.changed.extend(self.rows.replace(&folded.mark, folded.rows));
                    ground.refolded.push(partition);
                    ground.marks.push(folded.mark);
                }
                Err(obstacle) => {
                    self.carried = ground.changed;
                    return Ok(Err(obstacle));
                }
            }
        }
        Ok(Ok(ground))
    }

    /// Brings every partition to where this run, the last one, left it. What changes at the next cut must not depend on who publishes
    /// it, so the rows have to be what they were: by the digest of the run's own mark, else by folding its log. Where that no
    /// longer reaches back they stay as they were found. `sealed` gives the position of the tick that sealed a month.
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
            // The next run computes every card anew, whatever changed.
            return Ok(());
        }
        for (partition, &position) in (0u32..).zip(&run.positions) {
            let mark = self.own_mark(deployment, partition, run.at).filter(|mark| mark.position == position);
            if mark.is_some_and(|mark| self.rows.holds(&mark)) || log.bounds(Topic::Events, partition)?.start > position {
                continue;
            }
            self.refolds += 1;
            match refold(deployment, log, partition, run.at, open_from)? {
                Ok(folded) => drop(self.rows.replace(&folded.mark, folded.rows)),
                Err(Obstacle::Gone(_)) => {}
                Err(Obstacle::NotReady) => return Err(LogError::LostEnd { partition, position }),
            }
        }
        Ok(())
    }

    /// The partition's mark of this cut, if the rows are exactly those of its digest.
    fn trusted(
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

    /// The partition's own mark of exactly this cut under our measure set; the first that was written, if there are several.
    fn own_mark(&self, deployment: &Deployment, partition: u32, cut: Timestamp) -> Option<Mark> {
        let ours = deployment.measures.hash();
        let marks = self.marks[partition as usize].get(&cut)?;
        marks.iter().filter(|mark| mark.measure_set == ours).min_by_key(|mark| mark.position).cloned()
    }

    /// The cut is done with.
    pub(crate) fn forget_marks(&mut self, cut: Timestamp) {
        for marks in &mut self.marks {
            *marks = marks.split_off(&Timestamp(cut.0 + 1));
        }
    }
}

/// Folds a partition's log with the tally's code up to the tick of this cut.
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
        let Some(tick) = fold.read(log, 10_000)? else {
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
                format!("partition {partition} of the log has lost its beginning and holds months whole from {} on", fold.reach);
            return Ok(Err(Obstacle::Gone(why)));
        }
        let mark = mark_of(&state, partition, tick, deployment.measures.hash());
        let rows = fold.tally.all_rows(&state).collect();
        return Ok(Ok(PartitionFold { mark, rows }));
    }
}

//! The tally task, the second step of the flow: it folds one partition of `events` and writes rows and a mark at each counting
//! tick.
//!
//! It needs no transaction and no changelog: a row has the whole sums and the position of its tick.

use std::collections::BTreeMap;
use std::sync::Arc;

use scorecard::fold::code_counts::{CodeCounts, CodeGaps};
use scorecard::fold::conflict_list::Conflict;
use scorecard::fold::tally::CutState;
pub use scorecard::fold::tally::Outcomes;
use scorecard::measure::measure_set::SetHash;
use scorecard::record::digest::mark_check;
use scorecard::record::log_record::{FeedCoverage, Record, RowKey, Tick};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::{Month, Timestamp};

use crate::deployment::Deployment;
use crate::limits::MARK_KEYS;
use crate::log::{Log, LogError, Topic};
use crate::log_loss::{LogLoss, Reliance};
use crate::relied_tick::ReliedTick;
use crate::tally::fold::{EarlyTick, Fold, ReadTick, mark_of, row_record};

/// The newest mark of the partition.
#[derive(Clone, Copy, Debug)]
struct LastMark {
    position: u64,
    at: Timestamp,
    measure_set: SetHash,
}

/// A tick that the task has appended and not read back.
#[derive(Clone, Copy, Debug)]
struct PendingTick {
    at: Timestamp,
    /// The clock of the task when it appended the tick.
    now: Timestamp,
    /// The end of the partition before the append.
    from: u64,
}

/// The clock of the task is ahead of the log's. A tick that it appends between these instants does not count.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    since: Timestamp,
    until: Timestamp,
}

/// The tally of one partition.
#[derive(Debug)]
pub struct TallyTask<L> {
    log: L,
    deployment: Deployment,
    partition: u32,
    fold: Fold,
    last_mark: Option<LastMark>,
    /// One past the last record of `clinician-months` at the last look.
    rows_end: u64,
    /// The task appends no tick while another one is pending.
    pending: Option<PendingTick>,
    ahead: Option<Ahead>,
}

impl<L: Log> TallyTask<L> {
    /// Starts at the partition's earliest record. The task writes nothing up to the newest mark of the partition.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read, and [`LogError::Loss`] when it does not hold the tick of that mark.
    pub fn new(deployment: &Deployment, partition: u32, mut log: L) -> Result<TallyTask<L>, LogError> {
        let last_mark = last_mark(&mut log, partition, deployment.measures.hash())?;
        if let Some(LastMark { position, at, .. }) = last_mark {
            ReliedTick::of_events(partition, position, at, Reliance::Mark(at)).check(&mut log)?;
        }
        let fold = Fold::start(deployment, partition, &mut log)?;
        let (deployment, rows_end) = (deployment.clone(), log.bounds(Topic::ClinicianMonths, 0)?.end);
        Ok(TallyTask { log, deployment, partition, fold, last_mark, rows_end, pending: None, ahead: None })
    }

    /// Reads and folds at most `most` records. Returns whether the partition may have more.
    ///
    /// # Errors
    /// [`LogError`] when the log fails; drop the task and create a new one.
    pub fn step(&mut self, most: usize) -> Result<bool, LogError> {
        let before = self.fold.position;
        let tick = self.fold.read(&mut self.log, most)?;
        if let Some(tick) = tick {
            self.close(tick)?;
        }
        if let Some(pending) = self.pending.take_if(|pending| self.fold.position > pending.from) {
            let early = self.fold.early.take().filter(|early| early.at == pending.at);
            let until = |early: &EarlyTick| Timestamp(pending.now.0 + early.at.0 - early.appended.0);
            self.ahead = early.map(|early| Ahead { since: pending.now, until: until(&early) });
        }
        Ok(self.fold.position > before)
    }

    /// Appends the next tick of the grid if it is due at `now` and the task has read the whole partition.
    ///
    /// Call it with [`TallyTask::step`] in between until it returns false: the task skips no instant of the grid.
    ///
    /// # Errors
    /// [`LogError`] when the log fails.
    pub fn clock(&mut self, now: Timestamp) -> Result<bool, LogError> {
        let schedule = &self.deployment.schedule;
        let next = self.fold.tally.last_tick().map_or(schedule.first, |last| schedule.grid.after(last));
        if self.pending.is_some() || next > now || self.is_ahead(now) {
            return Ok(false);
        }
        let end = self.fold.check_bounds(&mut self.log)?.end;
        if self.fold.position < end {
            return Ok(false);
        }
        // An early tick of the same instant by another process says nothing about this clock.
        self.fold.early = None;
        self.log.append(Topic::Events, self.partition, "tick", &Record::Tick(Tick { at: next }))?;
        self.log.flush()?;
        self.pending = Some(PendingTick { at: next, now, from: end });
        Ok(true)
    }

    /// Checks that the log still holds what the task has read and written. Call it every few seconds: a topic may lose records at any
    /// time.
    ///
    /// # Errors
    /// [`LogError::Loss`] when it does not; [`LogError::LostBeginning`] when unread records are gone.
    pub fn check(&mut self) -> Result<(), LogError> {
        self.fold.check_bounds(&mut self.log)?;
        let (topic, end) = (Topic::ClinicianMonths, self.log.bounds(Topic::ClinicianMonths, 0)?.end);
        if let Some(position) = self.rows_end.checked_sub(1).filter(|last| end <= *last) {
            // A new task writes every row again.
            let reliance = Reliance::Task;
            return Err(LogLoss::End { topic: topic.name(), partition: 0, end, position, reliance }.into());
        }
        self.rows_end = end;
        let Some(LastMark { position, at, .. }) = self.last_mark.filter(|mark| mark.position < self.fold.position) else {
            return Ok(());
        };
        ReliedTick::of_events(self.partition, position, at, Reliance::Mark(at)).check(&mut self.log)
    }

    /// The first month of which the log has every event, where the log has lost its beginning [9].
    #[must_use]
    pub fn whole_from(&self) -> Option<Month> {
        Some(self.fold.reach).filter(|reach| *reach > Month::EARLIEST)
    }

    /// Whether this clock is still ahead of the log's at `now`. A clock that has stepped back counts as correct again.
    fn is_ahead(&mut self, now: Timestamp) -> bool {
        self.ahead.take_if(|ahead| !(ahead.since..ahead.until).contains(&now));
        self.ahead.is_some()
    }

    /// Writes rows, flushes, writes the mark and flushes. Only then does the fold drop the months that the tick seals.
    fn close(&mut self, tick: ReadTick) -> Result<(), LogError> {
        if self.last_mark.is_none_or(|mark| tick.position > mark.position) {
            let cut = self.write_rows(tick)?;
            self.log.flush()?;
            self.write_mark(&cut, tick)?;
            self.log.flush()?;
            let ReadTick { at, position } = tick;
            self.last_mark = Some(LastMark { position, at, measure_set: self.deployment.measures.hash() });
        } else {
            // An earlier task wrote the rows and the mark of this tick.
            self.fold.tally.cut();
        }
        self.fold.tally.settle(tick.at);
        Ok(())
    }

    fn write_rows(&mut self, tick: ReadTick) -> Result<CutState, LogError> {
        let TallyTask { log, deployment, partition, fold: Fold { tally, names, .. }, last_mark, .. } = self;
        let measures = &deployment.measures;
        let mut write = |key: RowKey, sums: &Sums| {
            let record = row_record(measures, names, key, sums, *partition, tick);
            let text = row_key(&record.key);
            log.append(Topic::ClinicianMonths, 0, &text, &Record::ClinicianMonth(record))
        };
        // After a mark of another measure set the task writes every open row under its own [5].
        if last_mark.is_none_or(|mark| mark.measure_set == measures.hash()) {
            return tally.cut_with(write);
        }
        let cut = tally.cut();
        tally.all_rows(&cut).try_for_each(|(key, sums)| write(key, &sums))?;
        Ok(cut)
    }

    fn write_mark(&mut self, cut: &CutState, tick: ReadTick) -> Result<(), LogError> {
        let mark = mark_of(cut, self.partition, tick, self.deployment.measures.hash());
        let number = self.deployment.schedule.grid.index(tick.at).rem_euclid(MARK_KEYS);
        let key = format!("{}|{number}", self.partition);
        self.log.append(Topic::ClinicianMonths, 0, &key, &Record::Mark(mark))
    }

    /// The outcomes of the events that the task has read.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes {
        self.fold.tally.outcomes()
    }

    /// The latest conflicts among them, oldest first.
    #[must_use]
    pub fn conflicts(&self) -> Vec<Conflict> {
        self.fold.tally.conflicts().iter().cloned().collect()
    }

    /// The prescriptions that the task has read, and those with an unmapped drug.
    #[must_use]
    pub fn code_counts(&self) -> &CodeCounts {
        self.fold.tally.code_counts()
    }

    /// The feeds with versions whose codes have no meaning, in order of their names.
    #[must_use]
    pub fn code_gaps(&self) -> BTreeMap<Arc<str>, CodeGaps> {
        self.fold.tally.code_gaps()
    }

    /// The number of facts that are in no row because they name no clinician.
    #[must_use]
    pub fn unattributed(&self) -> u64 {
        self.fold.tally.unattributed()
    }

    /// The number of facts in memory.
    #[must_use]
    pub fn facts(&self) -> u64 {
        self.fold.tally.facts()
    }

    /// Bytes of the facts in memory and of their index.
    #[must_use]
    pub fn fact_bytes(&self) -> u64 {
        self.fold.tally.fact_bytes()
    }

    /// The number of open rows in memory.
    #[must_use]
    pub fn row_count(&self) -> u64 {
        self.fold.tally.row_count()
    }

    /// The coverage of each feed, in order of their names.
    #[must_use]
    pub fn feeds(&self) -> Vec<FeedCoverage> {
        self.fold.tally.feeds()
    }

    /// The offset of the next record.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.fold.position
    }

    /// The append time of the newest record that the task has read.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.fold.newest
    }

    /// The last counting tick.
    #[must_use]
    pub fn last_tick(&self) -> Option<Timestamp> {
        self.fold.tally.last_tick()
    }
}

/// The partition's mark with the highest position. A superseded instance may have written an older mark at a higher offset.
fn last_mark(log: &mut impl Log, partition: u32, ours: SetHash) -> Result<Option<LastMark>, LogError> {
    let mut last: Option<LastMark> = None;
    let mut from = log.bounds(Topic::ClinicianMonths, 0)?.start;
    log.read_to_end(Topic::ClinicianMonths, 0, &mut from, &mut |entry| {
        if let Record::Mark(mark) = entry.record
            && mark.partition == partition
            && mark.check == mark_check(&mark)
            && last.is_none_or(|l| (l.position, l.measure_set == ours) < (mark.position, mark.measure_set == ours))
        {
            last = Some(LastMark { position: mark.position, at: mark.at, measure_set: mark.measure_set });
        }
    })?;
    Ok(last)
}

/// The key of a row: `feed|clinician|practice|month`. `|` and `%` inside a part are percent-encoded.
fn row_key(key: &RowKey) -> String {
    let encode = |part: &str| part.replace('%', "%25").replace('|', "%7C");
    format!("{}|{}|{}|{}", encode(&key.feed), encode(&key.clinician), encode(&key.practice), key.month)
}

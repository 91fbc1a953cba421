//! Tally: reads one partition of `events`, folds facts, and at each counting tick writes the rows that changed, flushes, and
//! writes a mark. Second step of the flow. No transaction, no changelog: rows are absolute and carry their position.

use std::ops::ControlFlow;

use scorecard::fold::tally::CutState;
pub use scorecard::fold::tally::Outcomes;
use scorecard::measure::measure_set::SetHash;
use scorecard::record::digest::mark_check;
use scorecard::record::log_record::{FeedCoverage, Record, RowKey, Tick};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::Timestamp;

use crate::deployment::Deployment;
use crate::log::{Log, LogError, Topic};
use crate::tally::fold::{Fold, ReadTick, mark_of, row_record};

/// Marks of so many cuts are kept apart by their keys, so that compaction leaves publish time to read them.
const MARK_KEYS: i64 = 1024;

/// The last mark that the partition's owner wrote.
#[derive(Clone, Copy, Debug)]
struct LastMark {
    position: u64,
    measure_set: SetHash,
}

/// A tick on its way: appended, and not yet read back.
#[derive(Clone, Copy, Debug)]
struct PendingTick {
    at: Timestamp,
    /// The task's own clock when it appended it.
    now: Timestamp,
    /// Offset from which on every record was still unread.
    from: u64,
}

/// The task's own clock is ahead of the log's: from the first of these instants to the second no tick of its would count.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    since: Timestamp,
    until: Timestamp,
}

/// The task of one partition.
#[derive(Debug)]
pub struct TallyTask<L> {
    log: L,
    deployment: Deployment,
    partition: u32,
    fold: Fold,
    last_mark: Option<LastMark>,
    /// Only one tick is on its way at a time.
    sent: Option<PendingTick>,
    ahead: Option<Ahead>,
}

impl<L: Log> TallyTask<L> {
    /// Starts at the partition's earliest record, silent up to its own last mark.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn new(deployment: &Deployment, partition: u32, mut log: L) -> Result<TallyTask<L>, LogError> {
        let last_mark = last_mark(&mut log, partition, deployment.measures.hash())?;
        let fold = Fold::start(deployment, partition, &mut log)?;
        Ok(TallyTask { log, deployment: deployment.clone(), partition, fold, last_mark, sent: None, ahead: None })
    }

    /// Reads and folds at most `most` records. Returns whether there may be more.
    ///
    /// # Errors
    /// [`LogError`] when the log fails; drop the task and start it anew.
    pub fn step(&mut self, most: usize) -> Result<bool, LogError> {
        let before = self.fold.position;
        let tick = self.fold.read(&mut self.log, most)?;
        if let Some(tick) = tick {
            self.close(tick)?;
        }
        if let Some(sent) = self.sent.take_if(|sent| self.fold.position > sent.from) {
            let refused = self.fold.early.take().filter(|early| early.at == sent.at);
            self.ahead =
                refused.map(|early| Ahead { since: sent.now, until: Timestamp(sent.now.0 + early.at.0 - early.appended.0) });
        }
        Ok(self.fold.position > before)
    }

    /// Writes the next tick of the grid if it is due at `now` and everything appended so far has been read. Call until it
    /// returns false, with [`TallyTask::step`] in between: it skips no instant.
    ///
    /// # Errors
    /// [`LogError`] when the log fails.
    pub fn clock(&mut self, now: Timestamp) -> Result<bool, LogError> {
        let schedule = &self.deployment.schedule;
        let next = self.fold.tally.last_tick().map_or(schedule.first, |last| schedule.grid.after(last));
        if self.sent.is_some() || next > now || self.is_ahead(now) {
            return Ok(false);
        }
        let end = self.fold.check_beginning(&mut self.log)?.end;
        if self.fold.position < end {
            return Ok(false);
        }
        // Of a tick of the same instant that somebody else wrote too early nothing follows for this clock.
        self.fold.early = None;
        self.log.append(Topic::Events, self.partition, "tick", &Record::Tick(Tick { at: next }))?;
        self.log.flush()?;
        self.sent = Some(PendingTick { at: next, now, from: end });
        Ok(true)
    }

    /// Whether this clock has been seen to be ahead of the log's by more than what is left until `now`. One that has stepped back
    /// since is believed again.
    fn is_ahead(&mut self, now: Timestamp) -> bool {
        self.ahead.take_if(|ahead| !(ahead.since..ahead.until).contains(&now));
        self.ahead.is_some()
    }

    /// A counting tick was read back: rows, flush, mark, flush, and only then what the tick seals is let go.
    fn close(&mut self, tick: ReadTick) -> Result<(), LogError> {
        if self.last_mark.is_none_or(|mark| tick.position > mark.position) {
            let cut = self.write_rows(tick)?;
            self.log.flush()?;
            self.write_mark(&cut, tick)?;
            self.log.flush()?;
            self.last_mark = Some(LastMark { position: tick.position, measure_set: self.deployment.measures.hash() });
        } else {
            // What was written before does not change later.
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
        // A mark of another measure set: every open row has to be written under this one [5].
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

    /// What became of the events read so far.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes {
        self.fold.tally.outcomes()
    }

    /// How many facts count but stand in no row, for want of a clinician.
    #[must_use]
    pub fn unattributed(&self) -> u64 {
        self.fold.tally.unattributed()
    }

    /// How many facts are held.
    #[must_use]
    pub fn facts(&self) -> u64 {
        self.fold.tally.facts()
    }

    /// Bytes that facts and their index take.
    #[must_use]
    pub fn fact_bytes(&self) -> u64 {
        self.fold.tally.fact_bytes()
    }

    /// How many open rows are held.
    #[must_use]
    pub fn row_count(&self) -> u64 {
        self.fold.tally.row_count()
    }

    /// What was seen of the feeds, in order of their names.
    #[must_use]
    pub fn feeds(&self) -> Vec<FeedCoverage> {
        self.fold.tally.feeds()
    }

    /// Offset of the next record to read.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.fold.position
    }

    /// When the newest record that was read was appended.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.fold.newest
    }

    /// The last counting tick that was read.
    #[must_use]
    pub fn last_tick(&self) -> Option<Timestamp> {
        self.fold.tally.last_tick()
    }
}

/// The partition's own mark with the highest position, not the one with the highest offset: a zombie may have written later.
fn last_mark(log: &mut impl Log, partition: u32, ours: SetHash) -> Result<Option<LastMark>, LogError> {
    let mut last: Option<LastMark> = None;
    let mut from = log.bounds(Topic::ClinicianMonths, 0)?.start;
    loop {
        let next = log.read(Topic::ClinicianMonths, 0, from, 10_000, &mut |lent| {
            if let Record::Mark(mark) = lent.record
                && mark.partition == partition
                && mark.check == mark_check(&mark)
                && last.is_none_or(|l| (l.position, l.measure_set == ours) < (mark.position, mark.measure_set == ours))
            {
                last = Some(LastMark { position: mark.position, measure_set: mark.measure_set });
            }
            ControlFlow::Continue(())
        })?;
        if next == from {
            return Ok(last);
        }
        from = next;
    }
}

/// The key of a row: `feed|clinician|practice|month`, `|` and `%` inside a part percent-encoded.
fn row_key(key: &RowKey) -> String {
    let encode = |part: &str| part.replace('%', "%25").replace('|', "%7C");
    format!("{}|{}|{}|{}", encode(&key.feed), encode(&key.clinician), encode(&key.practice), key.month)
}

//! The events behind a published card, found again in the log.
//!
//! The code of tally folds the log up to the card's own cut. Later events therefore never change the explanation of a revision.
//!
//! Facts hold no text, so the search has two passes. The fold finds the facts in the card's rows and their shares. A second read
//! of the same records finds the ids of the events. Publish keeps the rows of a sealed month as its sealing tick left them, so
//! the search reads such a month at that tick.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, RangeInclusive};

use scorecard::card::scorecard::Scorecard;
use scorecard::event::Batch;
use scorecard::fold::explanation::LocatedShare;
use scorecard::fold::share::{FactId, Share};
use scorecard::record::log_record::{Outcome, Record, RowKey, Run};
use scorecard::registry::directory::Directory;
use scorecard::time::calendar::{Month, Timestamp};

use crate::deployment::Deployment;
use crate::limits::RECORDS_PER_READ;
use crate::log::{Log, LogError, Topic};
use crate::register::Register;
use crate::tally::fold::Fold;

/// Why the search for the events behind a card fails.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Retention deleted events of the card.
    #[error("the log no longer has every event of the card: {0}; explain a newer card, or keep events longer")]
    Gone(String),
    /// The caller cancelled the search.
    #[error("the client cancelled the explanation")]
    Abandoned,
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The share of each event in every measure of the last `window` months of a card. The order has no meaning.
///
/// The search calls `wanted` between two reads and stops when it returns false.
///
/// # Errors
/// [`EvidenceError::Gone`] when retention deleted events of the card.
pub fn evidence(
    deployment: &Deployment,
    log: &mut impl Log,
    card: &Scorecard,
    window: u8,
    wanted: &dyn Fn() -> bool,
) -> Result<Vec<LocatedShare>, EvidenceError> {
    let run = run_at(log, card.cut)?;
    let mut register = Register::new(log)?;
    register.resume(log, run.registry_position)?;
    let month = card.content.period.month;
    let months = month.plus(1 - i32::from(window))..=month;
    let search = Search { deployment, card, months, directory: &register.directory, wanted };
    let mut located = Vec::new();
    for partition in 0..deployment.partitions {
        located.extend(search.partition(log, partition)?);
    }
    Ok(located)
}

/// The run that published a cut.
fn run_at(log: &mut impl Log, cut: Timestamp) -> Result<Run, EvidenceError> {
    let mut found = None;
    let mut from = log.bounds(Topic::Runs, 0)?.start;
    loop {
        let next = log.read(Topic::Runs, 0, from, RECORDS_PER_READ, &mut |entry| match entry.record {
            Record::Run(run) if run.at == cut && run.outcome == Outcome::Published => {
                found = Some(run);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        })?;
        match found {
            Some(run) => return Ok(run),
            None if next == from => return Err(EvidenceError::Gone(format!("the record of the run at {cut} is missing"))),
            None => from = next,
        }
    }
}

/// A search for the events of one card.
struct Search<'a> {
    deployment: &'a Deployment,
    card: &'a Scorecard,
    months: RangeInclusive<Month>,
    /// The directory at the card's cut.
    directory: &'a Directory,
    wanted: &'a dyn Fn() -> bool,
}

impl Search<'_> {
    fn partition(&self, log: &mut impl Log, partition: u32) -> Result<Vec<LocatedShare>, EvidenceError> {
        let mut fold = Fold::start(self.deployment, partition, log)?;
        let shares = self.shares(log, partition, &mut fold)?;
        self.locate(log, partition, &mut fold, shares)
    }

    /// First pass: the shares in the card's rows, each month at the tick that sealed it, else at the cut.
    fn shares(&self, log: &mut impl Log, partition: u32, fold: &mut Fold) -> Result<Vec<Share>, EvidenceError> {
        let cut = self.card.cut;
        let mut shares = Vec::new();
        loop {
            self.check_cancelled()?;
            let before = fold.position;
            let Some(tick) = fold.read(log, RECORDS_PER_READ)? else {
                if fold.position == before {
                    return Err(gone(partition, format!("has no tick of the cut {cut}")));
                }
                continue;
            };
            let open_from = fold.tally.cut().open_from;
            if fold.reach > *self.months.start() && fold.reach > Month::EARLIEST {
                return Err(gone(partition, format!("has whole months only from {} on", fold.reach)));
            }
            if tick.at > cut {
                return Err(gone(partition, format!("has no tick of the cut {cut}")));
            }
            let until = if tick.at == cut { Month(i32::MAX) } else { self.deployment.schedule.open_from(tick.at) };
            let closing = open_from.max(*self.months.start())..until;
            if self.months.contains(&closing.start) && !closing.is_empty() {
                shares.extend(fold.tally.shares(&|row| closing.contains(&row.month) && self.is_ours(row)));
            }
            if tick.at == cut {
                return Ok(shares);
            }
            fold.tally.settle(tick.at);
        }
    }

    /// Whether the card sums this row.
    fn is_ours(&self, row: &RowKey) -> bool {
        let (subject, day) = (&self.card.content.subject, row.month.last_day());
        self.months.contains(&row.month)
            && self.directory.person_of(&row.clinician, day) == subject.clinician
            && self.is_its_practice(&self.directory.practice_of(&row.practice, day), row.month)
    }

    fn is_its_practice(&self, practice: &str, month: Month) -> bool {
        let subject = &self.card.content.subject;
        match subject.practice.is_empty() {
            true => self.directory.rolls_up(&subject.clinician, practice, month),
            false => subject.practice == practice,
        }
    }

    /// Second pass: the events of these shares.
    fn locate(
        &self,
        log: &mut impl Log,
        partition: u32,
        fold: &mut Fold,
        shares: Vec<Share>,
    ) -> Result<Vec<LocatedShare>, EvidenceError> {
        let mut missing: BTreeMap<FactId, Vec<Share>> = BTreeMap::new();
        for share in shares {
            missing.entry(share.identity).or_default().push(share);
        }
        let mut located = Vec::new();
        let mut from = log.bounds(Topic::Events, partition)?.start;
        while !missing.is_empty() && from < fold.position {
            self.check_cancelled()?;
            from = log.read(Topic::Events, partition, from, RECORDS_PER_READ, &mut |entry| {
                if let Record::Batch(batch) = &entry.record {
                    locate_in(batch, fold, &mut missing, &mut located);
                }
                if missing.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        }
        if missing.is_empty() { Ok(located) } else { Err(gone(partition, "lost events while it was read".to_owned())) }
    }

    fn check_cancelled(&self) -> Result<(), EvidenceError> {
        if (self.wanted)() { Ok(()) } else { Err(EvidenceError::Abandoned) }
    }
}

/// Moves the shares of a batch's events from `missing` to `located`. A duplicate of an event has the same content.
fn locate_in(batch: &Batch<'_>, fold: &mut Fold, missing: &mut BTreeMap<FactId, Vec<Share>>, located: &mut Vec<LocatedShare>) {
    for event in &batch.events {
        let identity = fold.tally.identity(&batch.feed, batch.ids, event);
        let Some(shares) = missing.get_mut(&identity) else { continue };
        let check = fold.tally.content_hash(event);
        let found = shares.extract_if(.., |share| share.content_hash == check && Some(share.version) == event.version);
        located.extend(found.map(|share| LocatedShare::new(share, event)));
        if shares.is_empty() {
            missing.remove(&identity);
        }
    }
}

fn gone(partition: u32, why: String) -> EvidenceError {
    EvidenceError::Gone(format!("partition {partition} of events {why}"))
}

//! The events behind a published card, found again in the log: folded up to the card's own cut with the tally's code, so that a
//! revision is explained as it was published, whatever came since.
//!
//! Facts hold no text, so there are two passes: the fold tells which facts stand in the card's rows and what each adds, and reading
//! the same records again tells the events' ids. A month that was sealed before the cut is taken at the tick that sealed it: publish
//! holds its rows from then on.

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
use crate::log::{Log, LogError, Topic};
use crate::register::Register;
use crate::tally::fold::Fold;

/// Records are read by so many, and between two reads it is asked whether to go on.
const RECORDS_A_READ: usize = 10_000;

/// Why the events behind a card cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The log no longer holds what the card was computed from.
    #[error("the log no longer holds what the card rests on: {0}; only what it still holds can be explained")]
    Gone(String),
    /// Whoever asked does not want to know any more.
    #[error("nobody waits for the explanation any more")]
    Abandoned,
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Everything that adds to the last `window` months of a card: each event's share in every measure, in no order that means
/// anything. `wanted` is asked now and then whether to go on.
///
/// # Errors
/// [`EvidenceError::Gone`] when retention has taken what is needed.
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
    let mut known = Vec::new();
    for partition in 0..deployment.partitions {
        known.extend(search.partition(log, partition)?);
    }
    Ok(known)
}

/// The run that published a cut.
fn run_at(log: &mut impl Log, cut: Timestamp) -> Result<Run, EvidenceError> {
    let mut found = None;
    let mut from = log.bounds(Topic::Runs, 0)?.start;
    loop {
        let next = log.read(Topic::Runs, 0, from, RECORDS_A_READ, &mut |lent| match lent.record {
            Record::Run(run) if run.at == cut && run.outcome == Outcome::Published => {
                found = Some(run);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        })?;
        match found {
            Some(run) => return Ok(run),
            None if next == from => return Err(EvidenceError::Gone(format!("the record of the run at {cut} is not there"))),
            None => from = next,
        }
    }
}

/// What is looked for.
struct Search<'a> {
    deployment: &'a Deployment,
    card: &'a Scorecard,
    months: RangeInclusive<Month>,
    /// Who was who at the card's cut.
    directory: &'a Directory,
    wanted: &'a dyn Fn() -> bool,
}

impl Search<'_> {
    fn partition(&self, log: &mut impl Log, partition: u32) -> Result<Vec<LocatedShare>, EvidenceError> {
        let mut fold = Fold::start(self.deployment, partition, log)?;
        let shares = self.shares(log, partition, &mut fold)?;
        self.named(log, partition, &mut fold, shares)
    }

    /// First pass: what stands in the card's rows, month by month as of the tick that sealed it, else as of the cut.
    fn shares(&self, log: &mut impl Log, partition: u32, fold: &mut Fold) -> Result<Vec<Share>, EvidenceError> {
        let cut = self.card.cut;
        let mut shares = Vec::new();
        loop {
            self.go_on()?;
            let before = fold.position;
            let Some(tick) = fold.read(log, RECORDS_A_READ)? else {
                if fold.position == before {
                    return Err(gone(partition, format!("has no tick of the cut {cut}")));
                }
                continue;
            };
            let open_from = fold.tally.cut().open_from;
            if fold.reach > *self.months.start() && fold.reach > Month::EARLIEST {
                return Err(gone(partition, format!("holds months whole from {} on only", fold.reach)));
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
        let subject = &self.card.content.subject;
        self.months.contains(&row.month)
            && (subject.practice.is_empty() || *row.practice == *subject.practice)
            && self.directory.person_of(&row.clinician) == subject.clinician
    }

    /// Second pass: the events of these shares.
    fn named(
        &self,
        log: &mut impl Log,
        partition: u32,
        fold: &mut Fold,
        shares: Vec<Share>,
    ) -> Result<Vec<LocatedShare>, EvidenceError> {
        let mut sought: BTreeMap<FactId, Vec<Share>> = BTreeMap::new();
        for share in shares {
            sought.entry(share.identity).or_default().push(share);
        }
        let mut known = Vec::new();
        let mut from = log.bounds(Topic::Events, partition)?.start;
        while !sought.is_empty() && from < fold.position {
            self.go_on()?;
            from = log.read(Topic::Events, partition, from, RECORDS_A_READ, &mut |lent| {
                if let Record::Batch(batch) = &lent.record {
                    take_named(batch, fold, &mut sought, &mut known);
                }
                if sought.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        }
        if sought.is_empty() { Ok(known) } else { Err(gone(partition, "lost events while it was read".to_owned())) }
    }

    fn go_on(&self) -> Result<(), EvidenceError> {
        if (self.wanted)() { Ok(()) } else { Err(EvidenceError::Abandoned) }
    }
}

/// Moves the shares of a batch's events from those that are sought to those that are known. The same content under the same version
/// may have come several times; it says the same each time.
fn take_named(batch: &Batch<'_>, fold: &mut Fold, sought: &mut BTreeMap<FactId, Vec<Share>>, known: &mut Vec<LocatedShare>) {
    for event in &batch.events {
        let identity = fold.tally.identity(&batch.feed, &event.id);
        let Some(shares) = sought.get_mut(&identity) else { continue };
        let check = fold.tally.content_hash(event);
        let found = shares.extract_if(.., |share| share.content_hash == check && Some(share.version) == event.version);
        known.extend(found.map(|share| LocatedShare::new(share, event)));
        if shares.is_empty() {
            sought.remove(&identity);
        }
    }
}

fn gone(partition: u32, why: String) -> EvidenceError {
    EvidenceError::Gone(format!("partition {partition} of events {why}"))
}

//! The rows of sealed months after a restart. The windows of open months reach back to them.
//!
//! The digest that the sealing run recorded verifies them. Where it differs, publish folds the log again, if the log reaches back
//! far enough.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::record::log_record::{RowKey, Run, SealedDigest};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::Month;

use crate::deployment::Deployment;
use crate::limits::RECORDS_PER_READ;
use crate::log::{Log, LogError};
use crate::publish::published::PublishedState;
use crate::rows::row_versions::RowVersionStore;
use crate::tally::fold::Fold;

/// One month of one partition whose rows differ from the digest of its sealing run.
#[derive(Debug)]
struct MissingRows<'a> {
    run: &'a Run,
    digest: &'a SealedDigest,
}

/// The position of the tick that sealed each month, by partition.
pub(crate) fn sealing_positions(published: &PublishedState) -> BTreeMap<(u32, Month), u64> {
    let of = |run: &Run, sealed: &SealedDigest| run.positions.get(sealed.partition as usize).copied();
    let months = published.sealing.values().flat_map(|run| run.sealed.iter().map(move |s| (run, s)));
    months.filter_map(|(run, s)| Some(((s.partition, s.month), of(run, s)?))).collect()
}

/// Verifies the rows of sealed months and restores missing ones. Returns the months with rows that stay missing.
pub(crate) fn restore(
    deployment: &Deployment,
    log: &mut impl Log,
    published: &PublishedState,
    rows: &mut RowVersionStore,
) -> Result<BTreeSet<Month>, LogError> {
    let mut missing_rows: BTreeMap<u32, Vec<MissingRows<'_>>> = BTreeMap::new();
    for (month, run) in &published.sealing {
        for digest in
            run.sealed.iter().filter(|s| s.month == *month && rows.digest_of(s.partition, s.month) != (s.rows, s.digest))
        {
            missing_rows.entry(digest.partition).or_default().push(MissingRows { run, digest });
        }
    }
    let mut missing = BTreeSet::new();
    for (partition, months) in missing_rows {
        let mut found = fold(deployment, log, partition, &months)?;
        for MissingRows { run, digest } in months {
            let Some(folded) = found.remove(&digest.month) else {
                missing.insert(digest.month);
                continue;
            };
            rows.restore(partition, digest.month, folded);
            let comparable = run.measure_set == deployment.measures.hash();
            if comparable && rows.digest_of(partition, digest.month) != (digest.rows, digest.digest) {
                missing.insert(digest.month);
            }
        }
    }
    Ok(missing)
}

/// Folds a partition up to the ticks that sealed these months. Returns the rows of each month at its own tick, without the months
/// of which the log lost events.
fn fold(
    deployment: &Deployment,
    log: &mut impl Log,
    partition: u32,
    months: &[MissingRows<'_>],
) -> Result<BTreeMap<Month, Vec<(RowKey, Sums)>>, LogError> {
    let position = |rows: &MissingRows<'_>| rows.run.positions.get(partition as usize).copied();
    let last = months.iter().filter_map(position).max();
    let mut found = BTreeMap::new();
    let mut fold = Fold::start(deployment, partition, log)?;
    while Some(fold.position) <= last {
        let before = fold.position;
        let Some(tick) = fold.read(log, RECORDS_PER_READ)? else {
            if fold.position == before {
                break;
            }
            continue;
        };
        let state = fold.tally.cut();
        for rows in months.iter().filter(|rows| position(rows) == Some(tick.position)) {
            let month = rows.digest.month;
            if month >= state.open_from {
                let rows = fold.tally.all_rows(&state).filter(|(key, _)| key.month == month);
                found.insert(month, rows.collect());
            }
        }
        fold.tally.settle(tick.at);
    }
    Ok(found)
}

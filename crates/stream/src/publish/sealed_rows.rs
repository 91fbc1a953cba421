//! Rows of sealed months after a restart, for the windows that reach back to them: believed if they are those that the sealing run
//! recorded, else folded from the log anew while it still reaches back far enough.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::record::log_record::{RowKey, Run, SealedDigest};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::Month;

use crate::deployment::Deployment;
use crate::log::{Log, LogError};
use crate::publish::published::PublishedState;
use crate::rows::row_versions::RowVersionStore;
use crate::tally::fold::Fold;

/// One month of one partition that is not what its sealing run recorded.
#[derive(Debug)]
struct MissingRows<'a> {
    run: &'a Run,
    digest: &'a SealedDigest,
}

/// Position of the tick that sealed each month, by partition.
pub(crate) fn positions(published: &PublishedState) -> BTreeMap<(u32, Month), u64> {
    let of = |run: &Run, sealed: &SealedDigest| run.positions.get(sealed.partition as usize).copied();
    let months = published.sealing.values().flat_map(|run| run.sealed.iter().map(move |s| (run, s)));
    months.filter_map(|(run, s)| Some(((s.partition, s.month), of(run, s)?))).collect()
}

/// Verifies the rows of sealed months and restores what is lost. Returns the months of which something stays missing.
pub(crate) fn restore(
    deployment: &Deployment,
    log: &mut impl Log,
    published: &PublishedState,
    rows: &mut RowVersionStore,
) -> Result<BTreeSet<Month>, LogError> {
    let mut lost: BTreeMap<u32, Vec<MissingRows<'_>>> = BTreeMap::new();
    for (month, run) in &published.sealing {
        for digest in
            run.sealed.iter().filter(|s| s.month == *month && rows.digest_of(s.partition, s.month) != (s.rows, s.digest))
        {
            lost.entry(digest.partition).or_default().push(MissingRows { run, digest });
        }
    }
    let mut missing = BTreeSet::new();
    for (partition, months) in lost {
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

/// Folds a partition up to the ticks that sealed these months, and takes the rows of each at its own. Months that the log does not
/// hold whole are left out.
fn fold(
    deployment: &Deployment,
    log: &mut impl Log,
    partition: u32,
    months: &[MissingRows<'_>],
) -> Result<BTreeMap<Month, Vec<(RowKey, Sums)>>, LogError> {
    let position = |lost: &MissingRows<'_>| lost.run.positions.get(partition as usize).copied();
    let last = months.iter().filter_map(position).max();
    let mut found = BTreeMap::new();
    let mut fold = Fold::start(deployment, partition, log)?;
    while Some(fold.position) <= last {
        let before = fold.position;
        let Some(tick) = fold.read(log, 10_000)? else {
            if fold.position == before {
                break;
            }
            continue;
        };
        let state = fold.tally.cut();
        for lost in months.iter().filter(|lost| position(lost) == Some(tick.position)) {
            let month = lost.digest.month;
            if month >= state.open_from {
                let rows = fold.tally.all_rows(&state).filter(|(key, _)| key.month == month);
                found.insert(month, rows.collect());
            }
        }
        fold.tally.settle(tick.at);
    }
    Ok(found)
}

//! The conflicts of a log, read without writing to it.

use scorecard::fold::conflict_list::Conflict;

use crate::deployment::Deployment;
use crate::limits::RECORDS_PER_READ;
use crate::log::{Log, LogError};
use crate::tally::fold::Fold;

/// The latest conflicts of every partition, oldest first.
///
/// # Errors
/// [`LogError`] when the log cannot be read.
pub fn conflicts(deployment: &Deployment, log: &mut impl Log) -> Result<Vec<Conflict>, LogError> {
    let mut found = Vec::new();
    for partition in 0..deployment.partitions {
        let mut fold = Fold::start(deployment, partition, log)?;
        loop {
            let before = fold.position;
            if let Some(tick) = fold.read(log, RECORDS_PER_READ)? {
                fold.tally.cut();
                fold.tally.settle(tick.at);
            }
            if fold.position == before {
                break;
            }
        }
        found.extend(fold.tally.conflicts().iter().cloned());
    }
    found.sort_by(|one, other| (one.received_at, &one.feed, &one.id).cmp(&(other.received_at, &other.feed, &other.id)));
    Ok(found)
}

//! A copy of what is published on Kafka, in a local log with the same offsets: whoever answers for cards looks them up there, and a
//! restart goes on where the copy ends.

use std::ops::ControlFlow;

use stream::log::{CARD_PARTITIONS, Log, LogError, Topic};

use crate::kafka::log::KafkaLog;
use crate::log::local_log::LocalLog;
use crate::process::limits::RECORDS_PER_READ;

/// What is copied. The record that closes a run comes last: cards of a run that is not closed are not shown.
fn partitions() -> impl Iterator<Item = (Topic, u32)> {
    let cards = (0..CARD_PARTITIONS).map(|partition| (Topic::ScorecardRevisions, partition));
    cards.chain([(Topic::PeerGroups, 0), (Topic::Runs, 0)])
}

/// Copies what is new. Returns whether there was anything.
///
/// # Errors
/// [`LogError`] when either log fails.
pub fn copy(from: &mut KafkaLog, to: &mut LocalLog) -> Result<bool, LogError> {
    // The ends are asked for in the other order: what a run that is below the end of `runs` has published is below the others.
    let mut ends = Vec::new();
    for (topic, partition) in partitions().collect::<Vec<_>>().into_iter().rev() {
        ends.push((topic, partition, from.bounds(topic, partition)?.end));
    }
    let mut news = false;
    for (topic, partition, end) in ends.into_iter().rev() {
        let mut next = to.bounds(topic, partition)?.end;
        while next < end {
            let mut result = Ok(());
            let read = from.read(topic, partition, next, RECORDS_PER_READ, &mut |lent| {
                result = to.put(topic, partition, &lent);
                news = true;
                if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            result?;
            to.flush()?;
            if read == next {
                break;
            }
            next = read;
        }
    }
    Ok(news)
}

//! A copy of the published topics of Kafka in a local log, with the same offsets. A process that serves cards looks them up there. After
//! a restart it continues at the end of the copy.

use std::ops::ControlFlow;

use stream::log::{CARD_PARTITIONS, Log, LogError, Topic};
use stream::log_loss::{LogLoss, Reliance};

use crate::kafka::log::KafkaLog;
use crate::log::local_log::LocalLog;
use crate::process::limits::RECORDS_PER_READ;

/// The copied partitions. `runs` is the last: the index shows cards only after the record that closes their run.
fn partitions() -> impl Iterator<Item = (Topic, u32)> {
    let cards = (0..CARD_PARTITIONS).map(|partition| (Topic::ScorecardRevisions, partition));
    cards.chain([(Topic::PeerGroups, 0), (Topic::Runs, 0)])
}

/// Copies new records. Returns whether there were any.
///
/// # Errors
/// [`LogError`] when either log fails.
pub fn copy(from: &mut KafkaLog, to: &mut LocalLog) -> Result<bool, LogError> {
    // Ends are read in reverse order: all cards of a run below the end of `runs` are then below the end of their topics.
    let mut ends = Vec::new();
    for (topic, partition) in partitions().collect::<Vec<_>>().into_iter().rev() {
        ends.push((topic, partition, from.bounds(topic, partition)?.end));
    }
    let mut copied = false;
    for (topic, partition, end) in ends.into_iter().rev() {
        let mut next = to.bounds(topic, partition)?.end;
        if let Some(position) = next.checked_sub(1).filter(|last| end <= *last) {
            let reliance = Reliance::Task;
            return Err(LogLoss::End { topic: topic.name(), partition, end, position, reliance }.into());
        }
        while next < end {
            let mut result = Ok(());
            let read = from.read(topic, partition, next, RECORDS_PER_READ, &mut |lent| {
                result = to.put(topic, partition, &lent);
                copied = true;
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
    Ok(copied)
}

//! A copy of the records that no task can compute again, from an older log into a new one: events, registry, rejects. Offsets, keys and
//! append times stay, so that every cut has the same events before it.

use std::ops::ControlFlow;

use anyhow::Result;
use scorecard::record::log_record::{Genesis, Record};
use stream::log::{Log, LogEntry, Topic};

use crate::log::local_log::LocalLog;
use crate::process::interrupt::Interrupt;
use crate::process::limits::RECORDS_PER_READ;

/// The number of copied records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyCounts {
    /// Events in batches; every version and every copy counts.
    pub events: u64,
    /// Entries of the registry.
    pub entries: u64,
    /// Rejects.
    pub rejects: u64,
    /// Records that this version cannot read. The older version did not count them either.
    pub undecodable: u64,
}

/// Whether tally and publish compute the records of a topic.
fn is_computed(topic: Topic) -> bool {
    matches!(
        topic,
        Topic::ClinicianMonths
            | Topic::Scorecards
            | Topic::ScorecardRevisions
            | Topic::PeerGroups
            | Topic::PeerSnapshots
            | Topic::Runs
    )
}

/// Copies every topic that no task computes. The genesis record of the copy is `genesis`.
///
/// # Errors
/// When a log fails, or the copy is interrupted ([`crate::process::interrupt::CleanStop`]).
pub fn copy(from: &mut LocalLog, to: &mut LocalLog, genesis: &Genesis, interrupt: &Interrupt) -> Result<CopyCounts> {
    let mut counts = CopyCounts::default();
    for topic in Topic::ALL.into_iter().filter(|topic| !is_computed(*topic)) {
        for partition in from.partitions(topic) {
            copy_partition(from, to, (topic, partition), genesis, &mut counts, interrupt)?;
        }
    }
    to.flush()?;
    Ok(counts)
}

fn copy_partition(
    from: &mut LocalLog,
    to: &mut LocalLog,
    (topic, partition): (Topic, u32),
    genesis: &Genesis,
    counts: &mut CopyCounts,
    interrupt: &Interrupt,
) -> Result<()> {
    let mut next = from.bounds(topic, partition)?.start;
    loop {
        interrupt.check()?;
        let mut result = Ok(());
        let read = from.read(topic, partition, next, RECORDS_PER_READ, &mut |entry| {
            result = match copied(entry, genesis, counts) {
                Some(entry) => to.put(topic, partition, &entry),
                None => Ok(()),
            };
            if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        result?;
        if read == next {
            return Ok(());
        }
        next = read;
    }
}

/// The entry of the copy; `None` for bytes that this version cannot read.
fn copied<'a>(entry: LogEntry<'a>, genesis: &Genesis, counts: &mut CopyCounts) -> Option<LogEntry<'a>> {
    match &entry.record {
        Record::Genesis(_) => return Some(LogEntry { record: Record::Genesis(genesis.clone()), ..entry }),
        Record::Undecodable(_) => {
            counts.undecodable += 1;
            return None;
        }
        Record::Batch(batch) => counts.events += batch.events.len() as u64,
        Record::Registry(_) => counts.entries += 1,
        Record::Reject(_) => counts.rejects += 1,
        _ => {}
    }
    Some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::local_log::Durability;
    use crate::process::clock::Clock;
    use scorecard::record::log_record::Tick;
    use scorecard::time::calendar::Timestamp;

    fn genesis(format: u32) -> Genesis {
        Genesis {
            format,
            partitions: 2,
            zone: "Europe/London".to_owned(),
            grid_period_seconds: 86_400,
            grid_offset_seconds: 10_800,
            first: Timestamp(5),
            permanent_key: "p".to_owned(),
            patient_keys: vec!["q".to_owned()],
        }
    }

    #[test]
    fn offsets_and_append_times_stay_and_the_genesis_record_is_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(Timestamp(0));
        let mut from = LocalLog::open(&dir.path().join("old"), clock.clone(), Durability::Buffered).unwrap();
        let tick = |at| Record::Tick(Tick { at: Timestamp(at) });
        from.append(Topic::Registry, 0, "genesis", &Record::Genesis(genesis(1))).unwrap();
        for at in 1..4 {
            clock.set(Timestamp(at * 10));
            from.append(Topic::Events, 1, "tick", &tick(at)).unwrap();
            from.append(Topic::Registry, 0, "tick", &tick(at)).unwrap();
            from.append(Topic::Runs, 0, "tick", &tick(at)).unwrap();
        }
        from.flush().unwrap();
        let mut to = LocalLog::open(&dir.path().join("new"), Clock::System, Durability::Buffered).unwrap();
        let counts = copy(&mut from, &mut to, &genesis(2), &Interrupt::default()).unwrap();
        assert_eq!(counts, CopyCounts::default(), "ticks and the genesis record are neither events nor entries");
        let all = |log: &mut LocalLog, topic, partition| {
            let mut seen = Vec::new();
            log.read(topic, partition, 0, 100, &mut |entry| {
                seen.push((entry.offset, entry.appended, entry.key.to_owned(), entry.record.into_owned()));
                ControlFlow::Continue(())
            })
            .unwrap();
            seen
        };
        assert_eq!(all(&mut to, Topic::Events, 1), all(&mut from, Topic::Events, 1));
        let (old, new) = (all(&mut from, Topic::Registry, 0), all(&mut to, Topic::Registry, 0));
        assert_eq!(new[0], (0, old[0].1, "genesis".to_owned(), Record::Genesis(genesis(2))));
        assert_eq!(new[1..], old[1..]);
        assert_eq!(to.bounds(Topic::Runs, 0).unwrap(), 0..0, "tasks compute runs again");
    }
}

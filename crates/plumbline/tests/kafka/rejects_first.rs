//! What is refused is stored before its source is told that it was taken: intake is killed between the two.

use std::collections::BTreeSet;

use scorecard::record::log_record::Record;
use stream::log::Topic;

use crate::broker::{Means, shared};
use crate::deployment_under_test::{Line, Plan, Role, WEEKLY};
use crate::dump::Subscriber;
use crate::processes::{Draw, any_seed};
use crate::topic_writer::until;
use crate::traffic_by_cut::{INPUT, network};

const KILLS: usize = 12;
/// So many kills without two between a reject and its acknowledgement would mean that something is wrong with the test.
const MOST_KILLS: usize = 60;
/// Records of one partition for each kill.
const RECORDS: usize = 4_000;

/// After every kill each record below the committed offset has its reject in the log.
pub fn a_refused_record_is_acknowledged_only_after_its_reject_is_stored(means: &Means) {
    let (network, bootstrap) = (network(38), shared(means));
    let first = WEEKLY.at_or_after(network.begins());
    let plan =
        Plan { name: "rejects", bootstrap: &bootstrap, partitions: 2, inputs: vec![INPUT], grid: WEEKLY, first, registry: "" };
    let (line, subscriber) = (Line::new(&plan), Subscriber { python: means.python.clone(), bootstrap: bootstrap.clone() });
    let hand = line.hand();
    let mut draw = Draw(any_seed());
    let (mut produced, mut kills, mut between) = (0, 0, 0);
    while kills < KILLS || between < 2 {
        assert!(kills < MOST_KILLS, "{between} of {kills} kills between a reject and its acknowledgement");
        for number in 0..RECORDS {
            hand.send(INPUT.name, 0, None, Some(format!("this is no event, {number}").as_bytes()));
        }
        hand.flush();
        let before = hand.committed("intake", INPUT.name, 0);
        produced += RECORDS;
        let mut intake = line.start(Role::Intake);
        let rejects_before = hand.end(Topic::Rejects.name(), 0);
        until("intake refuses something", || hand.end(Topic::Rejects.name(), 0) > rejects_before);
        for _ in 0..draw.below(400_000) {
            std::hint::spin_loop();
        }
        intake.kill();
        kills += 1;
        let committed = hand.committed("intake", INPUT.name, 0);
        let refused = refused(&subscriber, &line);
        let lacking = (0..committed).find(|offset| !refused.contains(offset));
        assert_eq!(lacking, None, "of {committed} records that were acknowledged");
        assert!(committed >= before, "{committed} after {before}");
        between += usize::from(refused.iter().next_back().is_some_and(|last| *last >= committed));
    }
    eprintln!("{}{between} of {kills} kills between a reject and its acknowledgement", line.prefix);
    let mut intake = line.start(Role::Intake);
    hand.until_committed("intake", INPUT.name, INPUT.partitions);
    assert_eq!(intake.end().code(), Some(0));
    let refused = refused(&subscriber, &line);
    assert!(refused.iter().copied().eq(0..produced as u64), "{} of {produced}", refused.len());
}

/// Offsets of the input's first partition that have a reject.
fn refused(subscriber: &Subscriber, line: &Line) -> BTreeSet<u64> {
    let dump = subscriber.dump_of(&line.prefix, &[Topic::Rejects]);
    let offset = |record| if let Record::Reject(reject) = record { Some(reject.position.offset) } else { None };
    dump.records(Topic::Rejects).filter_map(|(_, _, record)| offset(record)).collect()
}

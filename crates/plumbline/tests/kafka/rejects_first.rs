//! A reject is stored before the record's offset is committed. Intake is killed between the two.

use std::collections::BTreeSet;

use scorecard::record::log_record::Record;
use stream::log::Topic;

use crate::broker::{TestTools, shared};
use crate::deployment_under_test::{DeploymentPlan, Role, TestDeployment, WEEKLY};
use crate::dump::Subscriber;
use crate::processes::{RandomNumbers, any_seed};
use crate::topic_writer::until;
use crate::traffic_by_cut::{INPUT, network};

const KILLS: usize = 12;
/// After this many kills two must have hit between a reject and its commit, or the test is wrong.
const MOST_KILLS: usize = 60;
/// Records per kill, in one partition.
const RECORDS: usize = 4_000;

/// After every kill, each record below the committed offset has its reject in the log.
pub fn a_rejected_record_is_acknowledged_after_its_reject_is_stored(tools: &TestTools) {
    let (network, bootstrap) = (network(38), shared(tools));
    let first = WEEKLY.at_or_after(network.begins());
    let plan = DeploymentPlan {
        name: "rejects",
        bootstrap: &bootstrap,
        partitions: 2,
        inputs: vec![INPUT],
        grid: WEEKLY,
        first,
        registry: "",
    };
    let (deployment, subscriber) =
        (TestDeployment::new(&plan), Subscriber { python: tools.python.clone(), bootstrap: bootstrap.clone() });
    let writer = deployment.writer();
    let mut random = RandomNumbers(any_seed());
    let (mut produced, mut kills, mut between) = (0, 0, 0);
    while kills < KILLS || between < 2 {
        assert!(kills < MOST_KILLS, "{between} of {kills} kills between a reject and its commit");
        for number in 0..RECORDS {
            writer.send(INPUT.name, 0, None, Some(format!("this is no event, {number}").as_bytes()));
        }
        writer.flush();
        let before = writer.committed("intake", INPUT.name, 0);
        produced += RECORDS;
        let mut intake = deployment.start(Role::Intake);
        let rejects_before = writer.end(Topic::Rejects.name(), 0);
        until("intake rejects a record", || writer.end(Topic::Rejects.name(), 0) > rejects_before);
        for _ in 0..random.below(400_000) {
            std::hint::spin_loop();
        }
        intake.kill();
        kills += 1;
        let committed = writer.committed("intake", INPUT.name, 0);
        let rejected = rejected(&subscriber, &deployment);
        let missing = (0..committed).find(|offset| !rejected.contains(offset));
        assert_eq!(missing, None, "of {committed} committed records");
        assert!(committed >= before, "{committed} after {before}");
        between += usize::from(rejected.iter().next_back().is_some_and(|last| *last >= committed));
    }
    eprintln!("{}{between} of {kills} kills between a reject and its commit", deployment.prefix);
    let mut intake = deployment.start(Role::Intake);
    writer.until_committed("intake", INPUT.name, INPUT.partitions);
    assert_eq!(intake.end().code(), Some(0));
    let rejected = rejected(&subscriber, &deployment);
    assert!(rejected.iter().copied().eq(0..produced as u64), "{} of {produced}", rejected.len());
}

/// Offsets with a reject in the input's first partition.
fn rejected(subscriber: &Subscriber, deployment: &TestDeployment) -> BTreeSet<u64> {
    let dump = subscriber.dump_of(&deployment.prefix, &[Topic::Rejects]);
    let offset = |record| if let Record::Reject(reject) = record { Some(reject.position.offset) } else { None };
    dump.records(Topic::Rejects).filter_map(|(_, _, record)| offset(record)).collect()
}

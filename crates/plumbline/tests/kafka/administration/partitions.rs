//! `events` gets more partitions than the log uses.

use stream::log::Topic;

use crate::accounts::Delivery;
use crate::administration::damaged_deployment::{DamagedDeployment, get};
use crate::broker::TestTools;
use crate::deployment_under_test::Role;

/// Partitions are added while processes run and before they restart: everything goes on, and a metric counts them.
pub fn added_partitions_are_ignored_and_said(tools: &TestTools) {
    let mut damaged = DamagedDeployment::new("more", tools, 47);
    damaged.administrator.extend(Topic::Events, 5);
    damaged.administrator.extend(Topic::ClinicianMonths, 2);
    damaged.traffic.step();
    damaged.restart();
    damaged.traffic.run();
    damaged.processes.all_run();
    let tally = damaged.processes.processes.iter().find(|process| process.role == Role::Tally).expect("it runs");
    let metrics = get(tally, "/metrics").expect("it listens");
    assert!(metrics.contains("plumbline_events_extra_partitions 2\n"), "{metrics}");
    damaged.processes.end();
    damaged.traffic.judge(tools, Delivery::AtLeastOnce);
}

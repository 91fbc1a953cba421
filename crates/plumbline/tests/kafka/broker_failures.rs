//! Three brokers, each of which crashes in turn: nothing is lost and no revision is missing.

use stream::log::Topic;

use crate::accounts::Delivery;
use crate::broker::{Brokers, TestTools};
use crate::processes::ProcessGroup;
use crate::traffic_by_cut::{TrafficRun, network};

/// Kills the leader of the rows that publish reads, then every broker in turn, and with them the coordinators of groups and
/// transactions. Each broker is back before the next kill.
pub fn brokers_crash_one_after_the_other_and_nothing_is_lost(tools: &TestTools) {
    let brokers = Brokers::start(3);
    let mut traffic = TrafficRun::new("cluster", &brokers.bootstrap, network(36));
    let mut processes = ProcessGroup::of(&traffic.deployment, 2);
    traffic.step();
    let leader = traffic.writer.leader(Topic::ClinicianMonths.name(), 0);
    for broker in [leader, 1, 2, 3] {
        let broker = broker.to_string();
        traffic.produce();
        let at = traffic.tick();
        brokers.run(&["kill9", &broker]);
        traffic.writer.until_published(at);
        traffic.step();
        brokers.run(&["restart", &broker]);
        traffic.writer.until_in_sync(Topic::Events.name());
        traffic.step();
    }
    traffic.run();
    processes.all_run();
    processes.end();
    traffic.judge(tools, Delivery::AtLeastOnce);
}

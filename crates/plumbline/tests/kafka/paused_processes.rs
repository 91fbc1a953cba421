//! Processes that are paused for longer than their session timeout and then continue.

use stream::log::Topic;

use crate::accounts::Delivery;
use crate::broker::TestTools;
use crate::processes::start_traffic;
use crate::topic_writer::until;
use crate::traffic_by_cut::PARTITIONS;

/// The active publisher is paused during a cut, and another one takes over and publishes. Then the first one continues.
pub fn a_resumed_publisher_publishes_nothing(tools: &TestTools) {
    let (mut traffic, mut processes) = start_traffic("publisher", tools, 33, 2);
    traffic.step();
    while !traffic.is_over() {
        let rows = Topic::ClinicianMonths.name();
        let active = traffic.writer.until_owned("publish", rows, 0);
        traffic.produce();
        let at = traffic.tick();
        processes.named(&active).signal("-STOP");
        traffic.writer.until_published(at);
        traffic.step();
        until("another publisher has taken over", || {
            traffic.writer.owner("publish", rows, 0).is_some_and(|owner| owner != active)
        });
        traffic.produce();
        let at = traffic.tick();
        // It continues while the other one works.
        processes.named(&active).signal("-CONT");
        traffic.writer.until_published(at);
    }
    traffic.step();
    processes.all_run();
    processes.end();
    traffic.judge(tools, Delivery::AtLeastOnce);
}

/// The owner of a partition of `events` is paused before a tick, and another one takes over and writes its rows. Then the first one
/// continues and writes them again.
pub fn a_resumed_owner_does_no_harm(tools: &TestTools) {
    let (mut traffic, mut processes) = start_traffic("owner", tools, 34, 2);
    traffic.step();
    let mut partition = 0;
    while !traffic.is_over() {
        let events = Topic::Events.name();
        let owner = traffic.writer.until_owned("tally", events, partition);
        traffic.produce();
        processes.named(&owner).signal("-STOP");
        traffic.step();
        until("another owner has taken over", || {
            traffic.writer.owner("tally", events, partition).is_some_and(|other| other != owner)
        });
        traffic.produce();
        let at = traffic.tick();
        processes.named(&owner).signal("-CONT");
        traffic.writer.until_published(at);
        partition = (partition + 1) % PARTITIONS;
    }
    traffic.step();
    processes.all_run();
    processes.end();
    traffic.judge(tools, Delivery::AtLeastOnce);
}

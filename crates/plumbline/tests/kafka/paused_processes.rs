//! Processes that are stopped for longer than their session lasts, and then go on as if nothing had happened.

use stream::log::Topic;

use crate::accounts::Times;
use crate::broker::Means;
use crate::processes::crewed;
use crate::topic_writer::until;
use crate::traffic_by_cut::PARTITIONS;

/// The active publisher is stopped in the middle of a cut, another one takes over and publishes; then the first wakes up.
pub fn a_publisher_that_wakes_up_again_publishes_nothing(means: &Means) {
    let (mut course, mut crew) = crewed("publisher", means, 33, 2);
    course.step();
    while !course.is_over() {
        let rows = Topic::ClinicianMonths.name();
        let active = course.hand.until_owned("publish", rows, 0);
        course.produce();
        let at = course.tick();
        crew.named(&active).signal("-STOP");
        course.hand.until_published(at);
        course.step();
        until("another publisher has taken over", || course.hand.owner("publish", rows, 0).is_some_and(|owner| owner != active));
        course.produce();
        let at = course.tick();
        // It wakes up while the other one works.
        crew.named(&active).signal("-CONT");
        course.hand.until_published(at);
    }
    course.step();
    crew.all_run();
    crew.end();
    course.judge(means, Times::OnceOrMore);
}

/// The owner of a partition of events is stopped before a tick, another one takes over and writes its rows; then the first wakes up
/// and writes them again.
pub fn an_owner_that_wakes_up_again_does_no_harm(means: &Means) {
    let (mut course, mut crew) = crewed("owner", means, 34, 2);
    course.step();
    let mut partition = 0;
    while !course.is_over() {
        let events = Topic::Events.name();
        let owner = course.hand.until_owned("tally", events, partition);
        course.produce();
        crew.named(&owner).signal("-STOP");
        course.step();
        until("another owner has taken over", || {
            course.hand.owner("tally", events, partition).is_some_and(|other| other != owner)
        });
        course.produce();
        let at = course.tick();
        crew.named(&owner).signal("-CONT");
        course.hand.until_published(at);
        partition = (partition + 1) % PARTITIONS;
    }
    course.step();
    crew.all_run();
    crew.end();
    course.judge(means, Times::OnceOrMore);
}

//! Three brokers, and any of them dies: nothing is lost and no revision is missing.

use stream::log::Topic;

use crate::accounts::Times;
use crate::broker::{Brokers, Means};
use crate::processes::Crew;
use crate::traffic_by_cut::{Course, network};

/// The leader of what publish reads is killed, and all brokers in turn, the coordinators of groups and transactions among them; each
/// comes back before the next one dies.
pub fn brokers_die_one_after_the_other_and_nothing_is_lost(means: &Means) {
    let brokers = Brokers::start(3);
    let mut course = Course::new("cluster", &brokers.bootstrap, network(36));
    let mut crew = Crew::of(&course.line, 2);
    course.step();
    let leader = course.hand.leader(Topic::ClinicianMonths.name(), 0);
    for broker in [leader, 1, 2, 3] {
        let broker = broker.to_string();
        course.produce();
        let at = course.tick();
        brokers.does(&["kill9", &broker]);
        course.hand.until_published(at);
        course.step();
        brokers.does(&["restart", &broker]);
        course.hand.until_in_sync(Topic::Events.name());
        course.step();
    }
    course.run();
    crew.all_run();
    crew.end();
    course.judge(means, Times::OnceOrMore);
}

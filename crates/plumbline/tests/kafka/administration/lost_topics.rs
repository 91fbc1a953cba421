//! The registry, the runs and the cards are deleted and created again.

use std::thread;
use std::time::Duration;

use stream::log::Topic;

use crate::administration::damaged_deployment::DamagedDeployment;
use crate::broker::TestTools;
use crate::deployment_under_test::Role;

const TEMPTATION: Duration = Duration::from_secs(10);

/// The registry is created again while processes run, and filled with its records up to the first tick of publish.
pub fn a_registry_that_was_created_again_stops_publication(tools: &TestTools) {
    let mut damaged = DamagedDeployment::new("registry", tools, 45);
    damaged.create_again(Topic::Registry, |_, offset| offset < 20);
    damaged.until_said(Role::Publish, &["registry lost its end", "docs/operate/runbook.md#the-registry-is-gone"]);
    damaged.go_on(1);
    thread::sleep(TEMPTATION);
    damaged.assert_nothing_published();
}

/// Without run records the publisher would begin again with the first cut.
pub fn lost_run_records_stop_publication(tools: &TestTools) {
    let mut damaged = DamagedDeployment::new("runs", tools, 46);
    let runs = damaged.before.runs().len();
    damaged.create_again(Topic::Runs, |_, _| false);
    damaged.restart();
    damaged.until_said(Role::Publish, &["runs lost its end", "docs/operate/runbook.md#published-topics-are-gone"]);
    damaged.go_on(1);
    thread::sleep(TEMPTATION);
    let after = damaged.dump();
    assert_eq!((after.runs().len(), after.revisions().len()), (0, damaged.before.revisions().len()), "of {runs} runs");
}

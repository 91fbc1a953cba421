//! `events` loses its end, its records or its beginning.

use std::thread;
use std::time::Duration;

use stream::log::Topic;

use crate::administration::damaged_deployment::{DamagedDeployment, newest, readyz};
use crate::broker::TestTools;
use crate::deployment_under_test::Role;

/// Time in which a process that did not notice the loss would publish.
const TEMPTATION: Duration = Duration::from_secs(15);
const CURE: &str = "docs/operate/runbook.md#";

/// Damage while processes run, then further traffic, then a restart: nothing is published at any of these moments.
fn nothing_is_published(mut damaged: DamagedDeployment, words: &[&str]) {
    for role in [Role::Tally, Role::Publish] {
        damaged.until_said(role, words);
    }
    damaged.go_on(2);
    thread::sleep(TEMPTATION);
    damaged.assert_nothing_published();
    damaged.restart();
    for role in [Role::Tally, Role::Publish] {
        damaged.until_said(role, words);
    }
    thread::sleep(TEMPTATION);
    damaged.assert_nothing_published();
    damaged.processes.all_run();
}

/// `events` is deleted and created again, empty.
pub fn an_empty_events_topic_overwrites_no_card(tools: &TestTools) {
    let damaged = DamagedDeployment::new("again", tools, 41);
    damaged.create_again(Topic::Events, |_, _| false);
    nothing_is_published(damaged, &["events", CURE]);
}

/// `events` loses the last third of each partition.
pub fn a_truncated_events_topic_overwrites_no_card(tools: &TestTools) {
    let damaged = DamagedDeployment::new("tail", tools, 42);
    let ends: Vec<u64> = (0..3).map(|partition| damaged.end(partition)).collect();
    damaged.create_again(Topic::Events, |partition, offset| offset < ends[partition as usize] * 2 / 3);
    nothing_is_published(damaged, &["events lost its end", "offset", CURE]);
}

/// `events` is created again and filled beyond its former end, with one record of each partition missing.
pub fn other_records_beyond_the_former_end_overwrite_no_card(tools: &TestTools) {
    let damaged = DamagedDeployment::new("other", tools, 43);
    damaged.processes.processes.iter().for_each(|process| process.signal("-STOP"));
    damaged.create_again(Topic::Events, |_, offset| offset != 1);
    // The copy is filled twice, so it ends beyond every position that was read.
    damaged.administrator.fill(Topic::Events, &damaged.before, |_, _| true);
    damaged.processes.processes.iter().for_each(|process| process.signal("-CONT"));
    nothing_is_published(damaged, &["events", CURE]);
}

/// The first half of each partition is deleted. Cards of months that are no longer whole keep their values; the others go on.
pub fn a_lost_beginning_is_said_and_makes_no_card_worse(tools: &TestTools) {
    let mut damaged = DamagedDeployment::new("begin", tools, 44);
    for partition in 0..3 {
        let half = i64::try_from(damaged.end(partition) / 2).expect("small");
        damaged.administrator.delete_before(Topic::Events, i32::try_from(partition).expect("small"), half);
    }
    damaged.restart();
    damaged.traffic.step();
    damaged.traffic.step();
    let tally = damaged.processes.processes.iter().find(|process| process.role == Role::Tally).expect("it runs");
    let answer = readyz(tally).expect("it listens");
    assert!(answer.contains("\"months_whole_from\":\"20"), "{answer}");
    let (before, after) = (newest(&damaged.before), newest(&damaged.judged()));
    assert!(damaged.judged().runs().len() > damaged.before.runs().len(), "publication goes on");
    for (key, card) in &before {
        let encounters =
            |card: &scorecard::card::scorecard::Scorecard| card.content.exposure.first().map_or(0, |one| one.encounters);
        assert!(encounters(&after[key]) >= encounters(card), "{key} got worse");
    }
    damaged.processes.all_run();
}

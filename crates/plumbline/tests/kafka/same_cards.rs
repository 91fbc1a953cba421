//! One instance and three publish the oracle's cards, with the same bytes.

use std::collections::BTreeMap;

use scorecard::card::scorecard::Scorecard;
use stream::log::Topic;

use crate::accounts::Delivery;
use crate::broker::TestTools;
use crate::dump::Dump;
use crate::processes::start_traffic;

/// One instance of each role, then three of each: both publish the oracle's cards, with the same bytes.
pub fn one_instance_and_three_publish_the_oracles_cards_and_the_same_bytes(tools: &TestTools) {
    let (mut traffic, processes) = start_traffic("one", tools, 31, 1);
    traffic.run();
    processes.end();
    let one = traffic.judge(tools, Delivery::ExactlyOnce);
    let (mut traffic, mut processes) = start_traffic("three", tools, 31, 3);
    traffic.run();
    processes.all_run();
    processes.end();
    let three = traffic.judge(tools, Delivery::AtLeastOnce);
    let (one, three) = (cards(&one), cards(&three));
    assert_eq!(one.keys().collect::<Vec<_>>(), three.keys().collect::<Vec<_>>());
    for (at, bytes) in &one {
        assert!(three[at] == *bytes, "{at:?}: one instance published {bytes:?}, three {:?}", three[at]);
    }
}

/// Every revision by key and number.
fn cards(dump: &Dump) -> BTreeMap<(String, u32), Scorecard> {
    let cards = dump.revisions().into_iter();
    assert!(dump.stored(Topic::Scorecards).count() > 0);
    cards.map(|card| ((card.key(), card.revision), card)).collect()
}

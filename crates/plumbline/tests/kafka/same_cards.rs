//! Whatever the number of instances, real topics give the oracle's cards, and the same bytes.

use std::collections::BTreeMap;

use scorecard::card::scorecard::Scorecard;
use stream::log::Topic;

use crate::accounts::Times;
use crate::broker::Means;
use crate::dump::Dump;
use crate::processes::crewed;

/// One instance of each role and three of each: the oracle's cards both times, and the same bytes.
pub fn one_instance_and_three_publish_the_oracles_cards_and_the_same_bytes(means: &Means) {
    let (mut course, crew) = crewed("one", means, 31, 1);
    course.run();
    crew.end();
    let one = course.judge(means, Times::Once);
    let (mut course, mut crew) = crewed("three", means, 31, 3);
    course.run();
    crew.all_run();
    crew.end();
    let three = course.judge(means, Times::OnceOrMore);
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

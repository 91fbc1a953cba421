//! A run on its way: cards, peer groups and snapshots, to be appended in one transaction with the record that closes them.

use std::collections::BTreeMap;

use scorecard::calendar::Month;
use scorecard::card::Scorecard;
use scorecard::fingerprint::group_fingerprint;
use scorecard::peer_table::PeerTable;
use scorecard::peers::{PeerGroup, PeerKey, PeerSnapshot};
use scorecard::record::{Record, Run};
use scorecard::thresholds::{Thresholds, holds_thresholds};
use scorecard::unit::UnitKey;

use crate::log::{CARD_PARTITIONS, Outgoing, Topic};
use crate::month_cards::Phase;
use crate::partition::partition_of;
use crate::published::LastRevision;

/// What a run publishes.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub cards: Vec<Scorecard>,
    pub groups: Vec<PeerGroup>,
    pub snapshots: Vec<PeerSnapshot>,
    /// Peers that this run freezes.
    pub frozen: BTreeMap<Month, PeerTable>,
    /// Thresholds that this run freezes, by the first month of their quarter.
    pub thresholds: BTreeMap<Month, Thresholds>,
}

/// What publish has to remember of a run once it is out.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub revisions: Vec<(Month, UnitKey, LastRevision)>,
    pub groups: Vec<(PeerKey, u128)>,
    pub frozen: BTreeMap<Month, PeerTable>,
    pub thresholds: BTreeMap<Month, Thresholds>,
}

impl Draft {
    /// What is to be remembered of it.
    pub(crate) fn news(&mut self) -> News {
        let revision = |card: &Scorecard| (card.content.period.month, LastRevision::unit(card), LastRevision::of(card));
        let compared = || self.groups.iter().filter(|group| !holds_thresholds(group));
        News {
            revisions: self.cards.iter().map(revision).collect(),
            groups: compared().map(|group| (group.key.clone(), group_fingerprint(group))).collect(),
            frozen: std::mem::take(&mut self.frozen),
            thresholds: std::mem::take(&mut self.thresholds),
        }
    }

    /// Adds the groups of a table that differ from what was published of them, and the members of frozen ones.
    pub(crate) fn keep_peers(&mut self, table: &PeerTable, phase: Phase, published: &BTreeMap<PeerKey, u128>) {
        let news = |group: &&PeerGroup| phase != Phase::Open || published.get(&group.key) != Some(&group_fingerprint(group));
        self.groups.extend(table.groups().filter(news).cloned());
        if phase != Phase::Open {
            self.snapshots.extend(table.snapshots());
        }
    }

    /// Adds the thresholds of the quarter that begins with this month.
    pub(crate) fn keep_thresholds(&mut self, quarter: Month, thresholds: Thresholds) {
        self.groups.extend(thresholds.groups().cloned());
        self.thresholds.insert(quarter, thresholds);
    }

    /// The records of the transaction, the run record last.
    pub(crate) fn into_records(self, run: &Run) -> Vec<Outgoing> {
        let mut records = Vec::with_capacity(self.cards.len() * 2 + self.groups.len() + self.snapshots.len() + 1);
        for group in self.groups {
            let key = peer_key(&group.key);
            records.push(one(Topic::PeerGroups, 0, key, Record::PeerGroup(Box::new(group))));
        }
        for snapshot in self.snapshots {
            let key = format!("{}|{}", peer_key(&snapshot.key), snapshot.chunk);
            records.push(one(Topic::PeerSnapshots, 0, key, Record::PeerSnapshot(snapshot)));
        }
        for card in self.cards {
            let key = card.key();
            let partition = partition_of(&key, CARD_PARTITIONS);
            let record = Record::Scorecard(Box::new(card));
            records.push(one(Topic::ScorecardRevisions, partition, key.clone(), record.clone()));
            records.push(one(Topic::Scorecards, partition, key, record));
        }
        records.push(one(Topic::Runs, 0, run.at.to_string(), Record::Run(run.clone())));
        records
    }
}

fn one(topic: Topic, partition: u32, key: String, record: Record<'static>) -> Outgoing {
    Outgoing { topic, partition, key, record }
}

fn peer_key(key: &PeerKey) -> String {
    let encode = |part: &str| part.replace('%', "%25").replace('|', "%7C");
    let level = match key.level {
        scorecard::peers::Level::Practice => "practice",
        scorecard::peers::Level::Pcn => "pcn",
        scorecard::peers::Level::Locality => "locality",
        scorecard::peers::Level::Network => "network",
    };
    format!("{}|{}|{}|{level}|{}|{}", key.measure, key.window, encode(&key.role), encode(&key.group), key.month)
}

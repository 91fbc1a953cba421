//! A run on its way: its records go into one transaction one after the other, and what publish has to remember of it stays here.

use std::collections::BTreeMap;

use scorecard::card::fingerprint::group_fingerprint;
use scorecard::card::peer_group::{PeerGroup, PeerKey};
use scorecard::card::scorecard::Scorecard;
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::roster::Roster;
use scorecard::peer_group::thresholds::Thresholds;
use scorecard::peer_group::unit::UnitKey;
use scorecard::record::log_record::{Record, Run};
use scorecard::time::calendar::Month;

use crate::log::{CARD_PARTITIONS, LogError, Put, Topic};
use crate::partition::partition_of;
use crate::publish::published::LastRevision;

/// What publish has to remember of a run once it is out.
#[derive(Debug, Default)]
pub(crate) struct RunEffects {
    pub revisions: Vec<(Month, UnitKey, LastRevision)>,
    pub groups: Vec<(PeerKey, u128)>,
    /// Peers that this run freezes.
    pub frozen: BTreeMap<Month, PeerTable>,
    /// Thresholds that this run freezes, by the first month of their quarter.
    pub thresholds: BTreeMap<Month, Thresholds>,
}

/// A run that is being published. The cards of a large practice network take gigabytes, so each is let go as soon as it is put.
pub(crate) struct RunWriter<'d, 'p> {
    put: &'d mut Put<'p>,
    pub news: RunEffects,
}

impl<'d, 'p> RunWriter<'d, 'p> {
    /// A run of which nothing is put yet.
    pub(crate) fn new(put: &'d mut Put<'p>) -> RunWriter<'d, 'p> {
        RunWriter { put, news: RunEffects::default() }
    }

    /// Puts a revision of a card.
    pub(crate) fn card(&mut self, card: Scorecard) -> Result<(), LogError> {
        self.news.revisions.push((card.content.period.month, LastRevision::unit(&card), LastRevision::of(&card)));
        let key = card.key();
        let partition = partition_of(&key, CARD_PARTITIONS);
        let record = Record::Scorecard(Box::new(card));
        (self.put)(Topic::ScorecardRevisions, partition, &key, &record)?;
        (self.put)(Topic::Scorecards, partition, &key, &record)
    }

    /// Puts the groups that differ from what was published of them: among those that the cut made anew.
    pub(crate) fn peers(&mut self, roster: &Roster, published: &BTreeMap<PeerKey, u128>) -> Result<(), LogError> {
        for group in roster.fresh() {
            let fingerprint = group_fingerprint(group);
            if published.get(&group.key) != Some(&fingerprint) {
                self.news.groups.push((group.key.clone(), fingerprint));
                self.group(group)?;
            }
        }
        Ok(())
    }

    /// Puts the groups of a month and their members, which stay from now on.
    pub(crate) fn freeze(&mut self, month: Month, table: PeerTable) -> Result<(), LogError> {
        for group in table.groups() {
            self.news.groups.push((group.key.clone(), group_fingerprint(group)));
            self.group(group)?;
        }
        for snapshot in table.snapshots() {
            let key = format!("{}|{}", peer_key(&snapshot.key), snapshot.chunk);
            (self.put)(Topic::PeerSnapshots, 0, &key, &Record::PeerSnapshot(snapshot))?;
        }
        self.news.frozen.insert(month, table);
        Ok(())
    }

    /// Puts the thresholds of the quarter that begins with this month.
    pub(crate) fn thresholds(&mut self, quarter: Month, thresholds: Thresholds) -> Result<(), LogError> {
        thresholds.groups().try_for_each(|group| self.group(group))?;
        self.news.thresholds.insert(quarter, thresholds);
        Ok(())
    }

    fn group(&mut self, group: &PeerGroup) -> Result<(), LogError> {
        (self.put)(Topic::PeerGroups, 0, &peer_key(&group.key), &Record::PeerGroup(Box::new(group.clone())))
    }

    /// Puts the record that closes the run.
    pub(crate) fn close(&mut self, run: &Run) -> Result<(), LogError> {
        (self.put)(Topic::Runs, 0, &run.at.to_string(), &Record::Run(run.clone()))
    }
}

fn peer_key(key: &PeerKey) -> String {
    let encode = |part: &str| part.replace('%', "%25").replace('|', "%7C");
    let level = match key.level {
        scorecard::card::peer_group::Level::Practice => "practice",
        scorecard::card::peer_group::Level::Pcn => "pcn",
        scorecard::card::peer_group::Level::Locality => "locality",
        scorecard::card::peer_group::Level::Network => "network",
    };
    format!("{}|{}|{}|{level}|{}|{}", key.measure, key.window, encode(&key.role), encode(&key.group), key.month)
}

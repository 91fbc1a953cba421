//! The writer of a run: it puts the records of the run into one transaction and keeps their effects on the published state.

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

/// The changes of a run to the published state, applied once the run is committed.
#[derive(Debug, Default)]
pub(crate) struct RunEffects {
    pub revisions: Vec<(Month, UnitKey, LastRevision)>,
    pub groups: Vec<(PeerKey, u128)>,
    /// Peer groups that this run freezes.
    pub frozen: BTreeMap<Month, PeerTable>,
    /// Thresholds that this run freezes, by the first month of their quarter.
    pub thresholds: BTreeMap<Month, Thresholds>,
}

/// Writes the records of one run. It keeps no card: the cards of a large practice network take gigabytes.
pub(crate) struct RunWriter<'d, 'p> {
    put: &'d mut Put<'p>,
    pub effects: RunEffects,
}

impl<'d, 'p> RunWriter<'d, 'p> {
    pub(crate) fn new(put: &'d mut Put<'p>) -> RunWriter<'d, 'p> {
        RunWriter { put, effects: RunEffects::default() }
    }

    /// Writes a revision of a card.
    pub(crate) fn write_card(&mut self, card: Scorecard) -> Result<(), LogError> {
        self.effects.revisions.push((card.content.period.month, LastRevision::unit(&card), LastRevision::of(&card)));
        let key = card.key();
        let partition = partition_of(&key, CARD_PARTITIONS);
        let record = Record::Scorecard(Box::new(card));
        (self.put)(Topic::ScorecardRevisions, partition, &key, &record)?;
        (self.put)(Topic::Scorecards, partition, &key, &record)
    }

    /// Writes the recomputed groups of a roster that differ from the published ones.
    pub(crate) fn write_changed_groups(&mut self, roster: &Roster, published: &BTreeMap<PeerKey, u128>) -> Result<(), LogError> {
        for group in roster.fresh() {
            let fingerprint = group_fingerprint(group);
            if published.get(&group.key) != Some(&fingerprint) {
                self.effects.groups.push((group.key.clone(), fingerprint));
                self.write_group(group)?;
            }
        }
        Ok(())
    }

    /// Writes the groups of a month that becomes final, and their members. Neither changes again.
    pub(crate) fn write_frozen_groups(&mut self, month: Month, table: PeerTable) -> Result<(), LogError> {
        for group in table.groups() {
            self.effects.groups.push((group.key.clone(), group_fingerprint(group)));
            self.write_group(group)?;
        }
        for snapshot in table.snapshots() {
            let key = format!("{}|{}", peer_key(&snapshot.key), snapshot.chunk);
            (self.put)(Topic::PeerSnapshots, 0, &key, &Record::PeerSnapshot(snapshot))?;
        }
        self.effects.frozen.insert(month, table);
        Ok(())
    }

    /// Writes the thresholds of the quarter that begins with this month.
    pub(crate) fn write_thresholds(&mut self, quarter: Month, thresholds: Thresholds) -> Result<(), LogError> {
        thresholds.groups().try_for_each(|group| self.write_group(group))?;
        self.effects.thresholds.insert(quarter, thresholds);
        Ok(())
    }

    fn write_group(&mut self, group: &PeerGroup) -> Result<(), LogError> {
        (self.put)(Topic::PeerGroups, 0, &peer_key(&group.key), &Record::PeerGroup(Box::new(group.clone())))
    }

    /// Writes the run record, the last of the transaction.
    pub(crate) fn write_run(&mut self, run: &Run) -> Result<(), LogError> {
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

//! The writer of a run: it puts the records of the run into one transaction and keeps their effects on the published state.

use std::collections::BTreeMap;

use scorecard::card::fingerprint::group_fingerprint;
use scorecard::card::peer_snapshot::{PeerSnapshot, Purpose};
use scorecard::card::public_group::{PeerGroup, PeerKey};
use scorecard::card::scorecard::Scorecard;
use scorecard::card::snapshot_id::SnapshotId;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::peer_group::disclosed_figures::public_group;
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::unit::UnitKey;
use scorecard::record::log_record::{Record, Run};
use scorecard::time::calendar::{Month, Timestamp};

use crate::log::{CARD_PARTITIONS, LogError, Put, Topic};
use crate::partition::partition_of;
use crate::publish::coverage_pool::CoveragePool;
use crate::publish::published::LastRevision;

/// The changes of a run to the published state, applied once the run is committed.
#[derive(Debug, Default)]
pub(crate) struct RunEffects {
    pub revisions: Vec<(Month, UnitKey, LastRevision)>,
    /// The coverages of these revisions.
    coverages: CoveragePool,
    pub groups: Vec<(PeerKey, u128)>,
    /// Peers that this run forms or freezes.
    pub peers: BTreeMap<Month, PeerTable>,
    /// Figures that this run freezes for the points of a quarter, by its first month.
    pub quarters: BTreeMap<Month, PeerTable>,
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
        let mut last = LastRevision::of(&card);
        self.effects.coverages.share(&mut last.coverage);
        self.effects.revisions.push((card.content.period.month, LastRevision::unit(&card), last));
        let key = card.key();
        let partition = partition_of(&key, CARD_PARTITIONS);
        let record = Record::Scorecard(Box::new(card));
        (self.put)(Topic::ScorecardRevisions, partition, &key, &record)?;
        (self.put)(Topic::Scorecards, partition, &key, &record)
    }

    /// Writes a new version of a month's groups: their snapshots, and the public groups that differ from the published ones.
    pub(crate) fn write_peers(
        &mut self,
        month: Month,
        at: Timestamp,
        table: PeerTable,
        measures: &MeasureSet,
        published: &BTreeMap<PeerKey, u128>,
    ) -> Result<(), LogError> {
        self.write_snapshots(&table)?;
        let mut gone: Vec<&PeerKey> = published.keys().filter(|key| key.month == month).collect();
        for network in table.networks() {
            let Some(measure) = measures.measures().iter().find(|measure| measure.name() == *network.key.measure) else {
                continue;
            };
            gone.retain(|key| **key != network.key);
            let group = public_group(measure, network);
            if group.members > 0 || published.contains_key(&group.key) {
                self.write_group(group, published)?;
            }
        }
        gone.into_iter().try_for_each(|key| self.write_group(empty_group(key, at), published))?;
        self.effects.peers.insert(month, table);
        Ok(())
    }

    /// Writes the figures for the points of the quarter that begins with this month.
    pub(crate) fn write_quarter(&mut self, quarter: Month, table: PeerTable) -> Result<(), LogError> {
        self.write_snapshots(&table)?;
        self.effects.quarters.insert(quarter, table);
        Ok(())
    }

    fn write_snapshots(&mut self, table: &PeerTable) -> Result<(), LogError> {
        for snapshot in table.networks().flat_map(|network| network.chunks().collect::<Vec<_>>()) {
            (self.put)(Topic::PeerSnapshots, 0, &snapshot_key(&snapshot), &Record::PeerSnapshot(snapshot))?;
        }
        Ok(())
    }

    fn write_group(&mut self, group: PeerGroup, published: &BTreeMap<PeerKey, u128>) -> Result<(), LogError> {
        let fingerprint = group_fingerprint(&group);
        if published.get(&group.key) == Some(&fingerprint) {
            return Ok(());
        }
        self.effects.groups.push((group.key.clone(), fingerprint));
        (self.put)(Topic::PeerGroups, 0, &peer_key(&group.key), &Record::PeerGroup(Box::new(group)))
    }

    /// Writes the run record, the last of the transaction.
    pub(crate) fn write_run(&mut self, run: &Run) -> Result<(), LogError> {
        (self.put)(Topic::Runs, 0, &run.at.to_string(), &Record::Run(run.clone()))
    }
}

/// The record of a group that lost its last member.
fn empty_group(key: &PeerKey, as_of: Timestamp) -> PeerGroup {
    PeerGroup {
        key: key.clone(),
        snapshot_id: SnapshotId::default(),
        as_of,
        frozen: false,
        members: 0,
        typical: None,
        median: None,
        p25: None,
        p75: None,
        deciles: Vec::new(),
        quantiles: Vec::new(),
    }
}

fn peer_key(key: &PeerKey) -> String {
    let role = key.role.replace('%', "%25").replace('|', "%7C");
    format!("{}|{}|{role}|{}", key.measure, key.window, key.month)
}

fn snapshot_key(snapshot: &PeerSnapshot) -> String {
    let purpose = match snapshot.purpose {
        Purpose::Month => "month",
        Purpose::Quarter => "quarter",
    };
    format!("{}|{purpose}|{}", peer_key(&snapshot.key), snapshot.chunk)
}

//! The peer groups of one month. A table read from the internal topic gives the same comparisons, bit for bit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::card::peer_snapshot::{PeerSnapshot, Purpose};
use crate::card::public_group::PeerKey;
use crate::peer_group::peer_network::{BadSnapshot, PeerNetwork};

/// All peer groups of one month, or the figures of one quarter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeerTable {
    /// By measure (`id@version`) and compared role.
    networks: BTreeMap<(Arc<str>, Arc<str>), Arc<PeerNetwork>>,
}

impl PeerTable {
    /// A table of these groups.
    #[must_use]
    pub fn new(networks: impl IntoIterator<Item = PeerNetwork>) -> PeerTable {
        let keyed = |network: PeerNetwork| ((network.key.measure.clone(), network.key.role.clone()), Arc::new(network));
        PeerTable { networks: networks.into_iter().map(keyed).collect() }
    }

    /// Restores a table from the chunks of its groups.
    ///
    /// Every frozen group counts. Without any, the groups of the newest cut count: a group that lost its last member has an older one.
    ///
    /// # Errors
    /// [`BadSnapshot`] for the first group with missing or damaged chunks.
    pub fn of_snapshots(snapshots: impl IntoIterator<Item = PeerSnapshot>) -> Result<PeerTable, BadSnapshot> {
        let mut chunks: BTreeMap<PeerKey, BTreeMap<u32, PeerSnapshot>> = BTreeMap::new();
        for snapshot in snapshots {
            chunks.entry(snapshot.key.clone()).or_default().insert(snapshot.chunk, snapshot);
        }
        let first = |chunks: &BTreeMap<u32, PeerSnapshot>| chunks.get(&0).map(|first| (first.frozen, first.as_of));
        let newest = chunks.values().filter_map(first).max();
        chunks.retain(|_, chunks| match (first(chunks), newest) {
            (Some((frozen, as_of)), Some((any_frozen, newest))) => frozen || (!any_frozen && as_of == newest),
            _ => false,
        });
        let networks: Result<Vec<Option<PeerNetwork>>, BadSnapshot> = chunks.into_values().map(PeerNetwork::of_chunks).collect();
        Ok(PeerTable::new(networks?.into_iter().flatten()))
    }

    /// The same table with all groups frozen.
    #[must_use]
    pub fn frozen(mut self) -> PeerTable {
        self.networks.values_mut().for_each(|network| Arc::make_mut(network).frozen = true);
        self
    }

    /// The figures of this table for the points of the quarter that begins with this month. Members are left out.
    #[must_use]
    pub fn for_quarter(&self, quarter: crate::time::calendar::Month) -> PeerTable {
        let fitted = self.networks.values().filter(|network| network.figures.centre.is_some());
        let networks = fitted.map(|network| {
            let key = PeerKey { month: quarter, ..network.key.clone() };
            let figures = crate::card::peer_snapshot::GroupFigures { season: Vec::new(), ..network.figures.clone() };
            let quarter = PeerNetwork::new(key, network.as_of, figures, Vec::new(), Vec::new());
            PeerNetwork { purpose: Purpose::Quarter, frozen: true, ..quarter }
        });
        PeerTable::new(networks)
    }

    /// This table, and the groups of `other` for further measures (`id@version`): a new measure set freezes its own groups and keeps
    /// the others.
    #[must_use]
    pub fn completed_by(mut self, other: PeerTable) -> PeerTable {
        let known: BTreeSet<Arc<str>> = self.networks.keys().map(|(measure, _)| measure.clone()).collect();
        self.networks.extend(other.networks.into_iter().filter(|((measure, _), _)| !known.contains(measure)));
        self
    }

    /// The groups in order of measure and role.
    pub fn networks(&self) -> impl Iterator<Item = &PeerNetwork> {
        self.networks.values().map(Arc::as_ref)
    }

    /// Every compared role, in order.
    #[must_use]
    pub fn roles(&self) -> BTreeSet<Arc<str>> {
        self.networks.keys().map(|(_, role)| role.clone()).collect()
    }

    /// The group of this measure (`id@version`) and compared role.
    #[must_use]
    pub fn find(&self, measure: &str, role: &str) -> Option<&PeerNetwork> {
        self.networks.get(&(Arc::from(measure), Arc::from(role))).map(Arc::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer_group::peer_network::no_figures;
    use crate::time::calendar::Timestamp;

    fn network(role: &str, measure: &str, at: i64) -> PeerNetwork {
        let key = PeerKey { measure: measure.into(), window: 12, role: role.into(), month: "2026-10".parse().unwrap() };
        PeerNetwork::new(key, Timestamp(at), no_figures(), Vec::new(), vec![(at, 100)])
    }

    fn snapshots(networks: &[PeerNetwork]) -> Vec<PeerSnapshot> {
        networks.iter().flat_map(PeerNetwork::chunks).collect()
    }

    #[test]
    fn a_group_that_the_newest_cut_did_not_form_is_gone() {
        let read = PeerTable::of_snapshots(snapshots(&[network("gp", "a@1", 1), network("nurse", "a@1", 2)])).unwrap();
        assert_eq!(read, PeerTable::new([network("nurse", "a@1", 2)]));
    }

    #[test]
    fn frozen_groups_of_different_cuts_stay_and_unfrozen_ones_are_gone() {
        let frozen = |role, measure, at| PeerNetwork { frozen: true, ..network(role, measure, at) };
        let kept = [frozen("gp", "a@1", 3), frozen("gp", "b@1", 9)];
        let all = [kept[0].clone(), kept[1].clone(), network("nurse", "a@1", 2)];
        assert_eq!(PeerTable::of_snapshots(snapshots(&all)).unwrap(), PeerTable::new(kept));
    }

    #[test]
    fn a_new_measure_adds_its_groups_and_keeps_the_others() {
        let old = PeerTable::new([network("gp", "a@1", 1)]);
        let new = PeerTable::new([network("gp", "a@1", 2), network("gp", "b@1", 2)]);
        let both = old.clone().completed_by(new);
        assert_eq!(both, PeerTable::new([network("gp", "a@1", 1), network("gp", "b@1", 2)]));
        assert_eq!(old.completed_by(PeerTable::default()).networks().count(), 1);
    }
}

//! One unit among its peers: which groups it belongs to, and the one it is shown with.

use crate::card::{Peer, Subject};
use crate::entrants::{compared_role, group_codes};
use crate::peer_table::{LEAST_MEMBERS, NETWORK, PeerTable, Peers};
use crate::peers::Level;
use crate::percentile::{Ratio, percentile};
use crate::round::published;

/// The groups of one unit.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    peers: &'a PeerTable,
    role: String,
    codes: [(Level, Option<&'a str>); 3],
}

impl<'a> Comparison<'a> {
    /// The groups that the subject of a card belongs to.
    #[must_use]
    pub fn of(subject: &'a Subject, peers: &'a PeerTable) -> Comparison<'a> {
        Comparison { peers, role: compared_role(subject), codes: group_codes(subject) }
    }

    /// Everybody of the same role, for a measure (`id@version`) and a window in months.
    #[must_use]
    pub fn network(&self, measure: &str, window: u8) -> Option<&'a Peers> {
        self.peers.find(measure, window, &self.role, Level::Network, NETWORK)
    }

    /// The narrowest group with enough members.
    fn narrowest(&self, measure: &str, window: u8) -> Option<&'a Peers> {
        let below = self.codes.iter().filter_map(|(level, code)| self.peers.find(measure, window, &self.role, *level, (*code)?));
        below.chain(self.network(measure, window)).find(|peers| peers.values.len() >= LEAST_MEMBERS)
    }

    /// The peers as a card shows them to a unit with this ratio.
    #[must_use]
    pub fn peer(&self, name: &str, window: u8, own: Ratio) -> Option<Peer> {
        let Peers { group, values } = self.narrowest(name, window)?;
        let decile = |tenth: usize| group.deciles.get(tenth - 1).copied();
        Some(Peer {
            level: group.key.level,
            group: group.key.group.clone(),
            size: group.size,
            mean: group.mean,
            p10: decile(1),
            p50: decile(5),
            p90: decile(9),
            percentile: percentile(values, own).and_then(published),
            snapshot_id: group.snapshot_id.clone(),
        })
    }
}

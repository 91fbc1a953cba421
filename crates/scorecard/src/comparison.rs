//! One unit among its peers: which groups it belongs to, and the one it is shown with.

use crate::card::{Peer, Subject};
use crate::entrants::{compared_role, group_codes};
use crate::peer_table::{LEAST_MEMBERS, NETWORK, PeerTable, Peers, Place};
use crate::peers::Level;
use crate::percentile::{Ratio, percentile};
use crate::round::published;

/// The groups of one unit.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    peers: &'a PeerTable,
    /// Practice, primary care network, locality.
    below: [Option<Place<'a>>; 3],
    network: Option<Place<'a>>,
}

impl<'a> Comparison<'a> {
    /// The groups that the subject of a card belongs to.
    #[must_use]
    pub fn of(subject: &Subject, peers: &'a PeerTable) -> Comparison<'a> {
        let role = compared_role(subject);
        let below = group_codes(subject).map(|(level, code)| peers.place(&role, level, code?));
        Comparison { peers, below, network: peers.place(&role, Level::Network, NETWORK) }
    }

    /// Where the groups of a measure (`id@version`) and a window in months are found; `None` when there are none.
    #[must_use]
    pub fn column(&self, measure: &str, window: u8) -> Option<usize> {
        self.peers.column(measure, window)
    }

    /// Everybody of the same role.
    #[must_use]
    pub fn network(&self, column: usize) -> Option<&'a Peers> {
        self.network?.group(column)
    }

    /// The narrowest group with enough members.
    fn narrowest(&self, column: usize) -> Option<&'a Peers> {
        let places = self.below.iter().chain([&self.network]).flatten();
        places.filter_map(|place| place.group(column)).find(|peers| peers.values.len() >= LEAST_MEMBERS)
    }

    /// The peers as a card shows them to a unit with this ratio.
    #[must_use]
    pub fn peer(&self, column: usize, own: Ratio) -> Option<Peer> {
        let Peers { group, values } = self.narrowest(column)?;
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

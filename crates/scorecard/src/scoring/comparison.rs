//! One unit among its peers: its groups, and the group that its card shows.

use crate::card::peer_group::Level;
use crate::card::round::published;
use crate::card::scorecard::{Peer, Subject};
use crate::peer_group::peer_candidate::{compared_role, group_codes};
use crate::peer_group::peer_table::{LEAST_MEMBERS, MemberPlace, NETWORK, Peers};
use crate::scoring::benchmark::Benchmarks;
use crate::scoring::peer_position::Network;
use crate::statistics::percentile::percentile;
use crate::sums::ratio::Ratio;

/// The groups of one unit.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// Practice, primary care network, locality and network.
    places: [Option<MemberPlace<'a>>; 4],
    networks: &'a [Option<Network<'a>>],
}

impl<'a> Comparison<'a> {
    /// The groups of a card's subject.
    #[must_use]
    pub fn of(subject: &Subject, benchmarks: &'a Benchmarks<'a>) -> Comparison<'a> {
        let role = compared_role(subject);
        let [practice, pcn, locality] = group_codes(subject);
        let levels = [practice, pcn, locality, (Level::Network, Some(NETWORK))];
        let places = levels.map(|(level, code)| benchmarks.peers.place(&role, level, code?));
        Comparison { places, networks: benchmarks.networks(&role) }
    }

    /// The network of the same role in the headline window of the measure at this index.
    #[must_use]
    pub fn network(&self, measure: usize) -> Option<&'a Network<'a>> {
        self.networks.get(measure)?.as_ref()
    }

    /// The narrowest group with at least [`LEAST_MEMBERS`] members.
    fn narrowest(&self, column: usize) -> Option<&'a Peers> {
        let places = self.places.iter().flatten();
        places.filter_map(|place| place.group(column)).find(|peers| peers.values.len() >= LEAST_MEMBERS)
    }

    /// The peers on the card of a unit with this ratio.
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

//! The groups of one level below the network for the units of a role. Each group has a number that never changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::card::peer_group::Level;
use crate::peer_group::roster_delta::RosterDelta;

/// The levels below the network, narrowest first.
pub(crate) const TIERS: [Level; 3] = [Level::Practice, Level::Pcn, Level::Locality];

/// The groups of one level.
#[derive(Debug, Default)]
pub(crate) struct PeerLevelIndex {
    numbers: BTreeMap<Arc<str>, u32>,
    /// The group of each unit, by index of the unit.
    places: Vec<Option<u32>>,
}

impl PeerLevelIndex {
    /// The number of the group with this code.
    pub(crate) fn number(&mut self, code: &str) -> u32 {
        if let Some(&number) = self.numbers.get(code) {
            return number;
        }
        let number = u32::try_from(self.numbers.len()).expect("fewer groups than units");
        self.numbers.insert(code.into(), number);
        number
    }

    /// The group of the unit at this index.
    pub(crate) fn group(&self, place: u32) -> Option<u32> {
        self.places[place as usize]
    }

    /// Codes and numbers of all groups, in order of their codes.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&Arc<str>, u32)> {
        self.numbers.iter().map(|(code, number)| (code, *number))
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Applies a delta to the groups. `tier` is the index of this level in [`TIERS`].
    pub(crate) fn follow(&mut self, moves: &RosterDelta, tier: usize) {
        moves.apply(&mut self.places, |change| change.groups[tier]);
    }
}

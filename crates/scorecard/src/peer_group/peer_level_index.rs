//! The groups of one level below the network that the units of a role belong to, by numbers that stay.

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
    /// By place of the unit, its group.
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

    /// The group of the unit at this place.
    pub(crate) fn group(&self, place: u32) -> Option<u32> {
        self.places[place as usize]
    }

    /// Codes and numbers of all groups, in order of their codes.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&Arc<str>, u32)> {
        self.numbers.iter().map(|(code, number)| (code, *number))
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Brings the groups to where the units are now; `tier` is its own number among the tiers.
    pub(crate) fn follow(&mut self, moves: &RosterDelta, tier: usize) {
        moves.apply(&mut self.places, |change| change.groups[tier]);
    }
}

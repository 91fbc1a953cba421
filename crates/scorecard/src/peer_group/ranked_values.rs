//! One window of one measure among the units of one role: their values, the order of these, and the groups that they form.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::peer_group::peer_group_builder::PeerGroupBuilder;
use crate::peer_group::peer_level_index::{PeerLevelIndex, TIERS};
use crate::peer_group::peer_table::{LEAST_MEMBERS, Peers};
use crate::peer_group::roster_delta::{Groups, RosterDelta};
use crate::statistics::percentile::rank;
use crate::sums::ratio::{Ratio, in_order};

/// The values of the units of a role, and what is published of them.
#[derive(Debug, Default)]
pub(crate) struct RankedValues {
    /// By place of the unit; (0, 0) where it has none.
    ratios: Vec<Ratio>,
    /// Places of the units that have one, in ascending order of value, ties by denominator, then by place.
    order: Vec<u32>,
    /// By tier and number of the group.
    groups: [Vec<Option<Arc<Peers>>>; TIERS.len()],
    network: Option<Arc<Peers>>,
}

/// What has to be made anew.
#[derive(Debug, Default)]
pub(crate) struct StaleParts {
    /// Groups by tier and number.
    groups: [Vec<bool>; TIERS.len()],
    /// The network, and so anything at all.
    pub network: bool,
}

impl StaleParts {
    fn touch(&mut self, groups: Groups) {
        self.network = true;
        for (touched, group) in self.groups.iter_mut().zip(groups) {
            let Some(group) = group.map(|group| group as usize) else { continue };
            if touched.len() <= group {
                touched.resize(group + 1, false);
            }
            touched[group] = true;
        }
    }
}

impl RankedValues {
    /// The network, if anybody has a value.
    pub(crate) fn network(&self) -> Option<&Arc<Peers>> {
        self.network.as_ref()
    }

    /// The group with this number, if enough have a value.
    pub(crate) fn group(&self, tier: usize, number: u32) -> Option<&Arc<Peers>> {
        self.groups[tier].get(number as usize)?.as_ref()
    }

    /// Brings the values to where the units are now; `value` is that of a unit by its number among the changed ones.
    pub(crate) fn follow(&mut self, moves: &RosterDelta, value: impl Fn(usize) -> Ratio) -> StaleParts {
        let mut touched = StaleParts::default();
        for change in &moves.changes {
            let before = change.before.map_or((0, 0), |place| self.ratios[place as usize]);
            let now = change.now.map_or((0, 0), |_| value(change.number));
            if before != now {
                touched.touch(change.groups);
            }
        }
        if touched.network || !moves.stay() {
            moves.apply(&mut self.ratios, |change| value(change.number));
            self.follow_order(moves);
        }
        touched
    }

    fn follow_order(&mut self, moves: &RosterDelta) {
        let stayed: Vec<u32> = self.order.iter().filter_map(|&place| moves.kept(place)).collect();
        let changed = moves.changes.iter().filter_map(|change| change.now);
        let valued: Vec<u32> = changed.filter(|&place| self.ratios[place as usize].1 > 0).collect();
        let ranked = rank(valued.iter().map(|&place| self.ratios[place as usize]));
        self.order.clear();
        let mut from = 0;
        for place in ranked.into_iter().map(|at| valued[at as usize]) {
            let to = from + stayed[from..].partition_point(|&other| self.compare(other, place) == Ordering::Less);
            self.order.extend_from_slice(&stayed[from..to]);
            self.order.push(place);
            from = to;
        }
        self.order.extend_from_slice(&stayed[from..]);
    }

    fn compare(&self, a: u32, b: u32) -> Ordering {
        in_order(self.ratios[a as usize], self.ratios[b as usize]).then(a.cmp(&b))
    }

    /// Makes anew what was touched, and hands out each group of it that has enough members.
    pub(crate) fn regroup(
        &mut self,
        touched: &StaleParts,
        tiers: &[PeerLevelIndex; 3],
        ranking: &PeerGroupBuilder<'_>,
        fresh: &mut Vec<Arc<Peers>>,
    ) {
        if !touched.network {
            return;
        }
        for (at, tier) in tiers.iter().enumerate() {
            let mut values = self.values(&touched.groups[at], tier);
            let groups = &mut self.groups[at];
            groups.resize(tier.len(), None);
            for (code, number) in tier.groups() {
                let Some(values) = values.get_mut(number as usize).and_then(Option::take) else { continue };
                let group = (values.len() >= LEAST_MEMBERS).then(|| Arc::new(ranking.group(TIERS[at], code.clone(), values)));
                fresh.extend(group.clone());
                groups[number as usize] = group;
            }
        }
        let values: Vec<Ratio> = self.order.iter().map(|&place| self.ratios[place as usize]).collect();
        self.network = (!values.is_empty()).then(|| Arc::new(ranking.network(values, &self.ratios)));
        fresh.extend(self.network.clone());
    }

    /// The values of the members of the touched groups of a tier, in order; by number of the group.
    fn values(&self, touched: &[bool], tier: &PeerLevelIndex) -> Vec<Option<Vec<Ratio>>> {
        let members = || {
            let in_order = self.order.iter().filter_map(|&place| Some((tier.group(place)? as usize, place)));
            in_order.filter(|(number, _)| touched.get(*number).copied().unwrap_or(false))
        };
        let mut sizes = vec![0; touched.len()];
        members().for_each(|(number, _)| sizes[number] += 1);
        // They are held for as long as the group is.
        let of_size = |(touched, size): (&bool, usize)| touched.then(|| Vec::with_capacity(size));
        let mut values: Vec<Option<Vec<Ratio>>> = touched.iter().zip(sizes).map(of_size).collect();
        for (number, place) in members() {
            values[number].get_or_insert_default().push(self.ratios[place as usize]);
        }
        values
    }
}

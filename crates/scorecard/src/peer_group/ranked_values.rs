//! One window of one measure for the units of one role: their values, ranked, and the groups that they form.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::peer_group::peer_group_builder::PeerGroupBuilder;
use crate::peer_group::peer_level_index::{PeerLevelIndex, TIERS};
use crate::peer_group::peer_table::{LEAST_MEMBERS, Peers};
use crate::peer_group::roster_delta::{Groups, RosterDelta};
use crate::statistics::percentile::rank;
use crate::sums::ratio::{Ratio, in_order};

/// The values of the units of a role, and their published groups.
#[derive(Debug, Default)]
pub(crate) struct RankedValues {
    /// By index of the unit; (0, 0) for a unit without a value.
    ratios: Vec<Ratio>,
    /// Indexes of the units with a value, in ascending order of value, ties by denominator, then by index.
    order: Vec<u32>,
    /// By tier and number of the group.
    groups: [Vec<Option<Arc<Peers>>>; TIERS.len()],
    network: Option<Arc<Peers>>,
}

/// The groups to compute again.
#[derive(Debug, Default)]
pub(crate) struct StaleParts {
    /// Groups by tier and number.
    groups: [Vec<bool>; TIERS.len()],
    /// Whether the network, and so any group, is stale.
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
    /// The network, if any unit has a value.
    pub(crate) fn network(&self) -> Option<&Arc<Peers>> {
        self.network.as_ref()
    }

    /// The group with this number, if at least [`LEAST_MEMBERS`] units have a value.
    pub(crate) fn group(&self, tier: usize, number: u32) -> Option<&Arc<Peers>> {
        self.groups[tier].get(number as usize)?.as_ref()
    }

    /// Applies a delta to the values. `value` returns the value of a unit by its number among the changed units.
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

    /// Computes the stale groups again and adds those with enough members to `fresh`.
    pub(crate) fn regroup(
        &mut self,
        touched: &StaleParts,
        tiers: &[PeerLevelIndex; 3],
        builder: &PeerGroupBuilder<'_>,
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
                let group = (values.len() >= LEAST_MEMBERS).then(|| Arc::new(builder.group(TIERS[at], code.clone(), values)));
                fresh.extend(group.clone());
                groups[number as usize] = group;
            }
        }
        let values: Vec<Ratio> = self.order.iter().map(|&place| self.ratios[place as usize]).collect();
        self.network = (!values.is_empty()).then(|| Arc::new(builder.network(values, &self.ratios)));
        fresh.extend(self.network.clone());
    }

    /// The ranked values of the members of each stale group of a tier, by number of the group.
    fn values(&self, touched: &[bool], tier: &PeerLevelIndex) -> Vec<Option<Vec<Ratio>>> {
        let members = || {
            let in_order = self.order.iter().filter_map(|&place| Some((tier.group(place)? as usize, place)));
            in_order.filter(|(number, _)| touched.get(*number).copied().unwrap_or(false))
        };
        let mut sizes = vec![0; touched.len()];
        members().for_each(|(number, _)| sizes[number] += 1);
        // The exact capacity, because the values stay in memory as long as their group.
        let of_size = |(touched, size): (&bool, usize)| touched.then(|| Vec::with_capacity(size));
        let mut values: Vec<Option<Vec<Ratio>>> = touched.iter().zip(sizes).map(of_size).collect();
        for (number, place) in members() {
            values[number].get_or_insert_default().push(self.ratios[place as usize]);
        }
        values
    }
}

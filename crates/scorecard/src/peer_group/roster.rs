//! The units compared in a month, kept from cut to cut. A cut changes few units, and a peer group without a changed member stays
//! the same. The groups depend only on the current units, bit for bit, not on the order of updates.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::card::peer_group::PeerGroup;
use crate::card::scorecard::Subject;
use crate::measure::measure_set::MeasureSet;
use crate::peer_group::peer_candidate::{PeerCandidate, compared_role, needs_sums};
use crate::peer_group::peer_group_builder::PeerGroupBuilder;
use crate::peer_group::peer_level_index::{PeerLevelIndex, TIERS};
use crate::peer_group::peer_table::{PeerTable, Peers};
use crate::peer_group::ranked_values::RankedValues;
use crate::peer_group::roster_delta::RosterDelta;
use crate::peer_group::thresholds::Thresholds;
use crate::peer_group::unit::{UnitKey, UnitMonth, WINDOWS, window_index};
use crate::sums::measure_sums::MeasureSums;
use crate::time::calendar::Month;

/// The compared units of one month and their peer groups. Directory and measures must be the same at every update.
#[derive(Debug)]
pub struct Roster {
    month: Month,
    thresholds: Thresholds,
    /// By compared role.
    roles: BTreeMap<Arc<str>, Role>,
    table: PeerTable,
    fresh: Vec<Arc<Peers>>,
}

/// The units of one role, in order of their keys. All other fields use the index of a unit.
#[derive(Debug, Default)]
struct Role {
    keys: Vec<UnitKey>,
    tiers: [PeerLevelIndex; TIERS.len()],
    /// By measure, then by window.
    columns: Vec<RankedValues>,
    /// Sums of the headline window, by measure that needs them.
    sums: Vec<Vec<MeasureSums>>,
}

/// A unit now. `None` if it is no longer compared.
type News = (UnitKey, Option<PeerCandidate>);

/// Names and orders of the measures, computed once for all columns.
struct Shape<'a> {
    set: &'a MeasureSet,
    /// `id@version` by index.
    names: Vec<Arc<str>>,
    /// Indexes of the measures in order of their names, which is the order of peer groups.
    by_name: Vec<usize>,
    /// Number of each measure among those that need sums, by index of the measure.
    sums: Vec<Option<usize>>,
}

impl<'a> Shape<'a> {
    fn of(set: &'a MeasureSet) -> Shape<'a> {
        let names: Vec<Arc<str>> = set.measures().iter().map(|measure| measure.name().into()).collect();
        let mut by_name: Vec<usize> = (0..names.len()).collect();
        by_name.sort_by(|a, b| names[*a].cmp(&names[*b]));
        let mut numbers = 0..;
        let sums = set.measures().iter().map(|measure| needs_sums(measure).then(|| numbers.next()).flatten()).collect();
        Shape { set, names, by_name, sums }
    }

    /// Measures and windows in the order of peer groups.
    fn columns(&self) -> impl Iterator<Item = (usize, usize)> {
        self.by_name.iter().flat_map(|&index| (0..WINDOWS.len()).map(move |window| (index, window)))
    }
}

impl Roster {
    /// An empty roster. `thresholds` are those of the month's quarter.
    #[must_use]
    pub fn new(month: Month, thresholds: Thresholds) -> Roster {
        Roster { month, thresholds, roles: BTreeMap::new(), table: PeerTable::default(), fresh: Vec::new() }
    }

    /// The month.
    #[must_use]
    pub fn month(&self) -> Month {
        self.month
    }

    /// The thresholds of the published networks.
    #[must_use]
    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// Updates units in scope, in order of their keys. `None` is a unit without a card.
    pub fn update<U: Borrow<UnitMonth>>(&mut self, set: &MeasureSet, units: impl Iterator<Item = (UnitKey, Subject, Option<U>)>) {
        let mut news: BTreeMap<String, Vec<News>> = BTreeMap::new();
        for (key, subject, unit) in units {
            let current = unit.as_ref().map(Borrow::borrow).filter(|unit| unit.has_card());
            let candidate = current.map(|unit| PeerCandidate::new(set, unit, &subject));
            news.entry(compared_role(&subject)).or_default().push((key, candidate));
        }
        self.fresh.clear();
        if news.is_empty() {
            return;
        }
        let shape = Shape::of(set);
        for (name, news) in news {
            let name: Arc<str> = name.into();
            let role = self.roles.entry(name.clone()).or_default();
            role.update(&shape, &name, self.month, &self.thresholds, &news, &mut self.fresh);
        }
        self.table = PeerTable::in_order(self.peers(&shape));
    }

    /// All groups in order of their keys.
    fn peers(&self, shape: &Shape<'_>) -> Vec<Arc<Peers>> {
        let mut peers = Vec::new();
        for (index, window) in shape.columns() {
            for role in self.roles.values() {
                let column = &role.columns[index * WINDOWS.len() + window];
                for (at, tier) in role.tiers.iter().enumerate() {
                    peers.extend(tier.groups().filter_map(|(_, number)| column.group(at, number)).cloned());
                }
                peers.extend(column.network().cloned());
            }
        }
        peers
    }

    /// The peer groups.
    #[must_use]
    pub fn table(&self) -> &PeerTable {
        &self.table
    }

    /// The groups that the last update computed, changed or not.
    pub fn fresh(&self) -> impl Iterator<Item = &PeerGroup> {
        self.fresh.iter().map(|peers| &peers.group)
    }

    /// Consumes the roster and returns its peer groups.
    #[must_use]
    pub fn into_table(self) -> PeerTable {
        self.table
    }
}

impl Role {
    fn update(
        &mut self,
        shape: &Shape<'_>,
        name: &Arc<str>,
        month: Month,
        thresholds: &Thresholds,
        news: &[News],
        fresh: &mut Vec<Arc<Peers>>,
    ) {
        self.columns.resize_with(shape.names.len() * WINDOWS.len(), RankedValues::default);
        self.sums.resize_with(shape.sums.iter().flatten().count(), Vec::new);
        let moves = self.moves(news);
        let candidate = |number: usize| news[number].1.as_ref().expect("a change with an index belongs to a current unit");
        for (at, tier) in self.tiers.iter_mut().enumerate() {
            tier.follow(&moves, at);
        }
        let others = |(at, sums): (usize, &mut Vec<MeasureSums>)| follow_sums(sums, &moves, |number| candidate(number).sums[at]);
        let moved: Vec<bool> = self.sums.iter_mut().enumerate().map(others).collect();
        for (index, window) in shape.columns() {
            let measure = &shape.set.measures()[index];
            let at = index * WINDOWS.len() + window;
            let column = &mut self.columns[at];
            let mut touched = column.follow(&moves, |number| candidate(number).ratios[at]);
            let sums = shape.sums[index].filter(|_| window == window_index(measure.definition.window));
            touched.network |= sums.is_some_and(|number| moved[number]);
            let sums = sums.map(|number| &*self.sums[number]);
            let builder = PeerGroupBuilder { measure, name: &shape.names[index], window, role: name, month, thresholds, sums };
            column.regroup(&touched, &self.tiers, &builder, fresh);
        }
    }

    fn moves(&mut self, news: &[News]) -> RosterDelta {
        let Role { keys, tiers, .. } = self;
        let mut changed = Vec::with_capacity(news.len());
        for (key, candidate) in news {
            let groups = match (candidate, keys.binary_search(key)) {
                (Some(candidate), _) => std::array::from_fn(|at| Some(tiers[at].number(candidate.codes[at].as_deref()?))),
                (None, Ok(place)) => {
                    let place = u32::try_from(place).expect("fewer than 4 billion units");
                    std::array::from_fn(|at| tiers[at].group(place))
                }
                (None, Err(_)) => [None; TIERS.len()],
            };
            changed.push((key, candidate.is_some(), groups));
        }
        RosterDelta::new(keys, &changed)
    }
}

/// Applies a delta to sums. Returns whether any sum changed.
fn follow_sums(held: &mut Vec<MeasureSums>, moves: &RosterDelta, value: impl Fn(usize) -> MeasureSums) -> bool {
    let moved = moves.changes.iter().any(|change| {
        let before = change.before.map_or_else(MeasureSums::default, |place| held[place as usize]);
        let now = change.now.map_or_else(MeasureSums::default, |_| value(change.number));
        before != now
    });
    moves.apply(held, |change| value(change.number));
    moved
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::card::peer_group::Level;
    use crate::sums::measure_sums::Sums;

    fn measures() -> MeasureSet {
        MeasureSet::parse([
            ("broad_spectrum.toml", include_str!("../../../../measures/broad_spectrum.toml")),
            ("consult_minutes.toml", include_str!("../../../../measures/consult_minutes.toml")),
            ("desogestrel_branded.toml", include_str!("../../../../measures/desogestrel_branded.toml")),
            ("dna_rate.toml", include_str!("../../../../measures/dna_rate.toml")),
        ])
        .unwrap()
    }

    fn month() -> Month {
        "2026-10".parse().unwrap()
    }

    /// Clinicians 0 to 59, of two roles, six practices, three networks and one locality.
    fn subject(number: usize) -> (UnitKey, Subject) {
        let practice = format!("P{}", number % 6);
        let subject = Subject {
            clinician: format!("{number:02}"),
            role: if number.is_multiple_of(5) { "nurse" } else { "gp" }.to_owned(),
            locum: false,
            practice: practice.clone(),
            pcn: Some(format!("N{}", number % 3)),
            locality: Some("L".to_owned()),
        };
        (UnitKey { person: subject.clinician.clone(), practice }, subject)
    }

    /// A clinician's sums, with few enough values for many ties; some are too low to be shown.
    fn unit(set: &MeasureSet, key: UnitKey, seed: u64) -> UnitMonth {
        let mut state = seed;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from((state >> 33) % below).unwrap()
        };
        let months = std::array::from_fn(|_| {
            let mut sums = Sums::zero(set.measures().len());
            sums.base.facts = 1;
            for sums in &mut sums.measures {
                let (n, d) = (draw(4), 2 + draw(3));
                *sums = MeasureSums { facts_n: n, facts_d: d, n, d, n_squares: (n + draw(3)).into(), ..MeasureSums::default() };
                (sums.d_squares, sums.n_cost_pence, sums.n_quantity_milli) = (d.into(), draw(900), 1_000);
                (sums.d_cost_pence, sums.d_quantity_milli) = (sums.n_cost_pence + draw(900), 3_000);
            }
            sums
        });
        UnitMonth::new(key, &months, [false; 3])
    }

    type UnitEntry = (UnitKey, Subject, Option<UnitMonth>);

    /// The changes of a cut: a seed for the sums of some clinicians, or `None` for a removed one.
    fn changes(set: &MeasureSet, cut: &BTreeMap<usize, Option<u64>>) -> Vec<UnitEntry> {
        let one = |(&number, seed): (&usize, &Option<u64>)| {
            let (key, subject) = subject(number);
            (key.clone(), subject, seed.map(|seed| unit(set, key, seed)))
        };
        let mut entries: Vec<UnitEntry> = cut.iter().map(one).collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries
    }

    fn cuts() -> impl Strategy<Value = Vec<BTreeMap<usize, Option<u64>>>> {
        let first = prop::collection::btree_map(0..60_usize, (0..40_u64).prop_map(Some), 30..60);
        let later = prop::collection::btree_map(0..60_usize, prop::option::weighted(0.7, 0..40_u64), 0..6);
        (first, prop::collection::vec(later, 1..5)).prop_map(|(first, later)| std::iter::once(first).chain(later).collect())
    }

    proptest! {
        #[test]
        fn groups_after_many_cuts_equal_those_of_one_update(cuts in cuts()) {
            let set = measures();
            let mut kept = Roster::new(month(), Thresholds::default());
            let mut all: BTreeMap<usize, Option<u64>> = BTreeMap::new();
            for cut in &cuts {
                let before = kept.table().clone();
                kept.update(&set, changes(&set, cut).into_iter());
                all.extend(cut);
                let mut anew = Roster::new(month(), Thresholds::default());
                anew.update(&set, changes(&set, &all).into_iter());
                prop_assert_eq!(kept.table(), anew.table());
                // Every changed group is among the fresh ones.
                let fresh: Vec<&PeerGroup> = kept.fresh().collect();
                for group in kept.table().groups().filter(|group| !before.groups().any(|other| other == *group)) {
                    prop_assert!(fresh.contains(&group), "{:?}", group.key);
                }
            }
        }
    }

    #[test]
    fn only_groups_with_a_changed_member_are_computed_again() {
        let set = measures();
        let mut roster = Roster::new(month(), Thresholds::default());
        let first: BTreeMap<usize, Option<u64>> = (0..60).map(|number| (number, Some(number as u64))).collect();
        roster.update(&set, changes(&set, &first).into_iter());
        assert_eq!(roster.fresh().count(), roster.table().groups().count());
        roster.update(&set, changes(&set, &BTreeMap::from([(7, Some(1_000))])).into_iter());
        let groups: std::collections::BTreeSet<(Level, String, String)> =
            roster.fresh().map(|g| (g.key.level, g.key.role.to_string(), g.key.group.to_string())).collect();
        let of = |level, group: &str| (level, "gp".to_owned(), group.to_owned());
        let expected = [of(Level::Practice, "P1"), of(Level::Pcn, "N1"), of(Level::Locality, "L"), of(Level::Network, "network")];
        assert_eq!(groups, expected.into());
        roster.update(&set, changes(&set, &BTreeMap::from([(7, Some(1_000))])).into_iter());
        assert_eq!(roster.fresh().count(), 0, "nothing changed");
    }
}

//! Who is compared with whom: the units of a month by role, and the peer groups that they form for every measure and window.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::calendar::Month;
use crate::card::Subject;
use crate::dispersion::{Deviation, Dispersion};
use crate::fingerprint::snapshot_id;
use crate::funnel::network_scale;
use crate::measure::{Kind, Measure, MeasureSet};
use crate::peer_table::{LEAST_MEMBERS, NETWORK, PeerTable, Peers};
use crate::peers::{Level, PeerGroup, PeerKey};
use crate::percentile::{Ratio, quantile, rank};
use crate::round::published;
use crate::sums::MeasureSums;
use crate::suppression::Suppression;
use crate::thresholds::Thresholds;
use crate::unit::{UnitMonth, WINDOWS, window_index};

/// The role under which a unit is compared: roll-ups compare only with roll-ups.
#[must_use]
pub fn compared_role(subject: &Subject) -> String {
    if subject.practice.is_empty() { format!("rollup:{}", subject.role) } else { subject.role.clone() }
}

/// Codes of the groups below the network that a unit belongs to, narrowest first. A roll-up belongs to none.
#[must_use]
pub fn group_codes(subject: &Subject) -> [(Level, Option<&str>); 3] {
    let practice = Some(subject.practice.as_str()).filter(|code| !code.is_empty());
    let above = |code: &'_ Option<String>| practice.is_some() && code.is_some();
    [
        (Level::Practice, practice),
        (Level::Pcn, subject.pcn.as_deref().filter(|_| above(&subject.pcn))),
        (Level::Locality, subject.locality.as_deref().filter(|_| above(&subject.locality))),
    ]
}

/// A unit in scope, with whom and what it is about.
#[derive(Clone, Debug)]
pub struct Entrant<'a> {
    /// Its sums.
    pub unit: &'a UnitMonth,
    /// As of the month's last day.
    pub subject: Subject,
}

/// A member of one group, by the entrant's place among those of its role.
#[derive(Clone, Copy)]
struct Member {
    ratio: Ratio,
    entrant: u32,
}

/// So many measures are ranked in one pass over the entrants: what a pass reads of an entrant lies side by side.
const MEASURES_AT_ONCE: usize = 8;

/// The peer groups of these entrants for every measure and window: the network of each role, and the levels below it that have
/// enough members. Sorted once a measure, window and role; the levels below keep that order. `thresholds` are the quarter's.
#[must_use]
pub fn peer_table(measures: &MeasureSet, month: Month, entrants: &[Entrant<'_>], thresholds: &Thresholds) -> PeerTable {
    let mut by_role: BTreeMap<String, Vec<&Entrant<'_>>> = BTreeMap::new();
    for entrant in entrants {
        by_role.entry(compared_role(&entrant.subject)).or_default().push(entrant);
    }
    let roles: Vec<Role<'_>> = by_role.iter().map(|(role, entrants)| Role::new(role, entrants)).collect();
    let mut peers = Vec::new();
    let indices: Vec<usize> = (0..measures.measures().len()).collect();
    // One after the other they are filled in the same memory.
    let mut columns: Vec<Vec<Column>> = vec![vec![Column::new(); MEASURES_AT_ONCE * WINDOWS.len()]; roles.len()];
    for indices in indices.chunks(MEASURES_AT_ONCE) {
        for (role, columns) in roles.iter().zip(&mut columns) {
            role.fill(columns, measures, indices);
        }
        for (at, index) in indices.iter().enumerate() {
            let measure = &measures.measures()[*index];
            let name: Arc<str> = measure.name().into();
            for window in 0..WINDOWS.len() {
                for (role, columns) in roles.iter().zip(&columns) {
                    let column = &columns[at * WINDOWS.len() + window];
                    let ranking = Ranking { measure, name: &name, index: *index, window, role, month, thresholds };
                    ranking.groups(column, &mut peers);
                }
            }
        }
    }
    PeerTable::new(peers)
}

/// The entrants that have a value of one measure in one window, in their own order.
type Column = Vec<Member>;

/// The entrants of one role, as it is compared.
struct Role<'a> {
    name: Arc<str>,
    entrants: &'a [&'a Entrant<'a>],
    tiers: [Tier; 3],
}

impl<'a> Role<'a> {
    fn new(name: &str, entrants: &'a [&'a Entrant<'a>]) -> Role<'a> {
        Role { name: name.into(), entrants, tiers: [0, 1, 2].map(|at| Tier::of(at, entrants)) }
    }

    /// Fills the columns, of each of these measures and each window, with the members: not suppressed, with something to divide by.
    fn fill(&self, columns: &mut [Column], measures: &MeasureSet, indices: &[usize]) {
        columns.iter_mut().for_each(Vec::clear);
        for (number, entrant) in (0..).zip(self.entrants) {
            for (window, sums) in entrant.unit.windows.iter().enumerate() {
                for (at, index) in indices.iter().enumerate() {
                    let own = &sums.measures[*index];
                    if own.d > 0 && Suppression::of(&measures.measures()[*index], *index, sums).is_none() {
                        columns[at * WINDOWS.len() + window].push(Member { ratio: (own.n, own.d), entrant: number });
                    }
                }
            }
        }
    }
}

/// In ascending order of value, ties by denominator, then by entrant.
fn in_rank(column: &[Member]) -> Column {
    rank(column.iter().map(|member| member.ratio)).into_iter().map(|place| column[place as usize]).collect()
}

/// The groups of one level below the network.
struct Tier {
    level: Level,
    /// Codes of the groups that have enough entrants, and how many these are.
    groups: Vec<(Arc<str>, usize)>,
    /// By entrant, the index of its group.
    places: Vec<Option<u32>>,
}

impl Tier {
    /// The practices, networks or localities of these entrants; `at` is the level's place in [`group_codes`].
    fn of(at: usize, entrants: &[&Entrant<'_>]) -> Tier {
        let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
        let codes: Vec<Option<&str>> = entrants.iter().map(|entrant| group_codes(&entrant.subject)[at].1).collect();
        codes.iter().flatten().for_each(|code| *sizes.entry(*code).or_default() += 1);
        sizes.retain(|_, size| *size >= LEAST_MEMBERS);
        let numbers: BTreeMap<&str, u32> = sizes.keys().copied().zip(0..).collect();
        let places = codes.iter().map(|code| numbers.get((*code)?).copied()).collect();
        let groups = sizes.into_iter().map(|(code, size)| (code.into(), size)).collect();
        Tier { level: [Level::Practice, Level::Pcn, Level::Locality][at], groups, places }
    }

    /// The ratios of the members of each group, in the order of these.
    fn values(&self, members: &[Member]) -> Vec<Vec<Ratio>> {
        let mut values: Vec<Vec<Ratio>> = self.groups.iter().map(|(_, size)| Vec::with_capacity(*size)).collect();
        for member in members {
            if let Some(place) = self.places[member.entrant as usize] {
                values[place as usize].push(member.ratio);
            }
        }
        values
    }
}

/// One window of one measure among the entrants of one role.
struct Ranking<'a> {
    measure: &'a Measure,
    /// `id@version`.
    name: &'a Arc<str>,
    index: usize,
    window: usize,
    role: &'a Role<'a>,
    month: Month,
    thresholds: &'a Thresholds,
}

impl Ranking<'_> {
    /// Adds the groups of these members.
    fn groups(&self, column: &[Member], peers: &mut Vec<Peers>) {
        if column.is_empty() {
            return;
        }
        let members = in_rank(column);
        for tier in &self.role.tiers {
            let groups = tier.groups.iter().zip(tier.values(&members)).filter(|(_, values)| values.len() >= LEAST_MEMBERS);
            peers.extend(groups.map(|((code, _), values)| self.group(tier.level, code.clone(), values)));
        }
        let mut network = self.group(Level::Network, NETWORK.into(), members.iter().map(|member| member.ratio).collect());
        if self.window == window_index(self.measure.definition.window) {
            self.complete_headline(&mut network, column);
        }
        peers.push(network);
    }

    fn group(&self, level: Level, code: Arc<str>, values: Vec<Ratio>) -> Peers {
        let numerator = total(values.iter().map(|value| value.0));
        let denominator = total(values.iter().map(|value| value.1));
        let mut deciles = Vec::with_capacity(9);
        let decile = |tenth: u32| published(self.measure.value_of_ratio(quantile(&values, 10 * tenth)?));
        deciles.extend((1..10).filter_map(decile));
        let group = PeerGroup {
            key: PeerKey {
                measure: self.name.clone(),
                window: WINDOWS[self.window],
                role: self.role.name.clone(),
                level,
                group: code,
                month: self.month,
            },
            snapshot_id: snapshot_id(&values),
            frozen: false,
            size: u32::try_from(values.len()).unwrap_or(u32::MAX),
            numerator,
            denominator,
            mean: self.measure.value(numerator, denominator).and_then(published),
            deciles,
            numerator_price_pence: None,
            other_price_pence: None,
            lower: None,
            upper: None,
            phi: None,
            tau2: None,
            variation: None,
            event_size: None,
        };
        Peers { group, values }
    }

    /// What only a network says, of the headline window. Its members come in the order of the entrants, in which their sums lie.
    fn complete_headline(&self, network: &mut Peers, members: &[Member]) {
        let prices = self.prices(members);
        (network.group.numerator_price_pence, network.group.other_price_pence) = (prices.numerator, prices.other);
        (network.group.lower, network.group.upper) = self.thresholds_of().unzip();
        self.spread(network, members);
    }

    fn sums(&self, member: &Member) -> &MeasureSums {
        &self.role.entrants[member.entrant as usize].unit.windows[self.window].measures[self.index]
    }

    /// Thresholds of points in the measure's unit: the file's own, else those of the quarter.
    fn thresholds_of(&self) -> Option<(f64, f64)> {
        let points = self.measure.definition.points?;
        match points.lower.zip(points.upper) {
            Some((lower, upper)) => published(lower).zip(published(upper)),
            None => self.thresholds.find(self.name, &self.role.name),
        }
    }

    /// How much the members of a network differ, where there are enough to tell.
    fn spread(&self, peers: &mut Peers, members: &[Member]) {
        if self.measure.definition.kind == Kind::Amount {
            let squares: i128 = members.iter().map(|member| self.sums(member).n_squares).sum();
            let size = squares as f64 / peers.group.numerator as f64;
            peers.group.event_size = published(size);
        }
        let Some(scale) = network_scale(self.measure, peers) else { return };
        let deviations: Vec<Deviation> = members.iter().filter_map(|member| scale.deviation(self.sums(member))).collect();
        if let Some(dispersion) = Dispersion::of(&deviations) {
            peers.group.phi = published(dispersion.phi);
            peers.group.tau2 = published(dispersion.tau2);
        }
        peers.group.variation = coefficient_of_variation(&peers.values).and_then(published);
    }

    /// What one unit of quantity costs all members together, where the measure estimates a saving.
    fn prices(&self, members: &[Member]) -> Prices {
        if self.measure.definition.saving.is_none() {
            return Prices::default();
        }
        let sum = |field: fn(&MeasureSums) -> i64| members.iter().map(|m| i128::from(field(self.sums(m)))).sum::<i128>();
        let (n_cost, n_quantity) = (sum(|m| m.n_cost_pence), sum(|m| m.n_quantity_milli));
        let (d_cost, d_quantity) = (sum(|m| m.d_cost_pence), sum(|m| m.d_quantity_milli));
        Prices { numerator: price(n_cost, n_quantity), other: price(d_cost - n_cost, d_quantity - n_quantity) }
    }
}

/// Standard deviation (of a sample) over mean of the values of these ratios; `None` of fewer than two, or around 0.
fn coefficient_of_variation(values: &[Ratio]) -> Option<f64> {
    let count = values.len() as f64;
    let value = |&(n, d): &Ratio| n as f64 / d as f64;
    let mean = values.iter().map(value).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|ratio| (value(ratio) - mean) * (value(ratio) - mean)).sum();
    (values.len() > 1 && mean > 0.0).then(|| (squares / (count - 1.0)).sqrt() / mean)
}

/// Pence for one unit of quantity.
#[derive(Default)]
struct Prices {
    numerator: Option<f64>,
    other: Option<f64>,
}

fn price(cost_pence: i128, quantity_milli: i128) -> Option<f64> {
    if quantity_milli == 0 { None } else { published(1000.0 * cost_pence as f64 / quantity_milli as f64) }
}

/// A sum that stops at the bounds of 64 bits rather than wrapping: it is beyond anything that one month can hold.
fn total(values: impl Iterator<Item = i64>) -> i64 {
    let sum: i128 = values.map(i128::from).sum();
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}

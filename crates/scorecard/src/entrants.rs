//! Who is compared with whom: the units of a month by role, and the peer groups that they form for every measure and window.

use std::collections::BTreeMap;

use crate::calendar::Month;
use crate::card::Subject;
use crate::dispersion::{Deviation, Dispersion};
use crate::fingerprint::snapshot_id;
use crate::funnel::network_scale;
use crate::measure::{Kind, Measure, MeasureSet};
use crate::peer_table::{LEAST_MEMBERS, NETWORK, PeerTable, Peers};
use crate::peers::{Level, PeerGroup, PeerKey};
use crate::percentile::{Ratio, in_order, quantile};
use crate::round::published;
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
    entrant: usize,
}

/// The peer groups of these entrants for every measure and window: the network of each role, and the levels below it that have
/// enough members. Sorted once a measure, window and role; the levels below keep that order. `thresholds` are the quarter's.
#[must_use]
pub fn peer_table(measures: &MeasureSet, month: Month, entrants: &[Entrant<'_>], thresholds: &Thresholds) -> PeerTable {
    let mut roles: BTreeMap<String, Vec<&Entrant<'_>>> = BTreeMap::new();
    for entrant in entrants {
        roles.entry(compared_role(&entrant.subject)).or_default().push(entrant);
    }
    let mut peers = Vec::new();
    for (role, entrants) in &roles {
        let tiers = [0, 1, 2].map(|at| Tier::of(at, entrants));
        for (index, measure) in measures.measures().iter().enumerate() {
            for (window, months) in WINDOWS.into_iter().enumerate() {
                let ranking = Ranking { measure, index, window, months, role, month, entrants, thresholds };
                ranking.groups(&tiers, &mut peers);
            }
        }
    }
    PeerTable::new(peers)
}

/// The groups of one level below the network.
struct Tier<'a> {
    level: Level,
    codes: Vec<&'a str>,
    /// By entrant, the index of its code.
    places: Vec<Option<usize>>,
}

impl<'a> Tier<'a> {
    /// The practices, networks or localities of these entrants; `at` is the level's place in [`group_codes`].
    fn of(at: usize, entrants: &[&'a Entrant<'_>]) -> Tier<'a> {
        let code = |entrant: &&'a Entrant<'_>| group_codes(&entrant.subject)[at].1;
        let mut codes: Vec<&str> = entrants.iter().filter_map(code).collect();
        codes.sort_unstable();
        codes.dedup();
        let index = |entrant| code(entrant).and_then(|code| codes.binary_search(&code).ok());
        let places = entrants.iter().map(index).collect();
        Tier { level: [Level::Practice, Level::Pcn, Level::Locality][at], codes, places }
    }
}

/// The entrants of one role, as one window of one measure ranks them.
struct Ranking<'a> {
    measure: &'a Measure,
    index: usize,
    window: usize,
    months: u8,
    role: &'a str,
    month: Month,
    entrants: &'a [&'a Entrant<'a>],
    thresholds: &'a Thresholds,
}

impl Ranking<'_> {
    fn groups(&self, tiers: &[Tier<'_>], peers: &mut Vec<Peers>) {
        let network = self.members();
        if network.is_empty() {
            return;
        }
        for tier in tiers {
            let mut buckets: Vec<Vec<Member>> = vec![Vec::new(); tier.codes.len()];
            for member in &network {
                if let Some(code) = tier.places[member.entrant] {
                    buckets[code].push(*member);
                }
            }
            let enough = tier.codes.iter().zip(&buckets).filter(|(_, members)| members.len() >= LEAST_MEMBERS);
            peers.extend(enough.map(|(code, members)| self.group(tier.level, code, members)));
        }
        peers.push(self.group(Level::Network, NETWORK, &network));
    }

    /// In ascending order of value: not suppressed, with something to divide by.
    fn members(&self) -> Vec<Member> {
        let member = |(entrant, unit): (usize, &&Entrant<'_>)| {
            let sums = &unit.unit.windows[self.window];
            let measure = &sums.measures[self.index];
            let counts = measure.d > 0 && Suppression::of(self.measure, self.index, sums).is_none();
            counts.then_some(Member { ratio: (measure.n, measure.d), entrant })
        };
        let mut members: Vec<Member> = self.entrants.iter().enumerate().filter_map(member).collect();
        members.sort_unstable_by(|a, b| in_order(a.ratio, b.ratio).then(a.entrant.cmp(&b.entrant)));
        members
    }

    fn group(&self, level: Level, code: &str, members: &[Member]) -> Peers {
        let values: Vec<Ratio> = members.iter().map(|member| member.ratio).collect();
        let numerator = total(members.iter().map(|member| member.ratio.0));
        let denominator = total(members.iter().map(|member| member.ratio.1));
        let published_value = |ratio: f64| published(self.measure.value_of_ratio(ratio));
        let headline = level == Level::Network && self.window == window_index(self.measure.definition.window);
        let prices = if headline { self.prices(members) } else { Prices::default() };
        let thresholds = if headline { self.thresholds_of() } else { None };
        let group = PeerGroup {
            key: PeerKey {
                measure: self.measure.name(),
                window: self.months,
                role: self.role.to_owned(),
                level,
                group: code.to_owned(),
                month: self.month,
            },
            snapshot_id: snapshot_id(&values),
            frozen: false,
            size: u32::try_from(values.len()).unwrap_or(u32::MAX),
            numerator,
            denominator,
            mean: self.measure.value(numerator, denominator).and_then(published),
            deciles: (1..10).filter_map(|tenth| quantile(&values, 10 * tenth).and_then(published_value)).collect(),
            numerator_price_pence: prices.numerator,
            other_price_pence: prices.other,
            lower: thresholds.map(|(lower, _)| lower),
            upper: thresholds.map(|(_, upper)| upper),
            phi: None,
            tau2: None,
            variation: None,
            event_size: None,
        };
        let mut peers = Peers { group, values };
        if headline {
            self.spread(&mut peers, members);
        }
        peers
    }

    /// Thresholds of points in the measure's unit: the file's own, else those of the quarter.
    fn thresholds_of(&self) -> Option<(f64, f64)> {
        let points = self.measure.definition.points?;
        match points.lower.zip(points.upper) {
            Some((lower, upper)) => published(lower).zip(published(upper)),
            None => self.thresholds.find(&self.measure.name(), self.role),
        }
    }

    /// How much the members of a network differ, where there are enough to tell.
    fn spread(&self, peers: &mut Peers, members: &[Member]) {
        let sums = |member: &Member| &self.entrants[member.entrant].unit.windows[self.window].measures[self.index];
        if self.measure.definition.kind == Kind::Amount {
            let squares: i128 = members.iter().map(|member| sums(member).n_squares).sum();
            let size = squares as f64 / peers.group.numerator as f64;
            peers.group.event_size = published(size);
        }
        let Some(scale) = network_scale(self.measure, peers) else { return };
        let deviations: Vec<Deviation> = members.iter().filter_map(|member| scale.deviation(sums(member))).collect();
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
        let of = |member: &Member| &self.entrants[member.entrant].unit.windows[self.window].measures[self.index];
        let sum = |field: fn(&crate::sums::MeasureSums) -> i64| members.iter().map(|m| i128::from(field(of(m)))).sum::<i128>();
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

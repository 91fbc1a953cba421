//! The worlds of the attack: clinicians with monthly events, and what the product publishes about them.

use std::collections::BTreeMap;

use scorecard::card::snapshot_id::SnapshotId;
use scorecard::measure::measure_set::{Measure, MeasureSet};
use scorecard::peer_group::disclosed_figures::{comparator, public_group};
use scorecard::peer_group::peer_member::PeerMember;
use scorecard::peer_group::peer_network::PeerNetwork;
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::peer_table_builder::form;
use scorecard::peer_group::unit::UnitKey;
use scorecard::sums::measure_sums::{MeasureSums, SignedSums};
use scorecard::time::calendar::{Month, Timestamp};

/// Months of a member, of which the last 12 are the window.
pub const MONTHS: usize = 24;

/// A sequence of numbers between 0 and 1 (SplitMix64).
pub struct Draws(pub u64);

impl Draws {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }

    /// A count of chance with this mean.
    fn count(&mut self, mean: f64) -> i64 {
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as i64;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.next(), 0);
        while product > limit {
            product *= self.next();
            count += 1;
        }
        count
    }
}

/// How clinicians differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// By chance alone.
    Alike,
    /// By a fifth.
    Fifth,
    /// By a half.
    Half,
    /// Most are low, some are high.
    Skewed,
    /// By a third, with a few events a year.
    Counts,
}

pub const WORLDS: [World; 5] = [World::Alike, World::Fifth, World::Half, World::Skewed, World::Counts];

/// A clinician of 24 months: missed and all encounters of each.
#[derive(Clone, Debug)]
pub struct Clinician {
    rate: f64,
    encounters: f64,
    pub months: Vec<(i64, i64)>,
}

impl Clinician {
    /// A clinician with 25 to 125 encounters a month, times `size`.
    pub fn drawn(world: World, size: f64, draws: &mut Draws) -> Clinician {
        let encounters = size * (25.0 + 100.0 * draws.next());
        let rate = match world {
            World::Alike => 0.06,
            World::Fifth => 0.06 * (0.2 * draws.normal()).exp(),
            World::Half => 0.06 * (0.47 * draws.normal()).exp(),
            World::Skewed => 0.03 - 0.04 * (1.0 - draws.next()).ln(),
            World::Counts => 0.004 * (0.3 * draws.normal()).exp(),
        };
        let mut drawn = Clinician { rate: rate.min(0.5), encounters, months: Vec::new() };
        (0..MONTHS).for_each(|_| drawn.next_month(draws));
        drawn
    }

    /// Another month passes.
    pub fn next_month(&mut self, draws: &mut Draws) {
        let all = self.encounters.round().max(1.0) as i64;
        let missed = draws.count(self.rate * self.encounters).min(all);
        self.months.push((missed, all));
        if self.months.len() > MONTHS {
            self.months.remove(0);
        }
    }

    pub fn year(&self) -> (i64, i64) {
        self.months[MONTHS - 12..].iter().fold((0, 0), |sum, month| (sum.0 + month.0, sum.1 + month.1))
    }

    /// The value in per cent.
    pub fn value(&self) -> f64 {
        let (n, d) = self.year();
        100.0 * n as f64 / d as f64
    }
}

/// A figure that is known of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Place of the quantile between 0 and 1.
    pub place: f64,
    pub value: f64,
    /// Whether the attacker knows it without rounding.
    pub exact: bool,
}

/// Everything that one version tells an attacker: the card of one member, the public group, and what one's own figures reveal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Version {
    pub figures: Vec<Figure>,
    /// The typical value, exact: the own z, n and d reveal it.
    pub typical: Option<f64>,
    pub snapshot_id: Option<SnapshotId>,
}

impl Version {
    pub fn median(&self) -> Option<f64> {
        self.figures.iter().find(|figure| figure.place == 0.5).map(|figure| figure.value)
    }
}

/// A network that publishes one version after another.
pub struct Network<'m> {
    pub set: &'m MeasureSet,
    month: Month,
    table: Option<(PeerTable, Month)>,
}

impl<'m> Network<'m> {
    pub fn new(set: &'m MeasureSet) -> Network<'m> {
        Network { set, month: "2026-10".parse().expect("a month"), table: None }
    }

    pub fn next_month(&mut self) {
        self.month = self.month.plus(1);
    }

    /// Publishes a version of this group. Savings reveal the exact median and best decile, if the measure has some.
    pub fn publish(&mut self, group: &[Clinician], savings: bool) -> Version {
        let members = group.iter().enumerate().map(|(at, clinician)| member(at, clinician)).collect();
        let last = self.table.as_ref().filter(|(_, month)| *month == self.month).map(|(table, _)| table);
        let table = form(self.set, self.month, Timestamp(0), members, last);
        let version = table.networks().next().map(|network| version(&self.set.measures()[0], network, savings));
        self.table = Some((table, self.month));
        version.unwrap_or_default()
    }
}

fn member(at: usize, clinician: &Clinician) -> PeerMember {
    let (n, d) = clinician.year();
    let sums = MeasureSums { facts_n: n, facts_d: d, n, d, n_squares: n.into(), d_squares: d.into(), ..MeasureSums::default() };
    PeerMember {
        key: UnitKey { person: format!("p{at:03}"), practice: "A1".to_owned() },
        role: "gp".into(),
        places: Vec::new(),
        sums: [sums].into(),
        signs: [[SignedSums::default(); 2]].into(),
        months: clinician.months.clone().into(),
        cells: BTreeMap::new(),
        parts: Vec::new(),
    }
}

fn version(measure: &Measure, network: &PeerNetwork, savings: bool) -> Version {
    let (card, group) = (comparator(measure, network), public_group(measure, network));
    let rounded = |(place, value): (f64, f64)| Figure { place, value, exact: false };
    let of_card = card.as_ref().map(|card| [(0.5, card.median), (0.25, card.p25), (0.75, card.p75)]);
    let mut figures: Vec<(f64, f64)> =
        of_card.into_iter().flatten().filter_map(|(place, figure)| Some((place, figure?))).collect();
    figures.extend((1..).map(|tenth| f64::from(tenth) / 10.0).zip(group.deciles).filter(|(place, _)| *place != 0.5));
    figures.extend((0..).map(|k| (2.0 * f64::from(k) + 1.0) / 40.0).zip(group.quantiles));
    let mut figures: Vec<Figure> = figures.into_iter().map(rounded).collect();
    let is_large = network.size() >= 20;
    if savings && is_large {
        let exact = |place: f64| Figure { place, value: 100.0 * quantile(&values(network), place), exact: true };
        figures.extend([exact(0.5), exact(0.1)]);
    }
    let typical = network.figures.centre.filter(|_| is_large).map(|centre| 100.0 * centre);
    Version { figures, typical, snapshot_id: card.map(|card| card.snapshot_id) }
}

fn values(network: &PeerNetwork) -> Vec<f64> {
    network.values.iter().map(|(n, d)| *n as f64 / *d as f64).collect()
}

/// A quantile (R type 7) of values in ascending order.
pub fn quantile(values: &[f64], place: f64) -> f64 {
    let at = (values.len() - 1) as f64 * place;
    let below = at.floor() as usize;
    let above = values.get(below + 1).copied().unwrap_or(values[below]);
    values[below] + at.fract() * (above - values[below])
}

/// The share of each ordered value in the quantile at this place.
pub fn shares(members: usize, place: f64) -> Vec<f64> {
    let at = (members - 1) as f64 * place;
    let below = at.floor() as usize;
    let mut shares = vec![0.0; members];
    shares[below] = 1.0 - at.fract();
    if below + 1 < members {
        shares[below + 1] = at.fract();
    }
    shares
}

//! Calibration on simulated networks with known true rates: the share of ordinary clinicians marked as outliers, and the share of
//! clinicians at twice the network's rate that are found.
//!
//! `cargo test -p scorecard --test calibration -- --nocapture` prints the table of docs/clinical/calibration.md.

use std::collections::BTreeMap;

use scorecard::card::scorecard::{Band, Grade, Status};
use scorecard::measure::measure_set::{Amount, Class, Definition, Kind, MeasureSet, SideDefinition};
use scorecard::peer_group::thresholds::Thresholds;
use scorecard::peer_group::unit::{UnitKey, UnitMonth};
use scorecard::registry::directory::Directory;
use scorecard::scoring::scorer::Scorer;
use scorecard::sums::measure_sums::{MeasureSums, Sums};
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

const SEEDS: u64 = 200;
/// Ordinary clinicians of a network. One more clinician is at twice the network's rate.
const CLINICIANS: u64 = 200;
/// Expected numerator events of the clinician at twice the rate, at the network's rate.
const PLANTED_EVENTS: f64 = 300.0;

/// A measure of each kind, in the order of their ids.
const KINDS: [Kind; 5] = [Kind::Amount, Kind::Mean, Kind::Proportion, Kind::Rate, Kind::Share];

/// SplitMix64 (Steele, Lea and Flood 2014): draws only have to be reproducible.
struct Draw(u64);

impl Draw {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Above 0, up to 1.
    fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A Poisson count, as arrivals one after the other.
    fn poisson(&mut self, mean: f64) -> i64 {
        let (mut count, mut time) = (0, -self.uniform().ln());
        while time < mean {
            count += 1;
            time -= self.uniform().ln();
        }
        count
    }

    fn happens(&mut self, chance: f64) -> bool {
        self.uniform() <= chance
    }

    fn one_of(&mut self, choices: &[i64]) -> i64 {
        choices[usize::try_from(self.bits() % choices.len() as u64).expect("a small number")]
    }
}

/// The id of the measure of a kind.
fn id(kind: Kind) -> String {
    format!("{kind:?}").to_lowercase()
}

fn measures() -> MeasureSet {
    let measure = |kind: Kind| {
        let (numerator, denominator) = match kind {
            Kind::Amount => ((Class::Prescription, Amount::Cost), (Class::Activity, Amount::Count)),
            Kind::Mean => ((Class::Activity, Amount::Minutes), (Class::Activity, Amount::Count)),
            Kind::Share => ((Class::Prescription, Amount::Quantity), (Class::Prescription, Amount::Quantity)),
            Kind::Rate => ((Class::Order, Amount::Count), (Class::Activity, Amount::Count)),
            Kind::Proportion => ((Class::Attendance, Amount::Count), (Class::Attendance, Amount::Count)),
        };
        let side = |(event, amount)| SideDefinition::new(event, amount);
        Definition::new(&id(kind), kind, side(numerator), side(denominator))
    };
    MeasureSet::of(&KINDS.map(measure)).expect("valid measures")
}

#[test]
fn every_kind_of_measure_is_calibrated() {
    assert!(Kind::ALL.iter().all(|kind| KINDS.contains(kind)));
}

/// The network's rate of events, and of minutes.
const RATE: f64 = 0.1;
const MINUTES: f64 = 11.0;

/// A clinician's true rate at this many standard deviations from the network's rate, on the scale of tau.
fn rate_at(kind: Kind, tau: f64, deviations: f64) -> f64 {
    match kind {
        Kind::Mean => MINUTES + tau * deviations,
        Kind::Proportion | Kind::Share => (RATE.sqrt().asin() + tau * deviations).clamp(0.0, 1.5).sin().powi(2),
        Kind::Rate | Kind::Amount => RATE * (1.0 + tau * deviations).max(0.0).powi(2),
    }
}

/// Tau of a kind, for a coefficient of variation of the true rates.
fn tau_of(kind: Kind, variation: f64) -> f64 {
    match kind {
        Kind::Mean => variation * MINUTES,
        Kind::Proportion | Kind::Share => variation * RATE / (2.0 * (RATE * (1.0 - RATE)).sqrt()),
        Kind::Rate | Kind::Amount => variation / 2.0,
    }
}

/// A year of one clinician: `work` chances of an event at this true rate.
fn year(draw: &mut Draw, kind: Kind, rate: f64, work: f64) -> MeasureSums {
    let mut sums = MeasureSums::default();
    let mut add_n = |x: i64| {
        sums.facts_n += 1;
        sums.n += x;
        sums.n_squares += i128::from(x) * i128::from(x);
    };
    #[expect(clippy::cast_possible_truncation, reason = "some thousand")]
    let chances = work.round() as i64;
    match kind {
        Kind::Mean => (0..chances).for_each(|_| {
            #[expect(clippy::cast_possible_truncation, reason = "a consultation's minutes")]
            let minutes = (rate + 4.0 * draw.normal()).round().max(1.0) as i64;
            add_n(minutes);
        }),
        Kind::Amount => (0..draw.poisson(rate * work)).for_each(|_| add_n(draw.one_of(&[700, 1_500, 1_500, 3_000, 9_000]))),
        Kind::Rate => (0..draw.poisson(rate * work)).for_each(|_| add_n(1)),
        Kind::Proportion => (0..chances).filter(|_| draw.happens(rate)).for_each(|_| add_n(1)),
        Kind::Share => {
            let (mut d, mut squares) = (0, 0);
            for _ in 0..chances {
                let quantity = draw.one_of(&[28_000, 28_000, 56_000, 84_000]);
                (d, squares) = (d + quantity, squares + i128::from(quantity) * i128::from(quantity));
                if draw.happens(rate) {
                    add_n(quantity);
                }
            }
            return MeasureSums { facts_d: chances, d, d_squares: squares, ..sums };
        }
    }
    MeasureSums { facts_d: chances, d: chances, d_squares: i128::from(chances), ..sums }
}

#[derive(Clone, Copy, Default)]
struct Tally {
    ordinary: u32,
    good: u32,
    outliers: u32,
    planted: u32,
    found: u32,
}

struct Network {
    tau: [f64; KINDS.len()],
    units: BTreeMap<UnitKey, UnitMonth>,
}

const PLANTED: &str = "planted";

fn network(seed: u64) -> Network {
    let mut draw = Draw(seed);
    let variation = draw.between(0.14, 0.22);
    let tau = KINDS.map(|kind| tau_of(kind, variation));
    let mut units = BTreeMap::new();
    for number in 0..=CLINICIANS {
        let planted = number == CLINICIANS;
        // From a few months of part-time work to years of a busy clinician.
        let work = if planted { PLANTED_EVENTS / RATE } else { 10_f64.powf(draw.between(2.0, 4.0)) };
        let mut sums = Sums::zero(KINDS.len());
        (sums.base.facts, sums.base.encounters) = (1, 100);
        for (index, kind) in KINDS.into_iter().enumerate() {
            let deviations = draw.normal();
            let ordinary = rate_at(kind, tau[index], deviations);
            let twice = if kind == Kind::Mean { 2.0 * MINUTES } else { 2.0 * RATE };
            sums.measures[index] = year(&mut draw, kind, if planted { twice } else { ordinary }, work);
        }
        let person = if planted { PLANTED.to_owned() } else { format!("c{number:03}") };
        let key = UnitKey { person, practice: "A1".to_owned() };
        let months = vec![(0, 0); 12 * KINDS.len()].into();
        units.insert(key.clone(), UnitMonth { key, windows: [sums.clone(), sums.clone(), sums], incomplete: [false; 3], months });
    }
    Network { tau, units }
}

fn judge(scorer: &Scorer<'_>, network: &Network, tallies: &mut [Tally; KINDS.len()]) -> [f64; KINDS.len()] {
    let month: Month = "2026-10".parse().expect("a month");
    let peers = scorer.roster(month, network.units.values(), Thresholds::default()).into_table();
    let benchmarks = scorer.benchmarks(month, &peers);
    for (key, unit) in &network.units {
        let content = scorer.content(unit, Status::Final, &benchmarks);
        for (measure, tally) in content.measures.iter().zip(tallies.iter_mut()) {
            let window = &measure.windows[2];
            let far = window.funnel.is_some_and(|f| matches!(f.band, Band::FarBelow | Band::FarAbove));
            let good = window.grade == Some(Grade::Good);
            if key.person == PLANTED {
                tally.planted += 1;
                tally.found += u32::from(far);
            } else {
                tally.ordinary += 1;
                tally.good += u32::from(good);
                tally.outliers += u32::from(far);
            }
        }
    }
    KINDS.map(|kind| {
        let group = peers.groups().find(|g| *g.key.measure == format!("{}@1", id(kind)) && g.phi.is_some());
        group.and_then(|group| group.tau2).unwrap_or_default().sqrt()
    })
}

fn percent(part: u32, of: u32) -> f64 {
    100.0 * f64::from(part) / f64::from(of)
}

#[test]
fn ordinary_clinicians_are_left_alone_and_one_at_twice_the_rate_is_found() {
    let measures = measures();
    let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(0) };
    let directory = Directory::default();
    let scorer = Scorer { measures: &measures, schedule: &schedule, directory: &directory };
    let mut tallies = [Tally::default(); KINDS.len()];
    let (mut truth, mut estimate) = ([0.0; KINDS.len()], [0.0; KINDS.len()]);
    for seed in 1..=SEEDS {
        let network = network(seed);
        let estimated = judge(&scorer, &network, &mut tallies);
        for kind in 0..KINDS.len() {
            truth[kind] += network.tau[kind] / SEEDS as f64;
            estimate[kind] += estimated[kind] / SEEDS as f64;
        }
    }
    println!("| kind | tau drawn, mean | tau found, mean | windows | graded good | of these outliers | twice the rate found |");
    println!("|---|---|---|---|---|---|---|");
    let mut all = Tally::default();
    for (kind, (name, t)) in KINDS.into_iter().zip(&tallies).enumerate() {
        let (tau, found) = (truth[kind], estimate[kind]);
        print_row(&id(name), &format!("{tau:.4} | {found:.4}"), t);
        all.ordinary += t.ordinary;
        all.good += t.good;
        all.outliers += t.outliers;
        all.planted += t.planted;
        all.found += t.found;
    }
    print_row("all", " | ", &all);
    assert!(percent(all.good, all.ordinary) >= 30.0, "too few are graded good to say anything");
    assert!(percent(all.outliers, all.good) <= 0.3, "{} of {} good ones are called outliers", all.outliers, all.good);
    for (kind, tally) in KINDS.into_iter().zip(&tallies) {
        let found = percent(tally.found, tally.planted);
        assert!(found >= 90.0, "{kind:?}: only {found} % of those at twice the rate are found");
    }
}

#[test]
fn cards_are_the_same_bytes_from_one_two_and_eight_threads() {
    let measures = measures();
    let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(0) };
    let directory = Directory::default();
    let scorer = Scorer { measures: &measures, schedule: &schedule, directory: &directory };
    let network = network(7);
    let month: Month = "2026-10".parse().expect("a month");
    let units: Vec<&UnitMonth> = network.units.values().collect();
    let computed = |threads: usize| -> Vec<String> {
        let peers = scorer.roster(month, network.units.values(), Thresholds::default()).into_table();
        let peers = &peers;
        std::thread::scope(|scope| {
            let of = |part: &'_ [&UnitMonth]| -> Vec<String> {
                let benchmarks = scorer.benchmarks(month, peers);
                let content = |unit: &&UnitMonth| scorer.content(unit, Status::Final, &benchmarks);
                part.iter().map(|unit| serde_json::to_string(&content(unit)).expect("a content")).collect()
            };
            let parts = units.chunks(units.len().div_ceil(threads));
            let running: Vec<_> = parts.map(|part| scope.spawn(move || of(part))).collect();
            running.into_iter().flat_map(|thread| thread.join().expect("no card panics")).collect()
        })
    };
    let one = computed(1);
    assert_eq!(one.len(), units.len());
    assert_eq!(computed(2), one);
    assert_eq!(computed(8), one);
}

fn print_row(name: &str, tau: &str, t: &Tally) {
    println!(
        "| {name} | {tau} | {} | {:.1} % | {:.2} % | {:.1} % |",
        t.ordinary,
        percent(t.good, t.ordinary),
        percent(t.outliers, t.good),
        percent(t.found, t.planted)
    );
}

//! Calibration on simulated networks with known true rates: the share of ordinary clinicians who are asked to check something, and the
//! share of clinicians at twice the network's rate who are.
//!
//! `cargo test -p scorecard --test calibration -- --nocapture` prints the table of docs/clinical/calibration.md.

mod calibration {
    mod changes;
    mod clusters;
    mod years;
    pub mod year_world;
}
#[path = "simulated/definitions.rs"]
mod definitions;
#[path = "simulated/draw.rs"]
mod draw;

use std::collections::BTreeMap;

use scorecard::card::scorecard::{Content, Status, VerdictWord};
use scorecard::measure::measure_set::{Kind, MeasureSet};
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::unit::{MONTHS, UnitKey, UnitMonth};
use scorecard::registry::directory::Directory;
use scorecard::scoring::scorer::Scorer;
use scorecard::sums::measure_sums::{MeasureSums, Sums};
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use definitions::definition;
use draw::Draw;

const SEEDS: u64 = 200;
/// Ordinary clinicians of a network. One more clinician is at twice the network's rate.
const CLINICIANS: u64 = 200;
/// Expected numerator events of the clinician at twice the rate, at the network's rate.
const PLANTED_EVENTS: f64 = 300.0;

/// A measure of each kind, in the order of their ids.
const KINDS: [Kind; 5] = [Kind::Amount, Kind::Mean, Kind::Proportion, Kind::Rate, Kind::Share];

/// The id of the measure of a kind.
fn id(kind: Kind) -> String {
    format!("{kind:?}").to_lowercase()
}

fn measures() -> MeasureSet {
    MeasureSet::of(&KINDS.map(|kind| definition(&id(kind), kind))).expect("valid measures")
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
        Kind::Amount => (0..draw.poisson(rate * work)).for_each(|_| add_n(draw.one_of(&[700i64, 1_500, 1_500, 3_000, 9_000]))),
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
    asked: u32,
    planted: u32,
    found: u32,
}

struct Network {
    variation: f64,
    units: BTreeMap<UnitKey, UnitMonth>,
}

const PLANTED: &str = "planted";

/// A network of ordinary clinicians whose true rates have a coefficient of variation from 14 % to 22 %, and one at twice the rate.
fn network(seed: u64) -> Network {
    let mut draw = Draw(seed);
    let variation = draw.between(0.14, 0.22);
    let work = |draw: &mut Draw, planted: bool| {
        // From a few months of part-time work to years of a busy clinician.
        if planted { PLANTED_EVENTS / RATE } else { 10_f64.powf(draw.between(2.0, 4.0)) }
    };
    drawn(&mut draw, variation, CLINICIANS, &[2.0], work)
}

/// Ordinary clinicians, and one at each of these multiples of the rate.
fn drawn(draw: &mut Draw, variation: f64, ordinary: u64, apart: &[f64], work: impl Fn(&mut Draw, bool) -> f64) -> Network {
    let mut units = BTreeMap::new();
    for number in 0..ordinary + apart.len() as u64 {
        let times = number.checked_sub(ordinary).map(|at| apart[usize::try_from(at).expect("few")]);
        let work = work(draw, times.is_some());
        let mut sums = Sums::zero(KINDS.len());
        (sums.base.facts, sums.base.encounters) = (1, 100);
        for (index, kind) in KINDS.into_iter().enumerate() {
            let deviations = draw.normal();
            let usual = rate_at(kind, tau_of(kind, variation), deviations);
            let apart = |times: f64| if kind == Kind::Mean { times * MINUTES } else { times * RATE };
            sums.measures[index] = year(draw, kind, times.map_or(usual, apart), work);
        }
        let person = if times.is_some() { format!("{PLANTED}{number}") } else { format!("c{number:03}") };
        let key = UnitKey { person, practice: "A1".to_owned() };
        let mut months = vec![Sums::zero(KINDS.len()); MONTHS];
        months[MONTHS - 1] = sums;
        units.insert(key.clone(), UnitMonth::new(key, months));
    }
    Network { variation, units }
}

fn peers(scorer: &Scorer<'_>, network: &Network) -> PeerTable {
    let members = network.units.values().filter_map(|unit| scorer.member(unit, month())).collect();
    scorer.peers(month(), Timestamp(0), members)
}

fn month() -> Month {
    "2026-10".parse().expect("a month")
}

/// The cards of all clinicians, each with whether it is of a planted one.
fn cards(scorer: &Scorer<'_>, network: &Network) -> Vec<(bool, Content)> {
    let peers = peers(scorer, network);
    let benchmarks = scorer.benchmarks(month(), &peers, &PeerTable::default());
    let card =
        |(key, unit): (&UnitKey, &UnitMonth)| (key.person.starts_with(PLANTED), scorer.content(unit, Status::Final, &benchmarks));
    network.units.iter().map(card).collect()
}

fn percent(part: u32, of: u32) -> f64 {
    100.0 * f64::from(part) / f64::from(of)
}

/// The parts of a scorer that these networks need.
struct Settings {
    measures: MeasureSet,
    schedule: Schedule,
    directory: Directory,
}

impl Settings {
    fn new() -> Settings {
        let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(0) };
        Settings { measures: measures(), schedule, directory: Directory::default() }
    }

    fn scorer(&self) -> Scorer<'_> {
        Scorer { measures: &self.measures, schedule: &self.schedule, directory: &self.directory }
    }
}

fn asked(content: &Content, kind: Kind) -> bool {
    let of_kind = content.measures.iter().find(|measure| *measure.id == id(kind));
    of_kind.is_some_and(|measure| measure.verdict == Some(VerdictWord::PleaseCheck))
}

#[test]
fn ordinary_clinicians_are_left_alone_and_one_at_twice_the_rate_is_found() {
    let settings = Settings::new();
    let scorer = settings.scorer();
    let mut tallies = [Tally::default(); KINDS.len()];
    let (mut people, mut people_asked, mut variation) = (0, 0, 0.0);
    for seed in 1..=SEEDS {
        let network = network(seed);
        variation += network.variation / SEEDS as f64;
        for (planted, content) in cards(&scorer, &network) {
            for (kind, tally) in KINDS.into_iter().zip(&mut tallies) {
                let asked = u32::from(asked(&content, kind));
                if planted {
                    (tally.planted, tally.found) = (tally.planted + 1, tally.found + asked);
                } else {
                    (tally.ordinary, tally.asked) = (tally.ordinary + 1, tally.asked + asked);
                }
            }
            let any = KINDS.into_iter().any(|kind| asked(&content, kind));
            people += u32::from(!planted);
            people_asked += u32::from(!planted && any);
        }
    }
    println!("| kind | measures | of these asked to check | twice the rate found |");
    println!("|---|---|---|---|");
    for (kind, t) in KINDS.into_iter().zip(&tallies) {
        let (asked, found) = (percent(t.asked, t.ordinary), percent(t.found, t.planted));
        println!("| {} | {} | {asked:.2} % | {found:.1} % |", id(kind), t.ordinary);
    }
    println!(
        "{people} cards, coefficient of variation {variation:.3}: {:.2} % asked to check anything",
        percent(people_asked, people)
    );
    assert!(percent(people_asked, people) <= 1.0, "{people_asked} of {people} ordinary clinicians are asked to check something");
    for (kind, tally) in KINDS.into_iter().zip(&tallies) {
        assert!(percent(tally.asked, tally.ordinary) <= 0.25, "{kind:?}: {} of {}", tally.asked, tally.ordinary);
        let found = percent(tally.found, tally.planted);
        assert!(found >= 60.0, "{kind:?}: only {found} % of those at twice the rate are found");
    }
}

#[test]
fn one_at_three_times_among_alike_colleagues_is_always_found() {
    let settings = Settings::new();
    for seed in 1..=20 {
        let network = drawn(&mut Draw(1_000 + seed), 0.0, 199, &[3.0], |_, _| 1_000.0);
        let (_, content) = cards(&settings.scorer(), &network).pop().expect("the planted one is the last");
        assert!(asked(&content, Kind::Rate) && asked(&content, Kind::Proportion), "seed {seed}");
    }
}

#[test]
fn a_fifth_of_thirty_at_three_times_does_not_hide_itself() {
    let settings = Settings::new();
    let (mut planted, mut found) = (0, 0);
    for seed in 1..=30 {
        let network = drawn(&mut Draw(2_000 + seed), 0.18, 24, &[3.0; 6], |_, _| 3_000.0);
        for (_, content) in cards(&settings.scorer(), &network).iter().filter(|(apart, _)| *apart) {
            (planted, found) = (planted + 1, found + u32::from(asked(content, Kind::Rate)));
        }
    }
    println!("{found} of {planted} found");
    assert!(percent(found, planted) >= 75.0, "{found} of {planted}");
}

#[test]
fn a_giant_account_moves_nobody_and_is_found() {
    let settings = Settings::new();
    let (mut found, mut typical) = (0, Vec::new());
    for seed in 1..=50 {
        let work = |_: &mut Draw, giant: bool| if giant { 12_000.0 } else { 300.0 };
        let network = drawn(&mut Draw(3_000 + seed), 0.15, 29, &[3.0], work);
        let (_, content) = cards(&settings.scorer(), &network).pop().expect("the giant is the last");
        found += u32::from(asked(&content, Kind::Rate));
        let rate = content.measures.iter().find(|measure| *measure.id == id(Kind::Rate)).expect("a rate");
        typical.extend(rate.comparator.as_ref().and_then(|comparator| comparator.typical));
    }
    let mean = typical.iter().sum::<f64>() / typical.len() as f64;
    println!("the typical colleague has {mean:.4} of a true {RATE}; {found} of 50 giants found");
    assert!(found >= 45, "{found} of 50 giants");
    assert!((mean / RATE - 1.0).abs() < 0.03, "the giant moves the typical colleague to {mean}");
}

#[test]
fn cards_are_the_same_bytes_from_one_two_and_eight_threads() {
    let settings = Settings::new();
    let scorer = settings.scorer();
    let network = network(7);
    let units: Vec<&UnitMonth> = network.units.values().collect();
    let computed = |threads: usize| -> Vec<String> {
        let peers = &peers(&scorer, &network);
        let scorer = &scorer;
        std::thread::scope(|scope| {
            let of = |part: &'_ [&UnitMonth]| -> Vec<String> {
                let benchmarks = scorer.benchmarks(month(), peers, &PeerTable::default());
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

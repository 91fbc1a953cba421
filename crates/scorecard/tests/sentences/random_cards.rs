//! Networks of every sort, and the cards of their clinicians.
//!
//! Colleagues are alike, spread, of two kinds, with giants, without any event or without a variance. Clinicians have few months, small
//! numbers, unknown statuses, changes, and roll-ups over two practices.

use scorecard::card::scorecard::{Content, Status};
use scorecard::measure::measure_set::{Definition, Direction, Kind, MeasureSet, Points};
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::unit::{MONTHS, UnitKey, UnitMonth, UnitPart, windows_of};
use scorecard::registry::directory::Directory;
use scorecard::scoring::scorer::Scorer;
use scorecard::sums::measure_sums::{MeasureSums, Sums};
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use crate::draw::{Draw, whole};

const PER_1000: &str = "per 1,000 attended encounters";
const LONG: &str =
    "per 1,000 consultations for an infection of the urinary tract of women from sixteen to sixty-four years of age";

/// Kind, direction, unit, scale, window and least facts of each measure.
const MEASURES: [(Kind, Direction, &str, f64, u8, u32); 14] = [
    (Kind::Proportion, Direction::Low, "%", 100.0, 12, 10),
    (Kind::Proportion, Direction::High, "%", 100.0, 12, 1),
    (Kind::Proportion, Direction::None, "%", 100.0, 3, 10),
    (Kind::Rate, Direction::Low, PER_1000, 1_000.0, 12, 10),
    (Kind::Rate, Direction::High, PER_1000, 1_000.0, 3, 10),
    (Kind::Rate, Direction::None, PER_1000, 1_000.0, 12, 10),
    (Kind::Rate, Direction::Low, LONG, 1_000.0, 12, 30),
    (Kind::Mean, Direction::None, "minutes", 1.0, 12, 10),
    (Kind::Mean, Direction::Low, "days from booking to appointment", 1.0, 12, 10),
    (Kind::Share, Direction::High, "%", 100.0, 12, 10),
    (Kind::Share, Direction::Low, "%", 100.0, 12, 10),
    (Kind::Amount, Direction::Low, "£ per 1,000 attended encounters", 10.0, 12, 10),
    (Kind::Amount, Direction::None, "£", 0.01, 12, 10),
    (Kind::Proportion, Direction::Low, "%", 100.0, 12, 10),
];

/// Measures that adjust for their patients: of each better side, among them one with a long unit.
const ADJUSTED: [usize; 4] = [1, 5, 6, 13];

/// How the clinicians of a network differ in one measure.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sort {
    Alike,
    Spread(f64),
    Giant,
    TwoKinds,
    Never,
    Always,
    Minority,
    /// Each fact of a clinician is of one size.
    Uniform,
}

const SORTS: [Sort; 11] = [
    Sort::Alike,
    Sort::Spread(0.1),
    Sort::Spread(0.18),
    Sort::Spread(0.18),
    Sort::Spread(0.5),
    Sort::Giant,
    Sort::TwoKinds,
    Sort::Never,
    Sort::Always,
    Sort::Minority,
    Sort::Uniform,
];

/// The cards of one network, with the groups that they are compared with.
pub struct RandomCards {
    pub measures: MeasureSet,
    pub peers: PeerTable,
    pub cards: Vec<Content>,
}

pub fn definition(index: usize) -> Definition {
    let (kind, direction, unit, scale, window, minimum) = MEASURES[index];
    let points = (direction != Direction::None).then_some(Points { available: 5.0, lower: None, upper: None });
    Definition {
        unit: unit.to_owned(),
        scale,
        window,
        minimum,
        direction,
        points,
        controllable: index.is_multiple_of(2),
        actions: vec!["Look at the last ten.".to_owned()],
        unknown_status_limit_percent: (index == 13).then_some(10),
        // Nobody's age is known, so that their sentences say what is not adjusted.
        adjust: if ADJUSTED.contains(&index) { vec!["age".to_owned(), "sex".to_owned()] } else { Vec::new() },
        ..crate::definitions::definition(&format!("m{index:02}"), kind)
    }
}

pub fn month() -> Month {
    "2026-10".parse().expect("a month")
}

/// The cards of a network of this seed.
pub fn random_cards(seed: u64) -> RandomCards {
    let mut draw = Draw(seed);
    let definitions: Vec<Definition> = (0..MEASURES.len()).map(definition).collect();
    let measures = MeasureSet::of(&definitions).expect("valid measures");
    let units = units(&mut draw);
    let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(0) };
    let directory = Directory::default();
    let scorer = Scorer { measures: &measures, schedule: &schedule, directory: &directory };
    let members = units.iter().filter_map(|unit| scorer.member(unit, month())).collect();
    let peers = scorer.peers(month(), Timestamp(0), members);
    let cards = {
        let benchmarks = scorer.benchmarks(month(), &peers, &peers.for_quarter(month()));
        units.iter().map(|unit| scorer.content(unit, Status::Final, &benchmarks)).collect()
    };
    RandomCards { measures, peers, cards }
}

fn units(draw: &mut Draw) -> Vec<UnitMonth> {
    let size = draw.one_of(&[6, 15, 19, 20, 21, 30, 45, 130]);
    let sorts: Vec<(Sort, f64)> = MEASURES.iter().map(|of| (draw.one_of(&SORTS), rate(draw, of.0))).collect();
    let with_roll_ups = draw.happens(0.3);
    let mut units = Vec::new();
    for number in 0..size {
        let person = format!("p{number:03}");
        let one = unit(draw, &person, "A1", &sorts, number);
        if !with_roll_ups {
            units.push(one);
            continue;
        }
        let other = unit(draw, &person, "A2", &sorts, number + 1);
        units.push(roll_up(&person, &one, &other));
        units.extend([one, other]);
    }
    units
}

fn roll_up(person: &str, one: &UnitMonth, other: &UnitMonth) -> UnitMonth {
    let both = one.months.iter().zip(&other.months).map(|(a, b)| {
        let mut sum = a.clone();
        sum += b;
        sum
    });
    let part = |unit: &UnitMonth| UnitPart { practice: unit.key.practice.clone(), windows: windows_of(&unit.months) };
    let key = UnitKey { person: person.to_owned(), practice: String::new() };
    UnitMonth { parts: vec![part(one), part(other)], ..UnitMonth::new(key, both.collect()) }
}

fn rate(draw: &mut Draw, kind: Kind) -> f64 {
    match kind {
        Kind::Proportion | Kind::Share => draw.one_of(&[0.002, 0.02, 0.1, 0.4, 0.7, 0.97, 0.997]),
        Kind::Mean => draw.between(3.0, 40.0),
        Kind::Rate | Kind::Amount => draw.one_of(&[0.002, 0.05, 0.3]),
    }
}

/// A clinician with a history of some months, and in some measures with a change.
fn unit(draw: &mut Draw, person: &str, practice: &str, sorts: &[(Sort, f64)], number: usize) -> UnitMonth {
    let begins = draw.one_of(&[0, 0, 0, 0, 7, 12, 19, 23]);
    let idle = draw.one_of(&[0.0, 0.0, 0.3]);
    let work = draw.log_between(2.0, 150.0);
    // More than a tenth with an unknown status suppresses each measure of encounters.
    let unknown = draw.one_of(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 20]);
    let change = (draw.one_of(&[1, 3, 6, 12]), draw.one_of(&[1.0, 1.0, 1.0, 0.2, 3.0]));
    let own: Vec<(f64, f64)> = sorts.iter().map(|(sort, rate)| own_rate(draw, *sort, *rate, number)).collect();
    let month = |at: usize| {
        let mut sums = Sums::zero(MEASURES.len());
        if at < begins || (at + 1 < MONTHS && draw.happens(idle)) {
            return sums;
        }
        (sums.base.facts, sums.base.encounters) = (1, 30);
        sums.base.unknown_status = unknown;
        for (index, (rate, times)) in own.iter().enumerate() {
            let changed = if at + change.0 >= MONTHS && index % 3 == 0 { change.1 } else { 1.0 };
            let d = draw.poisson(work * times * [1.0, 0.2, 0.02][index % 3]);
            sums.measures[index] = month_sums(draw, (MEASURES[index].0, sorts[index].0), rate * changed, d);
        }
        sums
    };
    let key = UnitKey { person: person.to_owned(), practice: practice.to_owned() };
    UnitMonth::new(key, (0..MONTHS).map(month).collect())
}

/// A clinician's true rate, and how many times the usual work.
fn own_rate(draw: &mut Draw, sort: Sort, rate: f64, number: usize) -> (f64, f64) {
    match sort {
        Sort::Alike => (rate, 1.0),
        Sort::Uniform => (rate * [1.0, 1.5][number % 2], 1.0),
        Sort::Spread(variation) => (rate * draw.factor(variation), 1.0),
        Sort::Giant if number == 0 => (rate * 3.0, 40.0),
        Sort::Giant => (rate * draw.factor(0.15), 1.0),
        Sort::TwoKinds => (rate * [1.0, 8.0][number % 2], 1.0),
        Sort::Never => (0.0, 1.0),
        Sort::Always => (1.0, 1.0),
        Sort::Minority => (if number % 5 == 1 { 0.0 } else { rate * draw.factor(0.1) }, 1.0),
    }
}

/// One month of `d` chances of an event.
fn month_sums(draw: &mut Draw, (kind, sort): (Kind, Sort), rate: f64, d: i64) -> MeasureSums {
    let sized = |facts_n: i64, n: i64, d: i64, sizes: (i64, i64)| MeasureSums {
        facts_n,
        facts_d: d / sizes.1,
        n,
        d,
        n_squares: i128::from(n) * i128::from(sizes.0),
        d_squares: i128::from(d) * i128::from(sizes.1),
        ..MeasureSums::default()
    };
    match kind {
        Kind::Rate => {
            let n = draw.poisson(rate * d as f64);
            sized(n, n, d, (1, 1))
        }
        Kind::Proportion => {
            let n = draw.binomial(d, rate.min(1.0));
            sized(n, n, d, (1, 1))
        }
        Kind::Share => {
            let n = draw.binomial(d, rate.min(1.0));
            sized(n, 28 * n, 28 * d, (28, 28))
        }
        Kind::Amount => {
            let n = draw.poisson(rate * d as f64);
            let size = if sort == Sort::Uniform { 1_500 } else { draw.one_of(&[700, 1_500, 9_000]) };
            sized(n, size * n, d, (size, 1))
        }
        Kind::Mean if sort == Sort::Uniform => {
            let minutes = whole(rate);
            MeasureSums { facts_n: d, n_squares: i128::from(minutes * minutes * d), ..sized(d, minutes * d, d, (1, 1)) }
        }
        Kind::Mean => {
            let minutes: Vec<i64> = (0..d).map(|_| whole(rate * draw.factor(0.5)).max(1)).collect();
            let squares: i64 = minutes.iter().map(|x| x * x).sum();
            MeasureSums { n_squares: i128::from(squares), ..sized(d, minutes.iter().sum(), d, (1, 1)) }
        }
    }
}

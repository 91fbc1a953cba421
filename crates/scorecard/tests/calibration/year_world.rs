//! A world of many measures: 11 rates and 11 proportions, whose clinicians differ by 0 to 35 %, over three years of months.
//!
//! 3 % of the clinicians, at least one, are truly at 2.5 times the usual in three measures.

use scorecard::card::scorecard::{Content, Status};
use scorecard::measure::measure_set::{Amount, Class, Definition, Direction, Kind, MeasureSet, SideDefinition};
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::unit::{MONTHS, UnitKey, UnitMonth};
use scorecard::registry::directory::Directory;
use scorecard::scoring::scorer::Scorer;
use scorecard::sums::measure_sums::{MeasureSums, Sums};
use scorecard::time::calendar::{Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use crate::draw::Draw;

/// Measures of a card.
pub const MEASURES: usize = 22;
/// The first of them are rates.
const RATES: usize = 11;
/// Cards of a year.
pub const CARDS: usize = 12;
/// The measures in which some clinicians are apart.
pub const APART: [usize; 3] = [1, 6, 14];
/// How many times the usual they are.
const TIMES: f64 = 2.5;
/// Coefficients of variation between clinicians, measure by measure in turn.
pub const USUAL: [f64; 4] = [0.0, 0.1, 0.18, 0.35];

/// A scorer of these measures.
pub struct YearWorld {
    pub measures: MeasureSet,
    schedule: Schedule,
    directory: Directory,
}

/// A clinician with the months of all cards.
pub struct Person {
    pub apart: bool,
    months: Vec<Sums>,
}

impl YearWorld {
    pub fn new() -> YearWorld {
        let side = |event| SideDefinition::new(event, Amount::Count);
        let measure = |index: usize| {
            let rate = index < RATES;
            let (kind, n, d) = if rate {
                (Kind::Rate, Class::Order, Class::Activity)
            } else {
                (Kind::Proportion, Class::Attendance, Class::Attendance)
            };
            // Every other proportion counts the good side.
            let direction = if !rate && index % 2 == 1 { Direction::High } else { Direction::Low };
            let actions = vec!["Look at the last ten.".to_owned()];
            Definition {
                direction,
                controllable: true,
                actions,
                ..Definition::new(&format!("m{index:02}"), kind, side(n), side(d))
            }
        };
        let measures = MeasureSet::of(&(0..MEASURES).map(measure).collect::<Vec<_>>()).expect("valid measures");
        let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(0) };
        YearWorld { measures, schedule, directory: Directory::default() }
    }

    /// A network of this many clinicians with the months of this many cards.
    pub fn network(draw: &mut Draw, clinicians: usize, variations: [f64; 4], apart: bool, cards: usize) -> Vec<Person> {
        let months = MONTHS - 1 + cards;
        // Three in a hundred, rounded, and at least one.
        let planted = if apart { ((3 * clinicians + 50) / 100).max(1) } else { 0 };
        let mut people: Vec<Person> =
            (0..clinicians).map(|at| Person { apart: at < planted, months: vec![Sums::zero(MEASURES); months] }).collect();
        let encounters: Vec<f64> = people.iter().map(|_| draw.log_between(20.0, 1_000.0)).collect();
        for index in 0..MEASURES {
            let usual = if index < RATES { draw.log_between(0.002, 0.3) } else { draw.between(0.05, 0.5) };
            for (person, encounters) in people.iter_mut().zip(&encounters) {
                let own = draw.factor(variations[index % 4]);
                let times = if person.apart && APART.contains(&index) { TIMES } else { own };
                let share = if index < RATES { 1.0 } else { draw.log_between(0.03, 1.0) };
                for month in &mut person.months {
                    month.measures[index] = month_of(draw, index, usual * times, encounters * share);
                }
            }
        }
        for month in people.iter_mut().flat_map(|person| &mut person.months) {
            (month.base.facts, month.base.encounters) = (1, 100);
        }
        people
    }

    /// The cards of a network whose months end this many months after the first card's.
    pub fn cards(&self, people: &[Person], at: usize) -> Vec<Content> {
        let scorer = Scorer { measures: &self.measures, schedule: &self.schedule, directory: &self.directory };
        let key = |number: usize| UnitKey { person: format!("p{number:04}"), practice: "A1".to_owned() };
        let units: Vec<UnitMonth> =
            (0..).zip(people).map(|(number, one)| UnitMonth::new(key(number), one.months[at..at + MONTHS].to_vec())).collect();
        let month = "2026-10".parse().expect("a month");
        let members = units.iter().filter_map(|unit| scorer.member(unit, month)).collect();
        let peers = scorer.peers(month, Timestamp(0), members);
        let benchmarks = scorer.benchmarks(month, &peers, &PeerTable::default());
        units.iter().map(|unit| scorer.content(unit, Status::Final, &benchmarks)).collect()
    }
}

fn month_of(draw: &mut Draw, index: usize, chance: f64, work: f64) -> MeasureSums {
    let d = draw.poisson(work);
    let events = if index < RATES { draw.poisson(chance * d as f64) } else { draw.binomial(d, chance.min(0.97)) };
    let n = if index >= RATES && index % 2 == 1 { d - events } else { events };
    MeasureSums { facts_n: n, facts_d: d, n, d, n_squares: n.into(), d_squares: d.into(), ..MeasureSums::default() }
}

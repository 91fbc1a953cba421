//! Worlds in which nobody differs and the facts of one patient are alike: answers of one questionnaire, or items over a year.

use scorecard::card::scorecard::{Content, Grade, Status};
use scorecard::event::Attendance;
use scorecard::measure::measure_set::{Amount, Class, Definition, Kind, MeasureSet, SideDefinition};
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::unit::{MONTHS, UnitKey, UnitMonth};
use scorecard::registry::directory::Directory;
use scorecard::scoring::scorer::Scorer;
use scorecard::sums::measure_sums::{MeasureSums, SIGNS, SignedSums, Sums};
use scorecard::time::calendar::{Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use crate::draw::Draw;
use crate::percent;

/// Facts of one patient that are alike.
#[derive(Clone, Copy, Debug)]
struct Cluster {
    name: &'static str,
    /// True share of events, of every clinician.
    share: f64,
    /// Facts of a patient.
    size: i64,
    /// Chance that a fact is the patient's own opinion and not a new one.
    correlation: f64,
    /// Whether the facts of a patient are in different months.
    spread: bool,
}

const CLUSTERS: [Cluster; 5] = [
    Cluster { name: "independent", share: 0.1, size: 1, correlation: 0.0, spread: false },
    Cluster { name: "4 answers, 0.6 alike", share: 0.1, size: 4, correlation: 0.775, spread: false },
    Cluster { name: "4 answers, all alike", share: 0.9, size: 4, correlation: 1.0, spread: false },
    Cluster { name: "2 items in other months", share: 0.5, size: 2, correlation: 1.0, spread: true },
    Cluster { name: "4 items in other months", share: 0.1, size: 4, correlation: 1.0, spread: true },
];

/// A clinician's months. `sides` are the numbers of numerator and denominator in the set.
fn clinician(draw: &mut Draw, number: usize, cluster: Cluster, sides: [usize; 2]) -> UnitMonth {
    let patients = draw.log_between(2.0, 40.0);
    let mut months = vec![Sums::zero(1); MONTHS];
    for month in &mut months {
        (month.base.facts, month.base.encounters) = (1, 100);
    }
    for month in MONTHS - 12..MONTHS {
        for _ in 0..draw.poisson(patients) {
            let signs: [i64; SIGNS] = std::array::from_fn(|_| if draw.happens(0.5) { 1 } else { -1 });
            let opinion = draw.happens(cluster.share);
            for fact in 0..cluster.size {
                let later = usize::try_from(fact).expect("few");
                let at = if cluster.spread { MONTHS - 12 + (month + 3 * later) % 12 } else { month };
                let event = if draw.happens(cluster.correlation) { opinion } else { draw.happens(cluster.share) };
                add(&mut months[at], i64::from(event), signs, sides);
            }
        }
    }
    UnitMonth::new(UnitKey { person: format!("p{number:04}"), practice: "A1".to_owned() }, months)
}

fn add(month: &mut Sums, n: i64, signs: [i64; SIGNS], [numerator, denominator]: [usize; 2]) {
    let one = MeasureSums { facts_n: n, facts_d: 1, n, d: 1, n_squares: n.into(), d_squares: 1, ..MeasureSums::default() };
    month.measures[0] += &one;
    month.add_signed(numerator, SignedSums(signs.map(|sign| n * sign)));
    month.add_signed(denominator, SignedSums(signs));
}

fn measures() -> MeasureSet {
    let side = |statuses: &[Attendance]| SideDefinition {
        statuses: statuses.to_vec(),
        ..SideDefinition::new(Class::Attendance, Amount::Count)
    };
    let (n, d) = (side(&[Attendance::Noshow]), side(&[Attendance::Attended, Attendance::Noshow]));
    let definition = Definition {
        controllable: true,
        actions: vec!["Look at the last ten.".to_owned()],
        ..Definition::new("alike", Kind::Proportion, n, d)
    };
    MeasureSet::of(&[definition]).expect("a valid measure")
}

fn cards(measures: &MeasureSet, draw: &mut Draw, cluster: Cluster) -> Vec<Content> {
    let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(0) };
    let directory = Directory::default();
    let scorer = Scorer { measures, schedule: &schedule, directory: &directory };
    let units: Vec<UnitMonth> = (0..200).map(|number| clinician(draw, number, cluster, measures.sides_of(0))).collect();
    let month = "2026-10".parse().expect("a month");
    let members = units.iter().filter_map(|unit| scorer.member(unit, month)).collect();
    let peers = scorer.peers(month, Timestamp(0), members);
    let benchmarks = scorer.benchmarks(month, &peers, &PeerTable::default());
    units.iter().map(|unit| scorer.content(unit, Status::Final, &benchmarks)).collect()
}

#[test]
fn facts_of_one_patient_make_nobody_reliable_or_different() {
    let measures = measures();
    println!("| facts of a patient | design effect | mean reliability | good | outside 99.8 % | one thing offered |");
    println!("|---|---|---|---|---|---|");
    for (seed, cluster) in (30_001..).zip(CLUSTERS) {
        let mut draw = Draw(seed);
        let contents: Vec<Content> = (0..20).flat_map(|_| cards(&measures, &mut draw, cluster)).collect();
        let all: Vec<_> = contents.iter().filter_map(|content| content.measures.first()).collect();
        let count = |number: usize| u32::try_from(number).expect("thousands");
        let cards = count(all.len());
        let mean = |of: &dyn Fn(&&scorecard::card::scorecard::CardMeasure) -> Option<f64>| {
            let values: Vec<f64> = all.iter().filter_map(of).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let (phi, reliability) = (mean(&|one| one.phi), mean(&|one| one.reliability));
        let good = percent(count(all.iter().filter(|one| one.grade == Some(Grade::Good)).count()), cards);
        let outside = percent(contents.iter().filter_map(|content| content.giants).map(|giants| giants.outside_998).sum(), cards);
        let offered = percent(count(contents.iter().filter(|content| content.one_thing.is_some()).count()), cards);
        println!("| {} | {phi:.2} | {reliability:.3} | {good:.1} % | {outside:.3} % | {offered:.2} % |", cluster.name);
        assert!(reliability <= 0.1 && good == 0.0, "{cluster:?}: nobody differs, and {reliability} is said to be theirs");
        assert!(outside <= 0.1, "{cluster:?}: {outside} % outside 99.8 %");
        assert!(offered < 5.0 / 12.0, "{cluster:?}: {offered} % of cards offer one thing to try, so more than 5 % of years may");
    }
}

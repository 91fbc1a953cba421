//! Cards of small worlds.

use proptest::prelude::*;

use super::*;
use crate::card::fingerprint::content_hash;
use crate::peer_group::peer_table::PeerTable;
use crate::peer_group::unit::{MONTHS, UnitPart, windows_of};
use crate::sums::measure_sums::{MeasureSums, Sums};
use crate::time::calendar::Zone;
use crate::time::schedule::Grid;

const REGISTRY: &str = r#"
    {"type":"organisation","code":"L1","kind":"locality"}
    {"type":"organisation","code":"N1","kind":"pcn","parent":"L1"}
    {"type":"organisation","code":"N2","kind":"pcn","parent":"L1"}
    {"type":"organisation","code":"A1","kind":"practice","parent":"N1"}
    {"type":"organisation","code":"A2","kind":"practice","parent":"N1"}
    {"type":"organisation","code":"A3","kind":"practice","parent":"N2"}
    {"type":"organisation","code":"PRISON","kind":"practice","parent":"N2","setting":"prison"}
    {"type":"role","person":"nurse","practice":"A1","role":"nurse"}
    {"type":"role","person":"nurse","practice":"A2","role":"gp","until":"2026-10-30"}"#;

struct World {
    measures: MeasureSet,
    schedule: Schedule,
    directory: Directory,
}

impl World {
    fn new() -> World {
        // One measure with thresholds in its file.
        let broad = include_str!("../../../../../measures/broad_spectrum.toml")
            .replace("{ available = 10.0 }", "{ available = 10.0, lower = 15.0, upper = 5.0 }");
        let measures = MeasureSet::parse([
            ("broad_spectrum.toml", broad.as_str()),
            ("antibiotics_per_1000.toml", include_str!("../../../../../measures/antibiotics_per_1000.toml")),
            ("consult_minutes.toml", include_str!("../../../../../measures/consult_minutes.toml")),
            ("desogestrel_branded.toml", include_str!("../../../../../measures/desogestrel_branded.toml")),
            ("dna_rate.toml", include_str!("../../../../../measures/dna_rate.toml")),
            ("low_priority_spend.toml", include_str!("../../../../../measures/low_priority_spend.toml")),
        ])
        .unwrap();
        let first = Timestamp(1_577_847_600_000);
        let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first };
        let mut directory = Directory::default();
        for line in REGISTRY.lines().filter(|line| !line.trim().is_empty()) {
            directory.apply(&serde_json::from_str(line).unwrap());
        }
        World { measures, schedule, directory }
    }

    fn scorer(&self) -> Scorer<'_> {
        Scorer { measures: &self.measures, schedule: &self.schedule, directory: &self.directory }
    }

    /// A unit whose last 12 months have these sums, and whose year before has them too.
    fn unit(&self, person: &str, practice: &str, fill: impl Fn(usize, &mut MeasureSums)) -> UnitMonth {
        let mut sums = Sums::zero(self.measures.measures().len());
        (sums.base.facts, sums.base.encounters) = (1, 100);
        for (index, measure) in sums.measures.iter_mut().enumerate() {
            fill(index, measure);
        }
        let key = UnitKey { person: person.to_owned(), practice: practice.to_owned() };
        UnitMonth::new(key, vec![sums; MONTHS])
    }

    fn index(&self, measure: &str) -> usize {
        self.measures.index_of(measure).unwrap()
    }

    /// Broad-spectrum items of ten a month.
    fn broad(&self, person: &str, practice: &str, n: i64) -> UnitMonth {
        let index = self.index("broad_spectrum");
        self.unit(person, practice, move |at, sums| {
            if at == index {
                *sums = counted(n, 10);
            }
        })
    }

    fn peers(&self, units: &[UnitMonth]) -> PeerTable {
        let scorer = self.scorer();
        let members = units.iter().filter_map(|unit| scorer.member(unit, month())).collect();
        scorer.peers(month(), Timestamp(7), members)
    }

    fn card(&self, unit: &UnitMonth, peers: &PeerTable) -> Content {
        let scorer = self.scorer();
        scorer.content(unit, Status::Final, &scorer.benchmarks(month(), peers, &peers.for_quarter(month())))
    }

    fn measure(&self, unit: &UnitMonth, peers: &PeerTable, measure: &str) -> CardMeasure {
        self.card(unit, peers).measures.into_iter().find(|one| &*one.id == measure).unwrap()
    }
}

fn counted(n: i64, d: i64) -> MeasureSums {
    MeasureSums { facts_n: n, facts_d: d, n, d, n_squares: n.into(), d_squares: d.into(), ..MeasureSums::default() }
}

fn month() -> Month {
    "2026-10".parse().unwrap()
}

/// Units of one practice, the last of them at ten times the others' share. Where all others differ by chance alone.
fn with_one_apart(world: &World, count: i64) -> Vec<UnitMonth> {
    let n = |at: i64| if at == count - 1 { 9 } else { 1 + at % 2 };
    (0..count).map(|at| world.broad(&format!("p{at:03}"), "A1", n(at))).collect()
}

#[test]
fn a_card_shows_one_comparator_whose_figures_grow_with_the_group() {
    let world = World::new();
    let shown = |count: i64| {
        let units: Vec<UnitMonth> = (0..count).map(|n| world.broad(&format!("p{n:02}"), "A1", n % 5)).collect();
        let measure = world.measure(&units[0], &world.peers(&units), "broad_spectrum");
        measure.comparator.map(|one| (one.median.is_some(), one.p25.is_some(), one.typical.is_some()))
    };
    assert_eq!(shown(9), None);
    assert_eq!(shown(10), Some((true, false, false)));
    assert_eq!(shown(20), Some((true, true, true)));
}

#[test]
fn other_roles_other_settings_small_numbers_and_months_without_a_card_are_no_colleagues() {
    let world = World::new();
    let mut units: Vec<UnitMonth> = (0..6).map(|n| world.broad(&format!("p{n}"), "A1", n)).collect();
    let alone = world.peers(&units);
    units.push(world.broad("nurse", "A1", 5));
    units.push(world.broad("p6", "PRISON", 5));
    let few = |_: usize, sums: &mut MeasureSums| *sums = MeasureSums { facts_d: 0, ..counted(1, 10) };
    units.push(world.unit("p7", "A1", few));
    let mut gone = world.broad("p8", "A1", 5);
    gone.windows[0].base.facts = 0;
    units.push(gone);
    let together = world.peers(&units);
    let of = |table: &PeerTable| table.find("broad_spectrum@1", "unknown").cloned();
    assert_eq!(of(&alone), of(&together));
    assert_eq!(together.find("broad_spectrum@1", "nurse").map(|group| group.values.len()), Some(1));
}

#[test]
fn one_apart_from_colleagues_who_are_alike_is_asked_to_check_and_the_others_are_not() {
    let world = World::new();
    let units = with_one_apart(&world, 40);
    let peers = world.peers(&units);
    let apart = world.measure(&units[39], &peers, "broad_spectrum");
    assert_eq!(apart.verdict, Some(VerdictWord::PleaseCheck));
    // Half of the others are at 10 %, half at 20 %: the middle of logarithms is 14.1 %.
    assert_eq!(
        apart.sentence,
        "90% in 12 months; a typical colleague 14%. Lower is better. Please check: more than chance and usual differences."
    );
    let card = world.card(&units[39], &peers);
    assert_eq!(card.check, ["broad_spectrum"]);
    assert_eq!(card.giants.map(|giants| (giants.outside_95, giants.outside_998)), Some((1, 1)));
    let ordinary = world.card(&units[0], &peers);
    assert_eq!((ordinary.check.len(), ordinary.comparisons.made), (0, 1));
    let without_network = world.peers(&units[..19]);
    let alone = world.measure(&units[0], &without_network, "broad_spectrum");
    assert_eq!((alone.verdict, alone.z, alone.points.is_none()), (None, None, true));
    assert_eq!(alone.sentence, "10% in 12 months. Too few similar clinicians to compare with.");
}

#[test]
fn a_suppressed_window_has_sums_and_a_reason_and_nothing_else() {
    let world = World::new();
    let units = with_one_apart(&world, 40);
    let peers = world.peers(&units);
    let mut unit = units[0].clone();
    let index = world.index("broad_spectrum");
    unit.windows[2].measures[index].facts_d = 9;
    let shown = world.measure(&unit, &peers, "broad_spectrum");
    assert_eq!(shown.suppressed.as_deref(), Some("denominator_below_minimum"));
    assert_eq!((shown.n, shown.d, shown.months_d.len(), shown.grade), (12, 120, 24, Some(Grade::Insufficient)));
    let nothing = shown.value.is_none() && shown.comparator.is_none() && shown.points.is_none() && shown.ci95.is_none();
    assert!(nothing && shown.verdict.is_none() && shown.change.is_none());
    assert_eq!(shown.sentence, "Too few to say: 9 of the 10 events needed in 12 months.");
}

#[test]
fn a_measure_without_a_fact_is_left_out_and_held_months_are_said() {
    let world = World::new();
    let mut months = world.broad("p0", "A1", 3).months;
    for month in &mut months[..19] {
        *month = Sums::zero(world.measures.measures().len());
    }
    let unit = UnitMonth::new(UnitKey { person: "p0".to_owned(), practice: "A1".to_owned() }, months);
    let card = world.card(&unit, &PeerTable::default());
    let ids: Vec<&str> = card.measures.iter().map(|measure| &*measure.id).collect();
    assert_eq!(ids, ["broad_spectrum"]);
    assert_eq!((card.measures[0].held, card.measures[0].window), (5, 12));
    assert_eq!(card.measures[0].sentence, "30% in 5 of 12 months. Too few similar clinicians to compare with.");
}

#[test]
fn a_card_of_a_practice_out_of_scope_is_compared_with_nobody_and_says_so() {
    let world = World::new();
    let mut units = with_one_apart(&world, 40);
    units.push(world.broad("p900", "PRISON", 9));
    let peers = world.peers(&units);
    let card = world.card(&units[40], &peers);
    let prison = &card.measures[0];
    assert_eq!((prison.value, prison.comparator.is_none(), prison.points.is_none()), (Some(90.0), true, true));
    assert_eq!((prison.verdict, prison.z, card.comparisons.made, card.check.len()), (None, None, 0, 0));
    assert_eq!(prison.sentence, "90% in 12 months. Compared with nobody: only open GP practices are.");
    assert_eq!(world.measure(&units[39], &peers, "broad_spectrum").verdict, Some(VerdictWord::PleaseCheck));
}

#[test]
fn a_value_says_the_months_that_have_a_denominator() {
    let world = World::new();
    let mut months = world.broad("p0", "A1", 3).months;
    let index = world.index("broad_spectrum");
    // Work in each month, and nothing to count in seven of the last twelve.
    months[12..19].iter_mut().for_each(|month| month.measures[index] = MeasureSums::default());
    let unit = UnitMonth::new(UnitKey { person: "p0".to_owned(), practice: "A1".to_owned() }, months);
    let measure = world.measure(&unit, &PeerTable::default(), "broad_spectrum");
    assert_eq!((measure.held, measure.d), (12, 50));
    assert_eq!(measure.sentence, "30% in 5 of 12 months. Too few similar clinicians to compare with.");
}

#[test]
fn a_mean_has_the_difference_between_its_years() {
    let world = World::new();
    let index = world.index("consult_minutes");
    let mut months = world.unit("p0", "A1", |_, _| {}).months;
    for (at, month) in months.iter_mut().enumerate() {
        // 50 consultations a month, of 10 minutes and of 12 a year later, with a variance of 30.
        let mean = if at < 12 { 10 } else { 12 };
        month.measures[index] = MeasureSums { n_squares: i128::from(50 * (30 + mean * mean)), ..counted(50 * mean, 50) };
        month.measures[index].facts_n = 50;
    }
    let unit = UnitMonth::new(UnitKey { person: "p0".to_owned(), practice: "A1".to_owned() }, months);
    let year = world.measure(&unit, &PeerTable::default(), "consult_minutes").change.unwrap().year.unwrap();
    // All 1,200 have the mean 11 and the variance 37,200 / 1,199, which counts as 20 more facts of each year. The squared error of each
    // year is (18,000 + 20 x 31.026) / 619 / 600, and 1.96 x sqrt(2 x 0.050136) = 0.6206.
    assert_eq!((year.ratio, year.difference), (None, Some(2.0)));
    assert!((year.lower - 1.3794).abs() < 1e-3 && (year.upper - 2.6206).abs() < 1e-3, "{year:?}");
}

#[test]
fn below_20_encounters_in_a_year_composite_and_offers_are_withheld() {
    let world = World::new();
    let units = with_one_apart(&world, 40);
    let peers = world.peers(&units);
    let with = |encounters| {
        let mut unit = units[39].clone();
        unit.windows[2].base.encounters = encounters;
        let content = world.card(&unit, &peers);
        (content.composite.is_some(), content.check.len())
    };
    assert_eq!(with(19), (false, 0));
    assert_eq!(with(20), (true, 1));
}

#[test]
fn the_lowest_of_both_practices_is_the_lowest_roll_up() {
    // 30 persons work at a practice with a low share and at one with a high share. One of them is below the others at both, and
    // works mostly at the second: its crude share is among the highest.
    let world = World::new();
    let index = world.index("broad_spectrum");
    let of = |person: &str, practice: &str, n: i64, d: i64| {
        world.unit(person, practice, move |at, sums| {
            if at == index {
                *sums = counted(n, d);
            }
        })
    };
    let mut units = Vec::new();
    for at in 0..30 {
        let person = format!("p{at:02}");
        let (low, high) = if at == 0 { ((2, 20), (40, 120)) } else { ((16, 100 + at % 3), (20, 40)) };
        let (one, other) = (of(&person, "A1", low.0, low.1), of(&person, "A2", high.0, high.1));
        let both: Vec<Sums> = one
            .months
            .iter()
            .zip(&other.months)
            .map(|(a, b)| {
                let mut sum = a.clone();
                sum += b;
                sum
            })
            .collect();
        let parts =
            [&one, &other].map(|part| UnitPart { practice: part.key.practice.clone(), windows: windows_of(&part.months) });
        let roll_up = UnitMonth::new(UnitKey { person, practice: String::new() }, both);
        units.extend([one, other, UnitMonth { parts: parts.into(), ..roll_up }]);
    }
    let peers = world.peers(&units);
    let lowest = world.measure(&units[2], &peers, "broad_spectrum");
    let ordinary = world.measure(&units[5], &peers, "broad_spectrum");
    assert!(lowest.value > ordinary.value, "the crude share is the higher one");
    assert!(lowest.z < ordinary.z && lowest.z < Some(0.0), "{:?} {:?}", lowest.z, ordinary.z);
    let mix = lowest.case_mix.expect("a roll-up is standardised");
    assert!(mix.ratio < Some(1.0) && mix.standardised < lowest.value, "{mix:?}");
}

#[test]
fn no_shows_cost_300_pence_a_planned_minute() {
    let world = World::new();
    let index = world.index("dna_rate");
    let mut unit = world.unit("p0", "A1", |at, sums| {
        if at == index {
            *sums = counted(4, 50);
        }
    });
    unit.windows[2].base.noshow_planned_minutes = 45;
    let giants = world.card(&unit, &PeerTable::default()).giants.unwrap();
    assert_eq!((giants.noshow_slots, giants.noshow_minutes, giants.noshow_pence), (48, 45, 13_500));
    assert_eq!(giants.waste_p50_pence, None);
}

#[test]
fn subjects_are_as_of_the_last_day_of_the_month() {
    let world = World::new();
    let subject = |practice: &str, month: &str| {
        let key = UnitKey { person: "nurse".to_owned(), practice: practice.to_owned() };
        world.scorer().subject(&key, month.parse().unwrap())
    };
    assert_eq!(subject("A2", "2026-09").role, "gp");
    assert_eq!(subject("A2", "2026-10").role, "unknown");
    assert_eq!(subject("A2", "2026-10").pcn.as_deref(), Some("N1"));
    assert_eq!((subject("", "2026-10").role, subject("", "2026-10").pcn), ("nurse".to_owned(), None));
}

#[test]
fn a_withdrawn_card_has_only_its_key_and_period() {
    let world = World::new();
    let key = UnitKey { person: "nurse".to_owned(), practice: "A1".to_owned() };
    let content = world.scorer().withdrawn(&key, month());
    assert_eq!(content.status, Status::Withdrawn);
    assert_eq!((content.subject.clinician.as_str(), content.subject.role.as_str()), ("nurse", "unknown"));
    assert!(content.measures.is_empty() && content.exposure.is_empty() && content.giants.is_none());
}

#[test]
fn the_status_is_part_of_the_content_hash() {
    let world = World::new();
    let content = world.card(&world.broad("p0", "A1", 7), &PeerTable::default());
    assert_eq!(content_hash(&content).len(), 64);
    assert_ne!(content_hash(&content), content_hash(&Content { status: Status::Restated, ..content.clone() }));
}

/// Units with any sums that can be, from a seed.
fn units(world: &World, seed: u64, count: usize) -> Vec<UnitMonth> {
    let mut state = seed;
    let mut draw = move |below: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(state >> 33).expect("31 bits") % below
    };
    let measures = world.measures.measures().len();
    let mut month = || {
        let mut sums = Sums::zero(measures);
        sums.base.facts = 1;
        sums.base.encounters = draw(40);
        sums.base.unknown_status = draw(2);
        for one in &mut sums.measures {
            let (facts, size) = (draw(60), 1 + draw(50));
            let d = facts * size;
            let n = if d == 0 { 0 } else { draw(d + 1) };
            *one = MeasureSums {
                facts_n: facts.min(n),
                facts_d: facts,
                n,
                d,
                n_squares: i128::from(n) * i128::from(size),
                d_squares: i128::from(d) * i128::from(size),
                n_quantity_milli: n,
                n_cost_pence: n * draw(5),
                d_quantity_milli: d,
                d_cost_pence: n * draw(5) + d,
                pca: draw(3),
                excluded: draw(3),
                unknown: draw(2),
            };
        }
        sums
    };
    let unit = |number: usize| {
        let practice = ["A1", "A2", "A3", "PRISON", "UNKNOWN"][number % 5];
        let person = if number % 7 == 3 { "nurse".to_owned() } else { format!("p{number}") };
        UnitMonth::new(UnitKey { person, practice: practice.to_owned() }, (0..MONTHS).map(|_| month()).collect())
    };
    (0..count).map(unit).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25))]

    #[test]
    fn cards_with_restored_frozen_peers_are_the_same_bit_for_bit(seed: u64, count in 1usize..70) {
        let world = World::new();
        let units = units(&world, seed, count);
        let made = world.peers(&units).frozen();
        let snapshots: Vec<_> = made.networks().flat_map(|network| network.chunks().collect::<Vec<_>>()).collect();
        let text = serde_json::to_string(&snapshots).expect("json");
        let read = PeerTable::of_snapshots(serde_json::from_str::<Vec<_>>(&text).expect("json")).expect("its own snapshots");
        prop_assert_eq!(&read, &made);
        for unit in &units {
            prop_assert_eq!(content_hash(&world.card(unit, &made)), content_hash(&world.card(unit, &read)));
        }
    }

    #[test]
    fn published_reals_are_numbers_within_their_bounds(seed: u64, count in 1usize..70) {
        let world = World::new();
        let units = units(&world, seed, count);
        let peers = world.peers(&units);
        for unit in &units {
            let content = world.card(unit, &peers);
            for list in [&content.check, &content.keep, &content.changed] {
                prop_assert!(list.len() <= 3);
            }
            for measure in &content.measures {
                prop_assert!(measure.sentence.chars().count() <= 140, "{}", measure.sentence);
                prop_assert!(measure.suppressed.is_none() || measure.value.is_none());
                prop_assert!(measure.place.is_none_or(|place| (0.0..=100.0).contains(&place)));
                prop_assert!(measure.place.is_none() || measure.reliability >= Some(0.5));
                if let Some(points) = measure.points {
                    prop_assert!((0.0..=points.available).contains(&points.points));
                    prop_assert!(points.low <= points.points && points.points <= points.high);
                }
                if let (Some(value), Some(ci)) = (measure.value, measure.ci95) {
                    prop_assert!(ci.lower <= value && value <= ci.upper);
                }
            }
        }
    }
}

//! Computes cards: the pure part of publish. A scorer has measures, calendar and registry as of a cut. It computes the peer groups
//! from the sums of all units of a month, and the content of a card from one unit's sums and its groups.

use std::borrow::Borrow;

use crate::card::scorecard::{Content, Exposure, Period, Status, Subject};
use crate::measure::measure_set::MeasureSet;
use crate::peer_group::roster::Roster;
use crate::peer_group::thresholds::Thresholds;
use crate::registry::directory::{Directory, UNKNOWN_ROLE};
use crate::scoring::benchmark::Benchmarks;
use crate::scoring::comparison::Comparison;
use crate::scoring::giants::giants;
use crate::scoring::highlight::highlights;
use crate::scoring::points::{by_domain, composite};
use crate::scoring::window_value::{card_measure, contribution};
use crate::time::calendar::Month;
use crate::time::schedule::Schedule;

pub use crate::card::fingerprint::{content_hash, month_sums, run_id, scorecard_id};
pub use crate::peer_group::peer_table::PeerTable;
pub use crate::peer_group::unit::{UnitKey, UnitMonth, WINDOWS};

/// Attended encounters in 12 months below which composite and highlights are withheld.
pub const LEAST_ENCOUNTERS: i64 = 20;

/// Computes peer groups and cards as of one cut.
#[derive(Clone, Copy, Debug)]
pub struct Scorer<'a> {
    /// The measures, in the order of the sums.
    pub measures: &'a MeasureSet,
    /// Zone and states of months.
    pub schedule: &'a Schedule,
    /// The registry as of the cut.
    pub directory: &'a Directory,
}

impl Scorer<'_> {
    /// The subject of this unit's card, as of the month's last day.
    #[must_use]
    pub fn subject(&self, key: &UnitKey, month: Month) -> Subject {
        let day = month.last_day();
        let held = self.directory.role_at(&key.person, &key.practice, day);
        let chain = self.directory.chain(&key.practice, day);
        Subject {
            clinician: key.person.clone(),
            role: held.role.to_owned(),
            locum: held.locum,
            practice: key.practice.clone(),
            pcn: chain.pcn.map(str::to_owned),
            locality: chain.locality.map(str::to_owned),
        }
    }

    /// A roster of all units with a card for the month, in order of their keys. `thresholds` are those of its quarter.
    #[must_use]
    pub fn roster<U: Borrow<UnitMonth>>(&self, month: Month, units: impl Iterator<Item = U>, thresholds: Thresholds) -> Roster {
        let mut roster = Roster::new(month, thresholds);
        self.enrol(&mut roster, units.map(|unit| (unit.borrow().key.clone(), Some(unit))));
        roster
    }

    /// Updates a roster with changed units, in order of their keys. `None` is a unit without a card. Every unit that differs from the
    /// roster must be among them.
    pub fn enrol<U: Borrow<UnitMonth>>(&self, roster: &mut Roster, units: impl Iterator<Item = (UnitKey, Option<U>)>) {
        let month = roster.month();
        let in_scope = |(key, _): &(UnitKey, _)| self.directory.in_scope(&key.practice, month.last_day());
        let with_subject = |(key, unit): (UnitKey, Option<U>)| {
            let subject = self.subject(&key, month);
            (key, subject, unit)
        };
        roster.update(self.measures, units.filter(in_scope).map(with_subject));
    }

    /// The thresholds of the quarter that begins with this month, from the peers of the month before.
    #[must_use]
    pub fn thresholds(&self, quarter: Month, before: &PeerTable) -> Thresholds {
        Thresholds::of_quarter(quarter, self.measures, before)
    }

    /// The benchmarks of a month from its peer groups. A thread shares one for all cards that it computes.
    #[must_use]
    pub fn benchmarks<'a>(&'a self, month: Month, peers: &'a PeerTable) -> Benchmarks<'a> {
        Benchmarks::new(self.measures, month, peers)
    }

    /// The content of a unit's card. `status` is never [`Status::Withdrawn`]: see [`Scorer::withdrawn`].
    #[must_use]
    pub fn content(&self, unit: &UnitMonth, status: Status, benchmarks: &Benchmarks<'_>) -> Content {
        let month = benchmarks.month;
        let subject = self.subject(&unit.key, month);
        let comparison = Comparison::of(&subject, benchmarks);
        let set = self.measures.measures();
        let measures: Vec<_> = benchmarks.measures().iter().map(|benchmark| card_measure(benchmark, unit, &comparison)).collect();
        let contributions: Vec<_> = set.iter().zip(&measures).map(|(measure, card)| contribution(measure, card)).collect();
        let year = &unit.windows[WINDOWS.len() - 1];
        let enough = year.base.encounters >= LEAST_ENCOUNTERS;
        Content {
            period: self.period(month),
            status,
            exposure: exposure(unit),
            domains: by_domain(&contributions),
            composite: enough.then(|| composite(&contributions)),
            giants: Some(giants(self.measures, year, &measures)),
            highlights: if enough { highlights(&measures) } else { Vec::new() },
            measures,
            subject,
        }
    }

    /// The content of a withdrawn card: key and period, and nothing else about the person.
    #[must_use]
    pub fn withdrawn(&self, key: &UnitKey, month: Month) -> Content {
        Content {
            subject: Subject {
                clinician: key.person.clone(),
                role: UNKNOWN_ROLE.to_owned(),
                locum: false,
                practice: key.practice.clone(),
                pcn: None,
                locality: None,
            },
            period: self.period(month),
            status: Status::Withdrawn,
            exposure: Vec::new(),
            measures: Vec::new(),
            domains: Vec::new(),
            composite: None,
            giants: None,
            highlights: Vec::new(),
        }
    }

    fn period(&self, month: Month) -> Period {
        let zone = &self.schedule.zone;
        Period { month, zone: zone.name().to_owned(), start: zone.start_of(month.first_day()), end: self.schedule.end_of(month) }
    }
}

fn exposure(unit: &UnitMonth) -> Vec<Exposure> {
    let of = |(window, sums): (u8, &crate::sums::measure_sums::Sums)| Exposure {
        window,
        encounters: sums.base.encounters,
        minutes: sums.base.minutes,
        items: sums.base.items,
        responses: sums.base.responses,
    };
    WINDOWS.into_iter().zip(&unit.windows).map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::card::peer_group::{Level, PeerGroup, PeerSnapshot};
    use crate::card::scorecard::{CardMeasure, WindowValue};
    use crate::peer_group::unit::window_index;
    use crate::scoring::window_value::headline;
    use crate::sums::measure_sums::{MeasureSums, Sums};
    use crate::time::calendar::{Timestamp, Zone};
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
            let broad = include_str!("../../../../measures/broad_spectrum.toml")
                .replace("{ available = 10.0 }", "{ available = 10.0, lower = 15.0, upper = 5.0 }");
            let measures = MeasureSet::parse([
                ("broad_spectrum.toml", broad.as_str()),
                ("antibiotics_per_1000.toml", include_str!("../../../../measures/antibiotics_per_1000.toml")),
                ("consult_minutes.toml", include_str!("../../../../measures/consult_minutes.toml")),
                ("desogestrel_branded.toml", include_str!("../../../../measures/desogestrel_branded.toml")),
                ("dna_rate.toml", include_str!("../../../../measures/dna_rate.toml")),
                ("low_priority_spend.toml", include_str!("../../../../measures/low_priority_spend.toml")),
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

        fn unit(&self, person: &str, practice: &str, fill: impl Fn(usize, &mut MeasureSums)) -> UnitMonth {
            let mut sums = Sums::zero(self.measures.measures().len());
            (sums.base.facts, sums.base.encounters) = (1, 100);
            for (index, measure) in sums.measures.iter_mut().enumerate() {
                fill(index, measure);
            }
            let key = UnitKey { person: person.to_owned(), practice: practice.to_owned() };
            let months = vec![(0, 0); 12 * sums.measures.len()].into();
            UnitMonth { key, windows: [sums.clone(), sums.clone(), sums], incomplete: [false; 3], months }
        }

        /// Broad-spectrum items of a hundred.
        fn broad(&self, person: &str, practice: &str, n: i64) -> UnitMonth {
            let index = self.measures.index_of("broad_spectrum").unwrap();
            self.unit(person, practice, move |at, sums| {
                if at == index {
                    *sums =
                        MeasureSums { facts_n: n, facts_d: 100, n, d: 100, n_squares: i128::from(n), d_squares: 100, ..*sums };
                }
            })
        }

        fn peers(&self, units: &[UnitMonth]) -> PeerTable {
            let units: BTreeMap<UnitKey, UnitMonth> = units.iter().map(|unit| (unit.key.clone(), unit.clone())).collect();
            self.scorer().roster(month(), units.into_values(), Thresholds::default()).into_table()
        }

        fn headline(&self, unit: &UnitMonth, peers: &PeerTable, measure: &str) -> WindowValue {
            let content = self.scorer().card(unit, Status::Provisional, peers);
            let found: &CardMeasure = content.measures.iter().find(|m| &*m.id == measure).unwrap();
            headline(found).unwrap().clone()
        }
    }

    impl Scorer<'_> {
        /// The content of one card of the month.
        fn card(&self, unit: &UnitMonth, status: Status, peers: &PeerTable) -> Content {
            self.content(unit, status, &self.benchmarks(month(), peers))
        }
    }

    fn month() -> Month {
        "2026-10".parse().unwrap()
    }

    #[test]
    fn a_unit_is_shown_with_the_narrowest_group_of_six() {
        let world = World::new();
        let at = |practice: &str, count: i64| {
            (0..count).map(|n| world.broad(&format!("{practice}-{n}"), practice, n)).collect::<Vec<_>>()
        };
        let shown = |units: &[UnitMonth]| {
            let peer = world.headline(&units[0], &world.peers(units), "broad_spectrum").peer;
            peer.map(|peer| (peer.level, peer.group.to_string(), peer.size))
        };
        assert_eq!(shown(&at("A1", 6)), Some((Level::Practice, "A1".to_owned(), 6)));
        assert_eq!(shown(&[at("A1", 5), at("A2", 3)].concat()), Some((Level::Pcn, "N1".to_owned(), 8)));
        assert_eq!(shown(&[at("A1", 5), at("A3", 1)].concat()), Some((Level::Locality, "L1".to_owned(), 6)));
        assert_eq!(shown(&[at("A1", 5), at("NOBODY-KNOWS", 1)].concat()), Some((Level::Network, "network".to_owned(), 6)));
        assert_eq!(shown(&at("A1", 5)), None);
    }

    #[test]
    fn percentiles_count_strictly_lower_values_and_deciles_are_in_the_measures_unit() {
        let world = World::new();
        let units: Vec<UnitMonth> =
            [0, 10, 10, 20, 30, 40, 50].iter().enumerate().map(|(i, n)| world.broad(&format!("p{i}"), "A1", *n)).collect();
        let peers = world.peers(&units);
        let percentile = |unit| world.headline(unit, &peers, "broad_spectrum").peer.unwrap().percentile.unwrap();
        let found: Vec<f64> = units.iter().map(percentile).collect();
        assert_eq!(found, [0.0, 16.666_666_7, 16.666_666_7, 50.0, 66.666_666_7, 83.333_333_3, 100.0]);
        let peer = world.headline(&units[0], &peers, "broad_spectrum").peer.unwrap();
        // R type 7 at (7 - 1) x 0.1 = 0.6 between 0 and 10, at 3 on 20, at 5.4 between 40 and 50; mean 160/700.
        assert_eq!((peer.p10, peer.p50, peer.p90, peer.mean), (Some(6.0), Some(20.0), Some(44.0), Some(22.857_142_9)));
    }

    #[test]
    fn other_roles_other_settings_small_numbers_and_months_without_a_card_are_no_peers() {
        let world = World::new();
        let mut units: Vec<UnitMonth> = (0..6).map(|n| world.broad(&format!("p{n}"), "A1", n)).collect();
        let alone = world.peers(&units);
        units.push(world.broad("nurse", "A1", 50));
        units.push(world.broad("p6", "PRISON", 50));
        let mut few = world.broad("p7", "A1", 50);
        few.windows.iter_mut().for_each(|sums| sums.measures.iter_mut().for_each(|measure| measure.facts_d /= 11));
        units.push(few);
        let mut gone = world.broad("p8", "A1", 50);
        gone.windows[0].base.facts = 0;
        units.push(gone);
        let together = world.peers(&units);
        let unknown =
            |table: &PeerTable| table.groups().filter(|g| &*g.key.role == "unknown").cloned().collect::<Vec<PeerGroup>>();
        assert_eq!(unknown(&alone), unknown(&together));
        let nurses: Vec<&PeerGroup> = together.groups().filter(|g| &*g.key.role == "nurse").collect();
        assert_eq!(nurses.len(), 3, "network groups of one, of one measure and three windows");
        assert!(nurses.iter().all(|group| group.size == 1 && group.key.level == Level::Network));
    }

    #[test]
    fn roll_ups_compare_only_with_roll_ups_in_the_network() {
        let world = World::new();
        let mut units: Vec<UnitMonth> = (0..6).map(|n| world.broad(&format!("p{n}"), "A1", n)).collect();
        units.extend((0..7).map(|n| world.broad(&format!("p{n}"), "", n)));
        let peers = world.peers(&units);
        let peer = world.headline(&units[6], &peers, "broad_spectrum").peer.unwrap();
        assert_eq!((peer.level, peer.size), (Level::Network, 7));
        assert!(peers.groups().any(|group| &*group.key.role == "rollup:unknown"));
        assert!(peers.groups().filter(|g| &*g.key.role == "rollup:unknown").all(|g| g.key.level == Level::Network));
    }

    #[test]
    fn a_suppressed_window_has_no_value_no_peers_no_points() {
        let world = World::new();
        let mut unit = world.broad("p0", "A1", 5);
        let index = world.measures.index_of("broad_spectrum").unwrap();
        let year = window_index(12);
        unit.windows[year].measures[index].facts_d = 9;
        let units: Vec<UnitMonth> = (1..30).map(|n| world.broad(&format!("p{n}"), "A1", n)).collect();
        let shown = world.headline(&unit, &world.peers(&units), "broad_spectrum");
        assert_eq!(shown.suppressed.as_deref(), Some("denominator_below_minimum"));
        assert_eq!((shown.n, shown.d), (5, 100));
        assert!(
            shown.value.is_none()
                && shown.peer.is_none()
                && shown.qof.is_none()
                && shown.funnel.is_none()
                && shown.ci95.is_none()
        );
        let content = world.scorer().card(&unit, Status::Provisional, &world.peers(&units));
        assert_eq!(content.composite.map(|composite| composite.available), Some(0.0));
    }

    /// Thirty units of one practice, from 0 % to 28 %, the last at 70 %.
    fn with_an_outlier(world: &World) -> Vec<UnitMonth> {
        (0..30).map(|n| world.broad(&format!("p{n:02}"), "A1", if n == 29 { 70 } else { n })).collect()
    }

    #[test]
    fn only_the_headline_window_carries_limits_and_points() {
        let world = World::new();
        let units = with_an_outlier(&world);
        let content = world.scorer().card(&units[29], Status::Final, &world.peers(&units));
        let measure = content.measures.iter().find(|m| &*m.id == "broad_spectrum").unwrap();
        let with =
            |has: fn(&WindowValue) -> bool| measure.windows.iter().filter(|w| has(w)).map(|w| w.window).collect::<Vec<_>>();
        assert_eq!(with(|w| w.value.is_some() && w.ci95.is_some() && w.peer.is_some()), [1, 3, 12]);
        assert_eq!(with(|w| w.funnel.is_some() || w.qof.is_some() || w.sentence.is_some()), [12]);
        // On the arcsine scale tau is about 0.13 and chance 0.05: 14 % and 3.09 standard deviations of both is about 54 %.
        assert_eq!(content.highlights.len(), 1);
        assert!(!content.highlights[0].good);
        assert_eq!(content.giants.map(|g| (g.outside_95, g.outside_998)), Some((1, 1)));
    }

    #[test]
    fn below_20_encounters_in_a_year_composite_and_highlights_are_withheld() {
        let world = World::new();
        let units = with_an_outlier(&world);
        let peers = world.peers(&units);
        let with = |encounters| {
            let mut unit = units[29].clone();
            unit.windows[window_index(12)].base.encounters = encounters;
            let content = world.scorer().card(&unit, Status::Provisional, &peers);
            (content.composite.is_some(), content.highlights.len())
        };
        assert_eq!(with(19), (false, 0));
        assert_eq!(with(20), (true, 1));
    }

    #[test]
    fn no_shows_cost_300_pence_a_planned_minute() {
        let world = World::new();
        let index = world.measures.index_of("dna_rate").unwrap();
        let mut unit = world.unit("p0", "A1", |at, sums| {
            if at == index {
                *sums = MeasureSums { facts_n: 4, n: 4, facts_d: 50, d: 50, ..*sums };
            }
        });
        unit.windows[window_index(12)].base.noshow_planned_minutes = 45;
        let giants = world.scorer().card(&unit, Status::Provisional, &PeerTable::default()).giants.unwrap();
        assert_eq!((giants.noshow_slots, giants.noshow_minutes, giants.noshow_pence), (4, 45, 13_500));
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
    fn the_content_hash_is_that_of_the_printed_json_with_its_status() {
        let world = World::new();
        let unit = world.broad("p0", "A1", 7);
        let content = world.scorer().card(&unit, Status::Provisional, &PeerTable::default());
        let json = serde_json::to_string(&content).unwrap();
        assert!(
            json.starts_with(r#"{"subject":{"clinician":"p0","role":"unknown","locum":false,"practice":"A1","pcn":"N1""#),
            "{json}"
        );
        assert!(json.contains(r#""value":7.0,"#), "{json}");
        assert_eq!(content_hash(&content), format!("{:032x}", xxhash_rust::xxh3::xxh3_128(json.as_bytes())));
        assert_ne!(content_hash(&content), content_hash(&Content { status: Status::Final, ..content.clone() }));
        let reals = [2.0, 0.1, 1e-5, 1e-6, 123_456_789.0, 1e15, 1e16, 1.5e300];
        assert_eq!(
            serde_json::to_string(&reals).unwrap(),
            "[2.0,0.1,0.00001,1e-6,123456789.0,1000000000000000.0,1e+16,1.5e+300]"
        );
    }

    /// Units with any sums that can be, from a seed.
    fn units(world: &World, seed: u64, count: usize) -> Vec<UnitMonth> {
        let mut state = seed;
        let mut draw = move |below: i64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from(state >> 33).expect("31 bits") % below
        };
        let unit = |number: usize| {
            let practice = ["A1", "A2", "A3", "PRISON", "UNKNOWN", ""][usize::try_from(draw(6)).expect("not negative")];
            let person = if draw(4) == 0 { "nurse".to_owned() } else { format!("p{number}") };
            let mut unit = world.unit(&person, practice, |_, _| {});
            for window in &mut unit.windows {
                window.base.encounters = draw(40);
                window.base.unknown_status = draw(10);
                for sums in &mut window.measures {
                    let (facts, size) = (draw(60), 1 + draw(500));
                    let d = facts * size;
                    let n = if d == 0 { 0 } else { draw(d + 1) };
                    *sums = MeasureSums {
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
                        unknown: draw(3),
                        excluded: draw(3),
                    };
                }
            }
            unit
        };
        (0..count).map(unit).collect()
    }

    fn through_json<T: serde::Serialize + serde::de::DeserializeOwned>(values: &[T]) -> Vec<T> {
        values.iter().map(|v| serde_json::from_str(&serde_json::to_string(v).expect("json")).expect("json")).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn cards_with_restored_frozen_peers_are_the_same_bit_for_bit(seed: u64, count in 1usize..70) {
            let world = World::new();
            let units = units(&world, seed, count);
            let made = world.peers(&units);
            let frozen = made.clone().frozen();
            let groups: Vec<PeerGroup> = through_json(&frozen.groups().cloned().collect::<Vec<_>>());
            let snapshots: Vec<PeerSnapshot> = through_json(&frozen.snapshots().collect::<Vec<_>>());
            let read = PeerTable::from_frozen(groups, snapshots).expect("its own snapshots");
            prop_assert_eq!(&read, &frozen);
            for unit in &units {
                let content = |peers| world.scorer().card(unit, Status::Final, peers);
                prop_assert_eq!(serde_json::to_string(&content(&made)).expect("json"), serde_json::to_string(&content(&read)).expect("json"));
                prop_assert_eq!(content_hash(&content(&made)), content_hash(&content(&read)));
            }
        }

        #[test]
        fn published_reals_are_numbers_within_their_bounds(seed: u64, count in 1usize..70) {
            let world = World::new();
            let units = units(&world, seed, count);
            let peers = world.peers(&units);
            for group in peers.groups() {
                prop_assert!(group.deciles.len() == 9 && group.deciles.windows(2).all(|pair| pair[0] <= pair[1]));
            }
            for unit in &units {
                let content = world.scorer().card(unit, Status::Provisional, &peers);
                prop_assert!(content.highlights.len() <= 6);
                for window in content.measures.iter().flat_map(|measure| &measure.windows) {
                    prop_assert!(window.suppressed.is_none() || window.value.is_none());
                    if let Some(peer) = &window.peer {
                        prop_assert!(peer.size >= 6 && (0.0..=100.0).contains(&peer.percentile.expect("six members")));
                    }
                    if let Some(qof) = window.qof {
                        prop_assert!((0.0..=qof.points_available).contains(&qof.points));
                    }
                    if let (Some(value), Some(ci)) = (window.value, window.ci95) {
                        prop_assert!(ci.lower <= value && value <= ci.upper);
                    }
                }
            }
        }
    }
}

//! Disorderly traffic of a population: deliveries in order of arrival, drawn day by day.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::civil::{Date, Weekday};

use crate::calendar::{London, Month};
use crate::traffic::consultation::{Serial, Surgery, hold};
use crate::traffic::draft::{Detail, Draft, Number};
use crate::traffic::draw::Draw;
use crate::traffic::oddity::{Odd, Odds};
use crate::traffic::patient::age_and_sex;
use crate::traffic::population::Population;
use crate::traffic::story::{Scene, VersionDelivery, tell};

/// The amount of traffic and its disorder.
#[derive(Clone, Debug)]
pub struct TrafficConfig {
    /// The same seed, population and configuration give the same bytes.
    pub seed: u64,
    /// The last month of the events.
    pub until: Month,
    /// Number of months, the last one included.
    pub months: u32,
    /// Encounters of a clinician on a working day; each one brings about 2.3 further events.
    pub encounters_per_day: f64,
    /// Factors of `encounters_per_day`, in turn over the clinicians; empty for 1 for everybody.
    pub workloads: Vec<f64>,
    /// Disorder: 1 gives 131 of 1,000 events an oddity of their own, 0 none.
    pub odd: f64,
    /// Whether encounters and feedback carry age band and sex of the patient, as far as the practice knows them.
    pub ages: bool,
    /// The last instant of a delivery (milliseconds since 1970-01-01T00:00Z). By default the last deliveries arrive 14 months
    /// after the last month.
    pub deliver_until: Option<i64>,
}

impl Default for TrafficConfig {
    fn default() -> TrafficConfig {
        let until = "2026-10".parse().expect("a month");
        TrafficConfig {
            seed: 1,
            until,
            months: 3,
            encounters_per_day: 1.5,
            workloads: Vec::new(),
            odd: 1.0,
            ages: false,
            deliver_until: None,
        }
    }
}

/// One delivery of a feed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delivery {
    /// Arrival, milliseconds since 1970-01-01T00:00Z. No instant in the delivery is later.
    pub arrival: i64,
    /// The feed.
    pub feed: String,
    /// One event in its native JSON form, without a line end.
    pub json: String,
}

/// An iterator of deliveries in order of their arrival.
#[derive(Clone, Debug)]
pub struct Traffic {
    population: Population,
    config: TrafficConfig,
    london: London,
    draw: Draw,
    serial: Serial,
    day: Date,
    end: i64,
    sequence: u64,
    pending: BinaryHeap<Reverse<(i64, u64, Delivery)>>,
    odds: Odds,
    codes: Vec<String>,
    colleagues: Vec<Vec<Number>>,
}

const DRAWS: u64 = 0x0007_7AFF;

impl Traffic {
    /// The traffic of this population.
    #[must_use]
    pub fn new(population: &Population, config: &TrafficConfig) -> Traffic {
        let london = London::default();
        let months = i32::try_from(config.months).expect("a traffic of less than 2^31 months");
        Traffic {
            draw: Draw::seeded(config.seed, DRAWS),
            serial: Serial::default(),
            day: config.until.plus(1 - months).first_day(),
            end: london.end_of(config.until),
            sequence: 0,
            pending: BinaryHeap::new(),
            odds: Odds::default(),
            codes: population.practices.iter().map(|p| p.code.clone()).collect(),
            colleagues: (0..population.practices.len()).map(|n| numbers(population, n)).collect(),
            population: population.clone(),
            config: config.clone(),
            london,
        }
    }

    /// Counts of the oddities so far; of all once the iterator is exhausted.
    #[must_use]
    pub fn odds(&self) -> &Odds {
        &self.odds
    }

    /// Draws every event of the next day.
    fn draw_a_day(&mut self) {
        let day = self.day;
        self.day = day.tomorrow().expect("not the last of all days");
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let usual = self.config.encounters_per_day * if weekend { 0.1 } else { 1.0 };
        for n in 0..self.population.clinicians.len() {
            let workload = match self.config.workloads.as_slice() {
                [] => 1.0,
                shares => shares[n % shares.len()],
            };
            for p in 0..self.population.clinicians[n].posts.len() {
                let mean = usual * workload * self.population.clinicians[n].posts[p].share;
                for _ in 0..self.draw.count(mean) {
                    self.draw_an_encounter(day, n, p);
                }
            }
        }
    }

    fn draw_an_encounter(&mut self, day: Date, clinician: usize, post: usize) {
        let second = self.second_of(day);
        let occurred = self.london.at(day, second);
        let clinician = &self.population.clinicians[clinician];
        let practice = clinician.posts[post].practice;
        let place = &self.population.practices[practice];
        let surgery = Surgery { london: &self.london, practice: place, clinician, end: self.end };
        let (visit, rest) = hold(&surgery, occurred, &mut self.serial, &mut self.draw);
        let target = self.live(visit, practice);
        let recorded = target.iter().find(|t| !is_retraction(t)).map_or(i64::MAX, |t| t.arrival);
        for draft in rest {
            let linked = draft.detail.link().is_some();
            let told = self.live(draft, practice);
            if linked && let Some(first) = told.first() {
                self.note_link(first.arrival, recorded, &target);
            }
        }
    }

    /// The second of the day at which an encounter begins: in surgery hours, rarely at night, and often enough at the bounds
    /// of a month.
    fn second_of(&mut self, day: Date) -> i32 {
        let (low, high) = if day == day.first_of_month() && self.draw.chance(0.15) {
            (0, 3_599)
        } else if day == day.last_of_month() && self.draw.chance(0.15) {
            (82_800, 86_399)
        } else if self.draw.chance(0.03) {
            (0, 86_399)
        } else {
            (28_800, 68_399)
        };
        i32::try_from(self.draw.between(low, high)).expect("a second of a day")
    }

    /// Applies the oddity of a draft, then queues and returns its deliveries.
    fn live(&mut self, mut draft: Draft, practice: usize) -> Vec<VersionDelivery> {
        let odd = self.deal();
        let carries = matches!(draft.detail, Detail::Encounter(_) | Detail::Feedback(_));
        if self.config.ages && carries {
            (draft.age_band, draft.sex) = age_and_sex(&draft.patient);
        }
        match odd {
            Some(Odd::ExcludedAdmin) => draft.exclude = Some("admin"),
            Some(Odd::ExcludedTest) => draft.exclude = Some("test"),
            Some(Odd::Adjusted) => draft.pca = adjusted(&draft.detail),
            _ => {}
        }
        if let Some(odd) = odd {
            self.odds.saw(odd);
        }
        self.note(&draft);
        let scene = Scene { london: &self.london, colleagues: &self.colleagues[practice], practices: &self.codes };
        let told = tell(&draft, odd, &scene, &mut self.draw);
        for t in &told {
            self.sequence += 1;
            let delivery = Delivery { arrival: t.arrival, feed: draft.feed.clone(), json: t.json.clone() };
            self.pending.push(Reverse((t.arrival, self.sequence, delivery)));
        }
        told
    }

    fn deal(&mut self) -> Option<Odd> {
        let permille: u32 = Odd::DEALT.iter().map(|(_, weight)| weight).sum();
        let odd = self.draw.chance(f64::from(permille) / 1000.0 * self.config.odd);
        odd.then(|| *self.draw.weighted(&Odd::DEALT))
    }

    /// Counts the oddities of a draft.
    fn note(&mut self, draft: &Draft) {
        let edge = |ms: i64| self.london.month_of(ms - 3_600_000) != self.london.month_of(ms + 3_600_000);
        let placeless = draft.practice.is_none();
        let linked = draft.detail.link().is_some();
        let is = [
            (Odd::MonthEdge, edge(draft.occurred)),
            (Odd::SecondNumber, draft.clinician.system == "gmp"),
            (Odd::PracticeFromLink, placeless && linked),
            (Odd::PracticeAbsent, placeless && !linked),
            (Odd::UnknownStatus, matches!(&draft.detail, Detail::Encounter(e) if e.status == "unknown")),
            (Odd::Repeat, matches!(&draft.detail, Detail::Prescription(p) if p.repeat == Some(true))),
            (Odd::Unmapped, matches!(&draft.detail, Detail::Prescription(p) if p.code_system != "bnf")),
        ];
        for (odd, _) in is.into_iter().filter(|(_, yes)| *yes) {
            self.odds.saw(odd);
        }
    }

    /// Counts the order of arrival of an event and of the encounter that it links.
    fn note_link(&mut self, arrival: i64, recorded: i64, target: &[VersionDelivery]) {
        if arrival < recorded {
            self.odds.saw(Odd::LinkLate);
        }
        let later = || target.iter().filter(|t| t.arrival > arrival);
        if later().any(is_retraction) {
            self.odds.saw(Odd::LinkRetracted);
        }
        if later().any(|t| !is_retraction(t) && t.arrival > recorded) {
            self.odds.saw(Odd::LinkAmended);
        }
    }
}

impl Iterator for Traffic {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        // No event of a day arrives before the day begins, so pending deliveries from before the next day are ready.
        while self.london.at(self.day, 0) < self.end {
            let next = self.london.at(self.day, 0);
            if self.pending.peek().is_some_and(|Reverse((arrival, ..))| *arrival < next) {
                break;
            }
            self.draw_a_day();
        }
        let Reverse((arrival, _, delivery)) = self.pending.pop()?;
        (self.config.deliver_until.is_none_or(|until| arrival <= until)).then_some(delivery)
    }
}

fn is_retraction(told: &VersionDelivery) -> bool {
    told.json.contains("\"action\":\"retract\"")
}

/// The measures for which an event's patient can be adjusted.
fn adjusted(detail: &Detail) -> Vec<&'static str> {
    match detail {
        Detail::Encounter(_) => vec!["dna_rate", "same_day_access"],
        Detail::Feedback(_) => vec!["fft_positive"],
        Detail::Order(_) => vec!["referral_rate"],
        Detail::Prescription(p) if p.code.starts_with("0501") => vec!["antibiotics_per_1000", "broad_spectrum"],
        Detail::Prescription(p) if p.code.starts_with("100101") => vec!["nsaid_nonpreferred"],
        Detail::Prescription(_) => vec!["generic_rate", "no_such_measure"],
    }
}

/// The first numbers of all clinicians of a practice.
fn numbers(population: &Population, practice: usize) -> Vec<Number> {
    let works = population.clinicians.iter().filter(|c| c.posts.iter().any(|p| p.practice == practice));
    works.map(|c| Number { system: "gmc", value: c.gmc.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::traffic::population;

    fn population() -> Population {
        Population::generate(&population::PopulationConfig::default())
    }

    fn traffic(seed: u64) -> Traffic {
        Traffic::new(&population(), &TrafficConfig { seed, ..TrafficConfig::default() })
    }

    fn instant(value: &serde_json::Value) -> Option<i64> {
        let at: jiff::Timestamp = value.as_str()?.parse().expect("RFC 3339");
        Some(at.as_millisecond())
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        assert!(traffic(3).eq(traffic(3)));
        assert!(!traffic(3).take(50).eq(traffic(4).take(50)));
    }

    #[test]
    fn every_oddity_occurs_at_least_twenty_times() {
        for seed in [1, 2, 3] {
            let mut traffic = traffic(seed);
            let deliveries = traffic.by_ref().count();
            assert!((15_000..30_000).contains(&deliveries), "{deliveries}");
            for odd in Odd::ALL {
                assert!(traffic.odds().count(odd) >= 20, "seed {seed}, {odd:?}\n{}", traffic.odds());
            }
        }
    }

    #[test]
    fn deliveries_are_in_order_and_contain_no_later_instant() {
        let feeds: BTreeMap<String, String> = population().feeds().map(|(f, p)| (f.to_owned(), p.to_owned())).collect();
        let mut last = i64::MIN;
        for delivery in traffic(1) {
            assert!(delivery.arrival >= last);
            last = delivery.arrival;
            let event: serde_json::Value = serde_json::from_str(&delivery.json).expect("JSON");
            assert!(feeds.contains_key(&delivery.feed));
            assert_eq!(event["feed"], delivery.feed.as_str());
            for at in [&event["occurred_at"], &event["recorded_at"], &event["encounter"]["booked_at"]] {
                assert!(instant(at).is_none_or(|ms| ms <= delivery.arrival), "{}", delivery.json);
            }
            if event["action"] != "retract" {
                assert!(instant(&event["occurred_at"]) <= instant(&event["recorded_at"]), "{}", delivery.json);
                assert!(event["clinician"]["value"].is_string());
                assert!(event["patient"].as_str().expect("a patient").starts_with("999"));
                let kind = event["type"].as_str().expect("a type");
                assert!(event[kind].is_object(), "{}", delivery.json);
            }
        }
    }

    #[test]
    fn first_versions_occur_within_the_configured_months() {
        let london = London::default();
        let config = TrafficConfig { months: 2, odd: 0.0, ..TrafficConfig::default() };
        let (from, to) = (london.start_of(config.until.plus(-1)), london.end_of(config.until));
        let mut days = std::collections::BTreeSet::new();
        for delivery in Traffic::new(&population(), &config) {
            let event: serde_json::Value = serde_json::from_str(&delivery.json).expect("JSON");
            let at = instant(&event["occurred_at"]).expect("an instant");
            assert!((from..to).contains(&at), "{}", delivery.json);
            days.insert(london.day_of(at));
        }
        assert!(days.len() > 50);
    }

    #[test]
    fn nothing_is_delivered_after_the_last_instant() {
        let until = London::default().end_of("2026-09".parse().expect("a month"));
        let config = TrafficConfig { deliver_until: Some(until), ..TrafficConfig::default() };
        let last = Traffic::new(&population(), &config).map(|d| d.arrival).max();
        assert!(last.is_some_and(|last| last <= until));
    }

    #[test]
    fn the_events_of_a_busy_clinician_have_the_true_rates() {
        let one = Population::generate(&population::PopulationConfig {
            practices: 1,
            clinicians: 1,
            ..population::PopulationConfig::default()
        });
        let config = TrafficConfig { encounters_per_day: 400.0, months: 1, odd: 0.0, ..TrafficConfig::default() };
        let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
        for delivery in Traffic::new(&one, &config) {
            let event: serde_json::Value = serde_json::from_str(&delivery.json).expect("JSON");
            let mut add = |name, amount| *counts.entry(name).or_default() += amount;
            match event["encounter"]["status"].as_str() {
                Some("attended") => add("attended", 1.0),
                Some("noshow") => add("noshow", 1.0),
                _ => {}
            }
            if let Some(code) = event["prescription"]["code"].as_str().filter(|c| c.starts_with("0501")) {
                let broad = ["0501013K0", "0501021", "050112"].iter().any(|p| code.starts_with(p));
                add("antibiotics", 1.0);
                add("broad", f64::from(u8::from(broad)));
            }
        }
        let rates = &one.clinicians[0].rates;
        let near = |value: f64, truth: f64, d: f64| (value - truth).abs() < 4.0 * (truth * (1.0 - truth) / d).sqrt();
        let (attended, noshow) = (counts["attended"], counts["noshow"]);
        assert!(near(noshow / (attended + noshow), rates.noshow, attended + noshow));
        assert!(near(counts["antibiotics"] / attended, rates.antibiotic, attended));
        assert!(near(counts["broad"] / counts["antibiotics"], rates.broad_spectrum, counts["antibiotics"]));
    }
}

//! A month of OpenPrescribing as events gives OpenPrescribing's values: decoder, intake, tally, publish.
//!
//! Each practice plays a clinician. The month in this repository is synthetic; `crates/scorecard/reference/openprescribing.py`
//! computed its expected values. If `PLUMBLINE_TEST_DATA` names a folder with `openprescribing-one-month`, the test also compares
//! the values that OpenPrescribing published.

use std::collections::BTreeMap;
use std::path::PathBuf;

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use promises::world::{World, deployment, measures, records, utc};
use scorecard::card::peer_snapshot::{GroupFigures, Purpose};
use scorecard::card::scorecard::{CardMeasure, Scorecard};
use scorecard::record::log_record::{Position, Record};
use scorecard::scoring::saving::{FallbackPrices, Spending, ratio_saving};
use scorecard::statistics::percentile::{percentile, quantile};
use scorecard::sums::measure_sums::MeasureSums;
use scorecard::sums::ratio::Ratio;
use stream::log::Topic;

const MEASURE: &str = r#"
id = "cerazette"
version = 1
title = "How much desogestrel is prescribed by brand?"
kind = "share"
domain = "resource"
giant = "waste"
unit = ""
scale = 1.0
direction = "low"
minimum = 1
saving = "ratio"
rationale = "OpenPrescribing's own test of its arithmetic."
source = "OpenPrescribing (ebmdatalab/openprescribing, MIT), measure cerazette, by quantity"
changes = ["1: first version"]

[numerator]
event = "prescription"
amount = "quantity"
codes = ["0703021Q0BB # by brand"]

[denominator]
event = "prescription"
amount = "quantity"
codes = ["0703021Q0"]
"#;

/// Inputs and published outputs in the format of OpenPrescribing's files.
struct Month {
    input: String,
    values: String,
    globals: String,
    /// A closed practice, and one that is no general practice.
    closed: &'static str,
    other: &'static str,
}

fn fields(line: &str) -> Vec<&str> {
    line.split(',').map(str::trim).collect()
}

fn number(text: &str) -> Option<f64> {
    (!text.is_empty()).then(|| text.parse().expect("a number"))
}

/// The rows of one level below a header.
fn rows<'a>(text: &'a str, level: &str) -> Vec<Vec<&'a str>> {
    text.lines().skip(1).map(fields).filter(|row| row[0] == "cerazette" && row[2] == level).collect()
}

/// A thousandth or a hundredth as a whole number: `1000.00` pounds are 100000 pence.
fn whole(text: &str, parts: f64) -> i64 {
    format!("{:.0}", text.parse::<f64>().expect("a number") * parts).parse().expect("a whole number")
}

impl Month {
    /// One line of input as a native event.
    fn event(number: usize, row: &[&str]) -> String {
        format!(
            r#"{{"feed":"{practice}","id":"rx-{number}","type":"prescription","occurred_at":"{day}T12:00:00Z","practice":"{practice}","clinician":{{"system":"test","value":"{practice}"}},"prescription":{{"code":"{code}","code_system":"bnf","quantity":{quantity},"items":{items},"cost_pence":{pence}}}}}"#,
            practice = row[5],
            day = &row[12][..10],
            code = row[6],
            items = row[8],
            pence = whole(row[10], 100.0),
            quantity = row[11],
        )
    }

    /// Every clinician has one encounter, so that clinicians without prescriptions have a card too.
    fn encounter(practice: &str) -> String {
        format!(
            r#"{{"feed":"{practice}","id":"e","type":"encounter","occurred_at":"2015-09-14T12:00:00Z","practice":"{practice}","clinician":{{"system":"test","value":"{practice}"}},"encounter":{{"mode":"other","status":"attended"}}}}"#
        )
    }

    fn played(&self) -> World {
        let mut deployment = deployment(2, utc(2015, 10, 1, 3));
        deployment.measures = measures(&[("cerazette.toml".to_owned(), MEASURE.to_owned())]);
        let mut world = World::new(deployment);
        let mut practices: Vec<&str> = self.input.lines().map(|line| fields(line)[5]).collect();
        practices.extend(rows(&self.values, "practice").iter().map(|row| row[3]));
        practices.sort_unstable();
        practices.dedup();
        for practice in &practices {
            let more = match *practice {
                code if code == self.closed => r#","setting":"gp","open_until":"2014-12-31""#,
                code if code == self.other => r#","setting":"community""#,
                _ => r#","setting":"gp""#,
            };
            let entry = format!(r#"{{"type":"organisation","code":"{practice}","kind":"practice"{more}}}"#);
            world.register(utc(2015, 10, 1, 2), serde_json::from_str(&entry).expect("an organisation"));
        }
        let prescribed = self.input.lines().enumerate().map(|(at, line)| Month::event(at, &fields(line)));
        let events: Vec<String> = prescribed.chain(practices.iter().map(|code| Month::encounter(code))).collect();
        world.run_until(utc(2015, 10, 31, 3));
        send(&mut world, &events);
        world.run_until(utc(2015, 11, 6, 3));
        world
    }
}

fn send(world: &mut World, events: &[String]) {
    let now = utc(2015, 10, 31, 9);
    world.log.set_now(now);
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let position = Position { source: "prescribing".to_owned(), partition: 0, offset: 0, index: None };
    let context = Context { position: &position, feed: None, received_at: now, now };
    let mut log = world.log.handle();
    for event in events {
        decoder.decode(event.as_bytes(), &context, &mut |item| {
            assert!(matches!(item, scorecard::record::item::Item::Event(..)), "{event}: {item:?}");
            world.intake.take(&mut log, item).expect("a log without faults");
        });
    }
    world.intake.flush(&mut log).expect("a log without faults");
}

/// The published figures of September.
struct PublishedFigures {
    cards: BTreeMap<String, Scorecard>,
    network: GroupFigures,
    /// The frozen members of the network.
    members: Vec<Ratio>,
    /// The sums behind each clinician's card.
    sums: BTreeMap<String, MeasureSums>,
}

impl PublishedFigures {
    fn of(world: &World) -> PublishedFigures {
        let cards = world.cards().into_values().filter(|card| card.content.period.month.to_string() == "2015-09");
        let (mut network, mut members) = (None, Vec::new());
        for record in records(&world.log, Topic::PeerSnapshots, 0) {
            if let Record::PeerSnapshot(snapshot) = record
                && snapshot.frozen
                && snapshot.purpose == Purpose::Month
                && snapshot.key.month.to_string() == "2015-09"
            {
                network = snapshot.figures.or(network);
                members.extend(snapshot.values);
            }
        }
        let network = network.expect("a frozen network");
        let mut sums = BTreeMap::new();
        for record in records(&world.log, Topic::ClinicianMonths, 0) {
            if let Record::ClinicianMonth(row) = record
                && row.key.month.to_string() == "2015-09"
            {
                let of_measure = row.measures.first().map(|(_, sums)| *sums).unwrap_or_default();
                sums.insert(row.key.practice.to_string(), of_measure);
            }
        }
        let cards = cards.map(|card| (card.content.subject.practice.clone(), card)).collect();
        PublishedFigures { cards, network, members, sums }
    }

    fn headline(&self, practice: &str) -> Option<&CardMeasure> {
        self.cards[practice].content.measures.first()
    }

    fn spending(&self, practice: &str) -> Spending {
        let sums = self.sums.get(practice).copied().unwrap_or_default();
        Spending {
            n_quantity: sums.n_quantity_milli as f64 / 1000.0,
            n_cost: sums.n_cost_pence as f64 / 100.0,
            d_quantity: sums.d_quantity_milli as f64 / 1000.0,
            d_cost: sums.d_cost_pence as f64 / 100.0,
        }
    }
}

/// Counts the compared values.
#[derive(Default)]
struct Ruler(u32);

impl Ruler {
    /// At full precision: 1e-9 of the value, absolute below 1.
    fn full(&mut self, found: Option<f64>, expected: Option<f64>, what: &str) {
        self.within(found, expected, 0.0, what);
    }

    /// To nine significant digits, as published: equal, or apart by half a unit of the ninth digit.
    fn nine(&mut self, found: Option<f64>, expected: Option<f64>, what: &str) {
        let size = expected.map_or(0.0, |value| value.abs().max(1e-30));
        self.within(found, expected, 0.5 * 10_f64.powf(size.log10().floor() - 8.0), what);
    }

    fn within(&mut self, found: Option<f64>, expected: Option<f64>, rounding: f64, what: &str) {
        self.0 += 1;
        match (found, expected) {
            (None, None) => {}
            (Some(found), Some(expected)) => {
                let allowed = 1e-9 * expected.abs().max(1.0) + rounding;
                assert!((found - expected).abs() <= allowed, "{what}: {found} is not {expected}");
            }
            _ => panic!("{what}: {found:?} is not {expected:?}"),
        }
    }
}

/// Compares every published value of a month. Returns their number.
fn compare(month: &Month) -> u32 {
    let published = PublishedFigures::of(&month.played());
    let mut ruler = Ruler::default();
    let target = |tenth: usize| quantile(&published.members, u32::try_from(10 * tenth).expect("below 100")).expect("members");
    let scope: Vec<Vec<&str>> =
        rows(&month.values, "practice").into_iter().filter(|row| ![month.closed, month.other].contains(&row[3])).collect();
    let all: Vec<Spending> = scope.iter().map(|row| published.spending(row[3])).collect();
    let sum = |field: fn(&Spending) -> f64| all.iter().map(field).sum::<f64>();
    let fallback = FallbackPrices {
        numerator: sum(|s| s.n_cost) / sum(|s| s.n_quantity),
        other: (sum(|s| s.d_cost) - sum(|s| s.n_cost)) / (sum(|s| s.d_quantity) - sum(|s| s.n_quantity)),
    };
    let mut totals = [0.0; 9];
    for row in &scope {
        let practice = row[3];
        let window = published.headline(practice);
        let (n, d) = window.map(|window| (window.n, window.d)).unwrap_or_default();
        assert_eq!((n, d), (whole(row[4], 1000.0), whole(row[5], 1000.0)), "{practice}");
        let (value, place) = (number(row[6]), number(row[7]));
        let own = (d > 0).then_some((n, d));
        ruler.full(own.map(|(n, d)| n as f64 / d as f64), value, &format!("{practice}: value"));
        ruler.full(own.and_then(|own| percentile(&published.members, own)), place, &format!("{practice}: percentile"));
        ruler.nine(window.and_then(|window| window.value), value, &format!("{practice}: value on the card"));
        for tenth in 1..=9 {
            let saving = ratio_saving(published.spending(practice), fallback, target(tenth));
            ruler.full(Some(saving), number(row[7 + tenth]), &format!("{practice}: saving at decile {tenth}"));
            totals[tenth - 1] += saving.max(0.0);
        }
    }
    let globals = rows(&month.globals, "practice").pop().expect("one row");
    let network = &published.network;
    assert_eq!((network.numerator, network.denominator), (whole(globals[3], 1000.0), whole(globals[4], 1000.0)));
    ruler.full(Some(network.numerator as f64 / network.denominator as f64), number(globals[5]), "value of all");
    for tenth in 1..=9 {
        ruler.full(Some(target(tenth)), number(globals[5 + tenth]), &format!("decile {tenth}"));
        ruler.full(Some(totals[tenth - 1]), number(globals[14 + tenth]), &format!("all that could be saved at decile {tenth}"));
    }
    ruler.0
}

#[test]
fn the_synthetic_month_gives_the_values_of_the_reference_script() {
    let month = Month {
        input: include_str!("../../crates/scorecard/reference/openprescribing/input.csv").to_owned(),
        values: include_str!("../../crates/scorecard/reference/openprescribing/values.csv").to_owned(),
        globals: include_str!("../../crates/scorecard/reference/openprescribing/globals.csv").to_owned(),
        closed: "P00011",
        other: "P00012",
    };
    // Ten practices with 12 values each, and 19 values of the network.
    assert_eq!(compare(&month), 10 * 12 + 19);
}

#[test]
fn the_month_of_openprescribing_gives_its_published_values() {
    let Some(folder) = std::env::var_os("PLUMBLINE_TEST_DATA").map(PathBuf::from) else {
        println!("PLUMBLINE_TEST_DATA is not set: the test skips OpenPrescribing's own month");
        return;
    };
    let read = |file: &str| {
        let path = folder.join("openprescribing-one-month").join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    let month = Month {
        input: read("op_one_month_prescribing_input.csv"),
        values: read("op_one_month_expected_values.csv"),
        globals: read("op_one_month_expected_globals.csv"),
        closed: "B82008",
        other: "Y00581",
    };
    // Eight practices with 12 values each, and 19 values of the network.
    assert_eq!(compare(&month), 8 * 12 + 19);
}

//! One month of OpenPrescribing's test data through registry, peers and card gives every value that OpenPrescribing publishes.
//!
//! Source: ebmdatalab/openprescribing, MIT, (c) Ben Goldacre: prescribing of desogestrel in September 2015 and the values that its
//! import computes. In this test each practice is a clinician. A card shows neither percentiles nor savings in so small a group, so the
//! test asks the formulas for them.

use std::collections::BTreeMap;

use scorecard::card::scorecard::{CardMeasure, Status};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::unit::{MONTHS, UnitKey, UnitMonth};
use scorecard::registry::directory::Directory;
use scorecard::scoring::saving::{FallbackPrices, Spending, ratio_saving};
use scorecard::scoring::scorer::Scorer;
use scorecard::statistics::percentile::{percentile, quantile};
use scorecard::sums::measure_sums::{MeasureSums, Sums};
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

/// Practice, quantity of the brand and of all. A unit costs a pound for the brand and ten pence otherwise. `B82008` is closed, and
/// `Y00581` is not a GP practice.
const INPUT: [(&str, i64, i64); 10] = [
    ("C84001", 1_000, 11_000),
    ("C84024", 10_000, 30_000),
    ("B82005", 70_000, 100_000),
    ("A85017", 1_000, 1_000),
    ("A86030", 0, 1_000),
    ("C83051", 1_500, 21_500),
    ("C83019", 2_000, 17_000),
    ("B82010", 0, 0),
    ("B82008", 0, 30_000),
    ("Y00581", 0, 30_000),
];

/// Practice, value, percentile, saving in pounds at the best decile and at the median, as published.
const PUBLISHED: [(&str, f64, f64, f64, f64); 7] = [
    ("C84001", 0.090_909_090_909_090_9, 33.333_333_333_333_3, 485.581_395_348_837_1, -264.705_882_352_941),
    ("A85017", 1.0, 100.0, 862.325_581_395_328_7, 794.117_647_058_823_5),
    ("A86030", 0.0, 0.0, -37.674_418_604_651_18, -105.882_352_941_176_46),
    ("C84024", 0.333_333_333_333_333, 66.666_666_666_666_7, 7_869.767_441_860_465, 5_823.529_411_764_705),
    ("C83051", 0.069_767_441_860_465_1, 16.666_666_666_666_7, 540.0, -926.470_588_235_294_6),
    ("C83019", 0.117_647_058_823_529, 50.0, 1_159.534_883_720_930_3, 0.0),
    ("B82005", 0.7, 83.333_333_333_333_3, 59_232.558_139_534_885, 52_411.764_705_882_35),
];

/// p10 to p90 of all practices, as published.
const DECILES: [f64; 9] = [
    0.041_860_465_116_279_076,
    0.073_995_771_670_190_28,
    0.086_680_761_099_365_75,
    0.101_604_278_074_866_33,
    0.117_647_058_823_529_41,
    0.247_058_823_529_411_66,
    0.406_666_666_666_666_4,
    0.626_666_666_666_666_9,
    0.820_000_000_000_000_1,
];

fn month() -> Month {
    Month::from_ym(2015, 9).expect("a month")
}

/// The built-in measure without its minimum, because the data have one row for each practice and product.
fn measures() -> MeasureSet {
    let text = include_str!("../../../measures/desogestrel_branded.toml");
    let text = text.replacen("saving =", "minimum = 0\nsaving =", 1);
    MeasureSet::parse([("desogestrel_branded.toml", text.as_str())]).expect("our own measure")
}

fn directory() -> Directory {
    let mut directory = Directory::default();
    for (practice, _, _) in INPUT {
        let more = match practice {
            "B82008" => r#","setting":"gp","open_until":"2014-12-31""#,
            "Y00581" => r#","setting":"community""#,
            _ => r#","setting":"gp""#,
        };
        let entry = format!(r#"{{"type":"organisation","code":"{practice}","kind":"practice"{more}}}"#);
        directory.apply(&serde_json::from_str(&entry).expect("an organisation"));
    }
    directory
}

fn unit(practice: &str, brand: i64, all: i64) -> UnitMonth {
    let mut sums = Sums::zero(1);
    sums.base.facts = 1;
    sums.measures[0] = MeasureSums {
        facts_n: i64::from(brand > 0),
        facts_d: i64::from(brand > 0) + i64::from(all > brand),
        n: 1_000 * brand,
        d: 1_000 * all,
        n_quantity_milli: 1_000 * brand,
        n_cost_pence: 100 * brand,
        d_quantity_milli: 1_000 * all,
        d_cost_pence: 100 * brand + 10 * (all - brand),
        ..MeasureSums::default()
    };
    let key = UnitKey { person: format!("clinician of {practice}"), practice: practice.to_owned() };
    let mut months = vec![Sums::zero(1); MONTHS];
    months[MONTHS - 1] = sums;
    UnitMonth::new(key, months)
}

fn near(found: f64, expected: f64, what: &str) {
    // Nine published digits.
    assert!((found - expected).abs() <= 1e-8 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
}

#[test]
fn the_published_month_comes_out_again() {
    let (measures, directory) = (measures(), directory());
    let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(0) };
    let scorer = Scorer { measures: &measures, schedule: &schedule, directory: &directory };
    let units: BTreeMap<UnitKey, UnitMonth> =
        INPUT.into_iter().map(|(practice, brand, all)| unit(practice, brand, all)).map(|unit| (unit.key.clone(), unit)).collect();
    let members = units.values().filter_map(|unit| scorer.member(unit, month())).collect();
    let peers: PeerTable = scorer.peers(month(), Timestamp(0), members);

    let network = peers.networks().next().expect("a network");
    let figures = &network.figures;
    assert_eq!((figures.members, figures.numerator, figures.denominator), (7, 85_500_000, 181_500_000));
    let ratio = |percent| quantile(&network.values, percent).expect("seven values");
    for (tenth, expected) in (1..).zip(DECILES) {
        near(ratio(10 * tenth), expected, "decile");
    }
    let card = |practice: &str| -> CardMeasure {
        let unit = units.values().find(|unit| unit.key.practice == practice).expect("a unit");
        let content = scorer.content(unit, Status::Final, &scorer.benchmarks(month(), &peers, &PeerTable::default()));
        content.measures[0].clone()
    };
    let prices = figures.numerator_price_pence.zip(figures.other_price_pence).expect("prices of the network");
    let fallback = FallbackPrices { numerator: prices.0, other: prices.1 };
    let mut waste = [0.0, 0.0];
    for (practice, value, expected, best, median) in PUBLISHED {
        let shown = card(practice);
        near(shown.value.expect("a value"), 100.0 * value, practice);
        near(percentile(&network.values, (shown.n, shown.d)).expect("a percentile"), expected, practice);
        assert!(shown.saving.is_none() && shown.place.is_none(), "seven are too few for a card");
        let (_, brand, all) = INPUT.into_iter().find(|(one, ..)| *one == practice).expect("an input");
        let real = |units: i64| units as f64;
        let own = Spending {
            n_quantity: real(brand),
            n_cost: real(100 * brand),
            d_quantity: real(all),
            d_cost: real(100 * brand + 10 * (all - brand)),
        };
        let saving = [10, 50].map(|percent| ratio_saving(own, fallback, ratio(percent)));
        near(saving[0], 100.0 * best, practice);
        near(saving[1], 100.0 * median, practice);
        waste = [waste[0] + saving[0].max(0.0), waste[1] + saving[1].max(0.0)];
    }
    near(waste[0], 7_014_976.744_186_047, "all savings at the best decile");
    near(waste[1], 5_902_941.176_470_588, "all savings at the median");
    let empty = units.values().find(|unit| unit.key.practice == "B82010").expect("a unit");
    let content = scorer.content(empty, Status::Final, &scorer.benchmarks(month(), &peers, &PeerTable::default()));
    assert!(content.measures.iter().all(|measure| measure.value.is_none()), "nothing over nothing is nothing");
}

//! How long peers and cards of one month take: `cargo run --release -p scorecard --example hundred_thousand [clinicians]`.
//!
//! Input: that many clinicians of one role (100,000 unless said), 14 at a practice, 6 practices at a network, 30 networks at a
//! locality; 25 measures of this repository; sums of 3 windows and 12 months each, drawn so that every measure has a value, with
//! denominators that differ by a factor of twenty. Timed on one thread: the peer groups of all measures, windows and levels, then
//! the content of every card one after the other. Drawing the input is not timed. Times are the thread's own on a processor, as Linux
//! counts them, so that neighbours on the machine do not count; elsewhere the wall clock's.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::BTreeMap;
use std::time::Instant;

use scorecard::calendar::{Month, Timestamp, Zone};
use scorecard::card::Status;
use scorecard::directory::Directory;
use scorecard::measure::{Amount, Kind, Measure, MeasureSet};
use scorecard::schedule::{Grid, Schedule};
use scorecard::scoring::{Scorer, content_hash};
use scorecard::sums::{MeasureSums, Sums};
use scorecard::thresholds::Thresholds;
use scorecard::unit::{MONTHS, UnitKey, UnitMonth};

const MEASURES: usize = 25;
/// The cards that the printed fingerprint covers.
const FINGERPRINTED: usize = 1_000;

/// Seconds that this thread ran so far.
fn seconds(begin: Instant) -> f64 {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = counted.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| begin.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z ^= z >> 27;
        i64::try_from(z >> 33).expect("31 bits") % bound
    }
}

fn measures() -> MeasureSet {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../measures");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("the repository's measures")
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a text")))
        .collect();
    files.sort();
    files.truncate(MEASURES);
    MeasureSet::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).expect("sound measures")
}

fn directory(practices: usize) -> Directory {
    let mut directory = Directory::default();
    let mut add = |json: String| directory.apply(&serde_json::from_str(&json).expect("an organisation"));
    for practice in 0..practices {
        let (pcn, locality) = (practice / 6, practice / 180);
        add(format!(
            r#"{{"type":"organisation","code":"P{practice:05}","kind":"practice","setting":"gp","parent":"N{pcn:05}"}}"#
        ));
        add(format!(r#"{{"type":"organisation","code":"N{pcn:05}","kind":"pcn","parent":"L{locality:05}"}}"#));
        add(format!(r#"{{"type":"organisation","code":"L{locality:05}","kind":"locality"}}"#));
    }
    directory
}

/// A month's sums of one measure, around the same rate for everybody.
fn month_of(measure: &Measure, draw: &mut Draw, size: i64) -> MeasureSums {
    let facts = 5 * size + draw.below(5 * size);
    let part = facts / 10 + draw.below(facts / 10 + 2);
    let per_fact = |amount: Amount| match amount {
        Amount::Quantity | Amount::Adq => 28_000,
        Amount::Cost => 400,
        Amount::Weight => 12_000_000,
        Amount::Minutes => 10,
        Amount::Count | Amount::Items | Amount::Answers => 1,
    };
    let (x, y) = (per_fact(measure.numerator.definition.amount), per_fact(measure.denominator.definition.amount));
    let n_facts = if measure.definition.kind == Kind::Mean { facts } else { part };
    let spread = 1 + draw.below(3);
    MeasureSums {
        facts_n: n_facts,
        facts_d: facts,
        n: n_facts * x,
        d: facts * y,
        n_squares: i128::from(n_facts * x) * i128::from(x + spread),
        d_squares: i128::from(facts * y) * i128::from(y),
        n_quantity_milli: part * 28_000,
        n_cost_pence: part * 400,
        d_quantity_milli: facts * 28_000,
        d_cost_pence: facts * 300,
        ..MeasureSums::default()
    }
}

fn unit(set: &MeasureSet, number: usize, draw: &mut Draw) -> UnitMonth {
    let size = 1 + draw.below(100) / 5;
    let months: [Sums; MONTHS] = std::array::from_fn(|_| {
        let mut sums = Sums::zero(MEASURES);
        (sums.base.facts, sums.base.encounters, sums.base.items) = (100, 100, 100);
        for (sums, measure) in sums.measures.iter_mut().zip(set.measures()) {
            *sums = month_of(measure, draw, size);
        }
        sums
    });
    let key = UnitKey { person: format!("gmc|{:07}", 1_000_000 + number), practice: format!("P{:05}", number / 14) };
    UnitMonth::new(key, &months, [false; 3])
}

fn main() {
    let clinicians: usize = std::env::args().nth(1).map_or(100_000, |text| text.parse().expect("a number of clinicians"));
    let (set, directory) = (measures(), directory(clinicians.div_ceil(14)));
    let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(0) };
    let scorer = Scorer { measures: &set, schedule: &schedule, directory: &directory };
    let mut draw = Draw(1);
    let units: BTreeMap<UnitKey, UnitMonth> =
        (0..clinicians).map(|number| unit(&set, number, &mut draw)).map(|unit| (unit.key.clone(), unit)).collect();
    let month: Month = "2026-10".parse().expect("a month");
    let begin = Instant::now();
    let start = seconds(begin);
    let before = scorer.peers(month, &units, &Thresholds::default());
    let thresholds = scorer.thresholds(month, &before);
    drop(before);
    let begin_peers = seconds(begin);
    let peers = scorer.peers(month, &units, &thresholds);
    let groups = peers.groups().count();
    let begin_cards = seconds(begin);
    let mut measured = 0_usize;
    let yardsticks = scorer.yardsticks(month, &peers);
    for unit in units.values() {
        let content = scorer.content(unit, Status::Provisional, &yardsticks);
        measured += content.measures.iter().flat_map(|m| &m.windows).filter(|w| w.value.is_some()).count();
    }
    let (of_peers, of_cards) = (begin_cards - begin_peers, seconds(begin) - begin_cards);
    println!("{clinicians} clinicians x {} measures x 3 windows: {measured} values, {groups} groups", set.measures().len());
    println!("thresholds {:.2} s (once a quarter)", begin_peers - start);
    println!("peers {of_peers:.2} s, cards {of_cards:.2} s, together {:.2} s", of_peers + of_cards);
    // Untimed: what a change of the engine must not change unless it means to.
    let hash = |unit| content_hash(&scorer.content(unit, Status::Provisional, &yardsticks));
    let sum = units.values().take(FINGERPRINTED).map(hash).map(|hash| u128::from_str_radix(&hash, 16).expect("hexadecimal"));
    println!("sum of the first {FINGERPRINTED} content hashes {:032x}", sum.fold(0, u128::wrapping_add));
}

//! The time for peers and cards of one month.
//!
//! Input: clinicians of one role (100,000 by default), 14 at a practice, 6 practices in a network, 30 networks in a locality; the 25
//! measures of this repository. The sums of 3 windows and 12 months are random. Every measure has a value, and denominators differ by a
//! factor of twenty.
//!
//! Timed on one thread: the peer groups of all measures, windows and levels, then the content of every card. Generating the input is
//! not timed. Times are CPU times of the thread.

use std::collections::BTreeMap;

use anyhow::Result;
use scorecard::card::scorecard::Status;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::peer_group::thresholds::Thresholds;
use scorecard::peer_group::unit::{MONTHS, UnitKey, UnitMonth};
use scorecard::registry::directory::Directory;
use scorecard::scoring::scorer::{Scorer, content_hash};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use crate::network::{Draw, month_of, organisations};
use crate::process::thread_time;

const MEASURES: usize = 25;
/// Cards in the printed fingerprint.
const FINGERPRINTED: usize = 1_000;

fn measures() -> MeasureSet {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../measures");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("the repository's measures")
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a text")))
        .collect();
    files.sort();
    files.truncate(MEASURES);
    MeasureSet::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).expect("sound measures")
}

fn unit(set: &MeasureSet, number: u32, draw: &mut Draw) -> UnitMonth {
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

/// Prints the cost of the peers and the cards of this many clinicians.
///
/// # Errors
/// When the system does not report the CPU time of a thread.
pub fn measure(clinicians: u32) -> Result<()> {
    let (set, mut directory) = (measures(), Directory::default());
    organisations(clinicians.div_ceil(14))?.iter().for_each(|entry| directory.apply(entry));
    let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(0) };
    let scorer = Scorer { measures: &set, schedule: &schedule, directory: &directory };
    let mut draw = Draw(1);
    let units: BTreeMap<UnitKey, UnitMonth> =
        (0..clinicians).map(|number| unit(&set, number, &mut draw)).map(|unit| (unit.key.clone(), unit)).collect();
    let month: Month = "2026-10".parse().expect("a month");
    let start = thread_time()?.as_secs_f64();
    let table = |thresholds| scorer.roster(month, units.values(), thresholds).into_table();
    let thresholds = scorer.thresholds(month, &table(Thresholds::default()));
    let begin_peers = thread_time()?.as_secs_f64();
    let peers = table(thresholds);
    let groups = peers.groups().count();
    let begin_cards = thread_time()?.as_secs_f64();
    let mut measured = 0_usize;
    let yardsticks = scorer.benchmarks(month, &peers);
    for unit in units.values() {
        let content = scorer.content(unit, Status::Provisional, &yardsticks);
        measured += content.measures.iter().flat_map(|m| &m.windows).filter(|w| w.value.is_some()).count();
    }
    let (of_peers, of_cards) = (begin_cards - begin_peers, thread_time()?.as_secs_f64() - begin_cards);
    println!("{clinicians} clinicians x {} measures x 3 windows: {measured} values, {groups} groups", set.measures().len());
    println!("thresholds {:.2} s (once a quarter)", begin_peers - start);
    println!("peers {of_peers:.2} s, cards {of_cards:.2} s, together {:.2} s", of_peers + of_cards);
    // Not timed: the fingerprint shows whether a change of the engine changed cards.
    let hash = |unit| content_hash(&scorer.content(unit, Status::Provisional, &yardsticks));
    let sum = units.values().take(FINGERPRINTED).map(hash).map(|hash| u128::from_str_radix(&hash, 16).expect("hexadecimal"));
    println!("sum of the first {FINGERPRINTED} content hashes {:032x}", sum.fold(0, u128::wrapping_add));
    Ok(())
}

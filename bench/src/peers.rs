//! The time for peers and cards of one month.
//!
//! Input: clinicians of one role (100,000 by default), 14 at a practice, 6 practices in a network, 30 networks in a locality; the 25
//! measures of this repository. The sums of 24 months are random. Every measure has a value, and denominators differ by a
//! factor of twenty.
//!
//! Timed on one thread: the peer groups of all measures with their fits, then the content and the hash of every card. Generating the
//! input is not timed: a unit is generated again where it is read. Times are CPU times of the thread.

use anyhow::Result;
use scorecard::card::scorecard::Status;
use scorecard::measure::measure_set::MeasureSet;
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
const FINGERPRINTED: u32 = 1_000;

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

fn unit(set: &MeasureSet, number: u32) -> UnitMonth {
    let draw = &mut Draw(u64::from(number) + 1);
    let size = 1 + draw.below(100) / 5;
    let mut month = || {
        let mut sums = Sums::zero(MEASURES);
        (sums.base.facts, sums.base.encounters, sums.base.items) = (100, 100, 100);
        for (sums, measure) in sums.measures.iter_mut().zip(set.measures()) {
            *sums = month_of(measure, draw, size);
        }
        sums
    };
    let months = (0..MONTHS).map(|_| month()).collect();
    let key = UnitKey { person: format!("gmc|{:07}", 1_000_000 + number), practice: format!("P{:05}", number / 14) };
    UnitMonth::new(key, months)
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
    let month: Month = "2026-10".parse().expect("a month");
    let (mut members, mut of_members) = (Vec::new(), 0.0);
    for number in 0..clinicians {
        let unit = unit(&set, number);
        let begin = thread_time()?.as_secs_f64();
        members.extend(scorer.member(&unit, month));
        of_members += thread_time()?.as_secs_f64() - begin;
    }
    let begin = thread_time()?.as_secs_f64();
    let peers = scorer.peers(month, Timestamp(0), members);
    let of_peers = of_members + thread_time()?.as_secs_f64() - begin;
    let quarter = peers.for_quarter(month);
    let benchmarks = scorer.benchmarks(month, &peers, &quarter);
    let (mut measured, mut of_cards, mut of_hashes, mut sum) = (0_usize, 0.0, 0.0, 0_u128);
    for number in 0..clinicians {
        let unit = unit(&set, number);
        let begin = thread_time()?.as_secs_f64();
        let content = scorer.content(&unit, Status::Provisional, &benchmarks);
        let made = thread_time()?.as_secs_f64();
        let hash = content_hash(&content);
        (of_cards, of_hashes) = (of_cards + made - begin, of_hashes + thread_time()?.as_secs_f64() - made);
        measured += content.measures.iter().filter(|measure| measure.value.is_some()).count();
        if number < FINGERPRINTED {
            sum = sum.wrapping_add(u128::from_str_radix(&hash[..32], 16).expect("hexadecimal"));
        }
    }
    let groups = peers.networks().count();
    println!("{clinicians} clinicians x {} measures: {measured} values, {groups} groups", set.measures().len());
    println!(
        "peers {of_peers:.2} s, cards {of_cards:.2} s, hashes {of_hashes:.2} s, together {:.2} s",
        of_peers + of_cards + of_hashes
    );
    // The fingerprint shows whether a change of the engine changed cards.
    println!("sum of the first {FINGERPRINTED} content hashes {sum:032x}");
    Ok(())
}

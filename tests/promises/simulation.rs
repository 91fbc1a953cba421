//! All promises at once, in histories with every kind of fault, judged by the content of the topics.
//! `docs/internals/simulation.md` lists the faults and the checks.

use std::path::Path;

use promises::simulation::campaign::{CI_SEEDS, Campaign, LEAST_BITES, play, play_all};
use promises::simulation::history::{Extract, Trace};
use promises::simulation::minimise::minimise;
use promises::simulation::mutants::{edited, parse};

/// Seeds that once failed, with the cause.
const FOUND: [(u64, &str); 3] = [
    (466, "the supervisor took a tally that waited for its clock for a stopped one"),
    (3919, "digests of sealed rows depended on an event whose month retention had deleted"),
    (5432, "counters of a row depended on an event whose month retention had deleted"),
];

/// Plays these seeds. Panics with the full report of the first failing one.
fn play_all_kept(seeds: &[u64]) -> Campaign {
    let mut campaign = Campaign::default();
    play_all(seeds, |seed, outcome| campaign.add(seed, &outcome));
    if let Some(first) = campaign.failing.first() {
        let report = minimise(first.seed).map(|smallest| smallest.report());
        let seeds: Vec<u64> = campaign.failing.iter().map(|failing| failing.seed).collect();
        panic!("{} of {} seeds fail: {seeds:?}\n{first:?}\n{}", seeds.len(), campaign.histories, report.unwrap_or_default());
    }
    campaign
}

#[test]
fn no_promise_breaks_in_three_hundred_histories_with_every_kind_of_fault() {
    let campaign = play_all_kept(&(0..CI_SEEDS).collect::<Vec<_>>());
    assert_eq!(campaign.rare(LEAST_BITES), [], "kinds of faults that bit less often than {LEAST_BITES} times");
}

#[test]
fn seeds_that_once_failed_break_no_promise() {
    play_all_kept(&FOUND.map(|(seed, _)| seed));
}

#[test]
fn a_seed_replays_exactly() {
    for seed in [1, 2, 3] {
        let first = play(seed, &Extract::default(), Trace::On).expect("nothing panics");
        let again = std::thread::spawn(move || play(seed, &Extract::default(), Trace::On).expect("nothing panics"));
        assert_eq!(again.join().expect("nothing panics"), first, "seed {seed}");
        let without = Extract { faults: Some(Vec::new()), ..Extract::default() };
        let calm = play(seed, &without, Trace::Off).expect("nothing panics");
        assert_ne!(calm.digest, first.digest, "seed {seed}: the digest does not depend on the faults");
    }
}

#[test]
fn the_code_of_every_mutant_occurs_once_in_its_file() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mutants = parse(include_str!("../mutants.toml")).expect("a list of mutants");
    edited(&mutants, root).unwrap_or_else(|error| panic!("{error}"));
    let rules = (1..=11).map(|rule| format!("[{rule}]"));
    let missing: Vec<String> = rules.filter(|rule| !mutants.iter().any(|mutant| mutant.rule == *rule)).collect();
    assert!(missing.is_empty(), "rules without a mutant: {missing:?}");
    let others = mutants.iter().filter(|mutant| !mutant.rule.starts_with('[')).count();
    assert!(others >= 10, "{others} mutants of other kinds");
}

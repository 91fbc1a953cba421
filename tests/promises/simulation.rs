//! All promises at once: histories in which everything that can go wrong does, judged by what the topics hold.
//! `docs/internals/simulation.md` says what is simulated and verified.

use std::path::Path;

use promises::simulation::campaign::{CI_SEEDS, Campaign, LEAST_BITES, play, play_all};
use promises::simulation::history::{Extract, Trace};
use promises::simulation::minimise::minimise;
use promises::simulation::mutants::{edited, parse};

/// Seeds that once failed, and of what.
const FOUND: [(u64, &str); 3] = [
    (466, "a tally whose clock had been ahead was held to have stopped when it only waited"),
    (3919, "digests of sealed rows told whether an event had stood in a month that retention took since"),
    (5432, "counters of a row told whether an event had stood in a month that retention took since"),
];

/// Plays these seeds and reports the first failing one in full.
fn all_is_kept(seeds: &[u64]) -> Campaign {
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
fn no_promise_breaks_in_three_hundred_histories_in_which_every_fault_bites() {
    let campaign = all_is_kept(&(0..CI_SEEDS).collect::<Vec<_>>());
    assert_eq!(campaign.rare(LEAST_BITES), [], "kinds of faults that bit less often than {LEAST_BITES} times");
}

#[test]
fn what_once_failed_is_kept() {
    all_is_kept(&FOUND.map(|(seed, _)| seed));
}

#[test]
fn a_seed_replays_exactly() {
    for seed in [1, 2, 3] {
        let first = play(seed, &Extract::default(), Trace::On).expect("nothing panics");
        let again = std::thread::spawn(move || play(seed, &Extract::default(), Trace::On).expect("nothing panics"));
        assert_eq!(again.join().expect("nothing panics"), first, "seed {seed}");
        let without = Extract { faults: Some(Vec::new()), ..Extract::default() };
        let calm = play(seed, &without, Trace::Off).expect("nothing panics");
        assert_ne!(calm.digest, first.digest, "seed {seed}: the digest does not see what faults do to the topics");
    }
}

#[test]
fn the_code_of_every_mutant_is_where_the_list_says() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mutants = parse(include_str!("../mutants.toml")).expect("a list of mutants");
    edited(&mutants, root).unwrap_or_else(|error| panic!("{error}"));
    let rules = (1..=11).map(|rule| format!("[{rule}]"));
    let missing: Vec<String> = rules.filter(|rule| !mutants.iter().any(|mutant| mutant.rule == *rule)).collect();
    assert!(missing.is_empty(), "rules without a mutant: {missing:?}");
    let others = mutants.iter().filter(|mutant| !mutant.rule.starts_with('[')).count();
    assert!(others >= 10, "{others} mutants of other kinds");
}

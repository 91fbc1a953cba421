//! The simulation: many seeds, one seed, or the mutants that it must find. `just sim` runs it.

mod report;
mod workshop;

use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use promises::simulation::campaign::{CI_SEEDS, Campaign, play, play_all};
use promises::simulation::history::{Extract, Trace};
use promises::simulation::minimise::minimise;

use report::Progress;

const USAGE: &str = "usage:
  sim SEEDS       plays the histories of the seeds 0 to SEEDS - 1 on all cores
  sim FROM..TO    plays those of the seeds FROM to TO - 1
  sim seed N      plays one and prints everything that happens; if a promise breaks, also the smallest part that still breaks it
  sim mutants     shows that each mistake of tests/mutants.toml is found";

/// The requested command.
#[derive(Debug)]
enum Order {
    Play(Range<u64>),
    Seed(u64),
    Mutants,
    /// Stops at the first history whose topics show a broken promise. `mutants` runs it once for each mutant.
    Hunt(u64),
}

/// An argument that is not a command.
#[derive(Debug, thiserror::Error)]
enum BadOrder {
    #[error("{0} is not a number of seeds; give a whole number, or FROM..TO")]
    Seeds(String),
    #[error("{0} is not a seed; give a whole number from 0 on")]
    Seed(String),
    #[error("{0}..{1} has no seed; make the second number the larger one")]
    Empty(u64, u64),
    #[error("{0} is not a command")]
    Unknown(String),
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match order(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
        Ok(Order::Play(seeds)) => play_seeds(seeds),
        Ok(Order::Seed(seed)) => play_one(seed),
        Ok(Order::Hunt(seeds)) => hunt(seeds),
        Ok(Order::Mutants) => workshop::run().unwrap_or_else(|error| {
            eprintln!("{error}");
            false
        }),
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn order(words: &[&str]) -> Result<Order, BadOrder> {
    let seed = |text: &str| text.parse().map_err(|_| BadOrder::Seed(text.to_owned()));
    let count = |text: &str| text.parse().map_err(|_| BadOrder::Seeds(text.to_owned()));
    match words {
        [] => Ok(Order::Play(0..CI_SEEDS)),
        ["mutants"] => Ok(Order::Mutants),
        ["seed", number] => Ok(Order::Seed(seed(number)?)),
        ["hunt", seeds] => Ok(Order::Hunt(count(seeds)?)),
        [one] => match one.split_once("..") {
            Some((from, to)) => match (seed(from)?, seed(to)?) {
                (from, to) if from < to => Ok(Order::Play(from..to)),
                (from, to) => Err(BadOrder::Empty(from, to)),
            },
            None => Ok(Order::Play(0..count(one)?)),
        },
        _ => Err(BadOrder::Unknown(words.join(" "))),
    }
}

/// Plays many seeds. Returns whether every promise was kept.
fn play_seeds(seeds: Range<u64>) -> bool {
    let begun = Instant::now();
    let mut campaign = Campaign::default();
    let seeds: Vec<u64> = seeds.collect();
    let mut progress = Progress::new(seeds.len() as u64);
    play_all(&seeds, |seed, outcome| {
        campaign.add(seed, &outcome);
        progress.show(campaign.histories, campaign.failing.len());
    });
    report::print(&campaign, begun.elapsed());
    campaign.failing.is_empty()
}

/// Plays one seed. Returns whether every promise was kept.
fn play_one(seed: u64) -> bool {
    let outcome = play(seed, &Extract::default(), Trace::On);
    if let Ok(history) = &outcome {
        history.trace.iter().for_each(|line| println!("{line}"));
        println!("{:?}", history.size);
        history.verdict.all().iter().for_each(|broken| println!("broken: {}\n  {}", broken.promise, broken.how));
    }
    match minimise(seed) {
        None => println!("seed {seed}: every promise is kept"),
        Some(smallest) => {
            println!("{}", smallest.report());
            return false;
        }
    }
    true
}

/// Plays seeds until the topics of one show a broken promise, and prints it. It ignores panics and promises that only the tasks'
/// own reports break. Returns whether there was one.
fn hunt(seeds: u64) -> bool {
    std::panic::set_hook(Box::new(|_| {}));
    for seed in 0..seeds {
        let Ok(history) = play(seed, &Extract::default(), Trace::Off) else { continue };
        if let Some(broken) = history.verdict.seen_in_topics() {
            println!("{seed}\t{}", broken.promise);
            return true;
        }
    }
    false
}
